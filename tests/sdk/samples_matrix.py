"""What every sample of ``examples/`` must do, run as a reader runs it. A class for each language names its samples."""

import asyncio
import os
import re
import uuid
from pathlib import Path
from typing import ClassVar

from tests.sdk.builds import BUILDS
from tests.sdk.samples import Job, Sample
from tests.support.driving import pass_verification
from tests.support.site import Site, Tenant
from tests.support.toolchains import build, require

_TIMEOUT_SECONDS = 120


class SamplesMatrix:
    """The tests of one language's samples."""

    samples: ClassVar[list[Sample]]

    async def test_videos_are_made_saved_listed_and_deleted(self, site: Site, tmp_path: Path) -> None:
        for sample in self._samples(Job.VIDEO):
            tenant = await site.tenant()
            said = await _run(sample, site, tenant, tmp_path)
            task_id = _found(r"^created (cgt-\S+)", said)
            clip = (tmp_path / f"{task_id}.mp4").read_bytes()
            assert b"ftyp" in clip[:12], sample.file
            assert f"saved {task_id}.mp4" in said
            assert _found(r"^listed (\d+)", said) == "1"
            assert f"deleted {task_id}" in said
            assert await site.tasks_of(tenant) == [], sample.file

    async def test_assets_are_made_used_listed_renamed_and_deleted(self, site: Site, tmp_path: Path) -> None:
        for sample in self._samples(Job.ASSETS):
            tenant = await site.tenant()
            said = await _run(sample, site, tenant, tmp_path)
            asset_id = _found(r"^asset (asset-\S+)", said)
            assert f"active {asset_id}" in said
            task_id = _found(r"^created (cgt-\S+)", said)
            assert f"asset://{asset_id}" in site.body_of(task_id), sample.file
            assert _found(r"^listed (\d+)", said) == "1"
            group_id = _found(r"^deleted (group-\S+)", said)
            assert f"group {group_id}" in said
            assert await site.groups_of(tenant) == [], sample.file

    async def test_faces_are_verified(self, site: Site, tmp_path: Path) -> None:
        for sample in self._samples(Job.FACE):
            tenant = await site.tenant()
            said = await _run(sample, site, tenant, tmp_path)
            assert await site.groups_of(tenant) == [_found(r"^verified (group-\S+)", said)]

    async def test_a_wrong_key_ends_a_sample_and_is_not_printed(self, site: Site, tmp_path: Path) -> None:
        key = f"sg-{uuid.uuid4().hex}"
        for sample in [each for job in Job for each in self._samples(job)]:
            process = await _start(sample, site, key, tmp_path)
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                said, errors = await process.communicate()
            assert process.returncode != 0, sample.file
            assert b"AuthenticationError" in errors or b"401" in errors, sample.file
            assert key not in (said + errors).decode(), sample.file

    def _samples(self, job: Job) -> list[Sample]:
        found = [sample for sample in self.samples if sample.job is job]
        assert found, f"no sample does {job}"
        for wanted in {BUILDS[sample.build].name: BUILDS[sample.build] for sample in found}.values():
            require(wanted.programs)
            build(wanted)
        return found


async def _start(sample: Sample, site: Site, key: str, folder: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    return await asyncio.create_subprocess_exec(
        *sample.command,
        cwd=folder,
        env={**environment, "SEEDGATE_URL": site.gateway.url, "SEEDGATE_API_KEY": key},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _run(sample: Sample, site: Site, tenant: Tenant, folder: Path) -> str:
    """Runs a sample to its end, opens the H5 page that it names, and returns what it printed."""
    process = await _start(sample, site, tenant.key, folder)
    assert process.stdout is not None
    assert process.stderr is not None
    said = ""
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            errors = asyncio.create_task(process.stderr.read())
            while line := (await process.stdout.readline()).decode():
                said += line
                if line.startswith("open "):
                    await pass_verification(line.split()[1])
            assert await process.wait() == 0, f"{sample.file}: {said}{(await errors).decode()[-4000:]}"
            await errors
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said


def _found(pattern: str, said: str) -> str:
    found = re.search(pattern, said, re.MULTILINE)
    assert found, said
    return found[1]
