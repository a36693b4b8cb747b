"""Runs a program as its user does, and looks at what it did: at its files, at the gateway's log, and upstream."""

import asyncio
import os
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.signed_urls import MEDIA_FOLDER
from tests.clients.program import Program, Step
from tests.support.site import Site, Tenant
from tests.support.timeouts import HANG_SECONDS

TASKS = "/api/v3/contents/generations/tasks"
_CLIP = MEDIA_FOLDER / "clip.mp4"
_TIMEOUT_SECONDS = 180


def each(programs: Iterable[Program]) -> Callable[..., Any]:
    """Parametrizes a test with programs, each under its mark."""
    values = [pytest.param(each, marks=getattr(pytest.mark, each.mark), id=each.name) for each in programs]
    return pytest.mark.parametrize("program", values)


async def run_and_look(program: Program, site: Site, page_origin: str, folder: Path) -> Mapping[Step, str]:
    """Runs a program for a new tenant, and returns what it did in each step, as the table shows it.

    Args:
        program: which.
        site: what it is pointed at.
        page_origin: the origin of a web page whose scripts may call the gateway.
        folder: an empty one, where it runs.

    Raises:
        AssertionError: the program failed, did more or less than it can, or another thing happened than it said.
    """
    tenant = await site.tenant()
    earlier, other = [await site.create_task(tenant, "An earlier video") for _ in range(2)]
    prompt = f"A kitten stretches in the morning light {uuid.uuid4().hex}"
    await _requests(site, 0, tenant, earlier)
    mark = site.gateway.mark()
    given = {
        "SEEDGATE_URL": site.gateway.url,
        "SEEDGATE_API_KEY": tenant.key,
        "PROMPT": prompt,
        "EARLIER_TASK": earlier,
        "PAGE_ORIGIN": page_origin,
    }
    said = await run(program, given, folder)

    created = re.findall(r"^created (\S+)$", said, re.MULTILINE)
    assert len(created) == len(set(created)) == program.videos, said
    assert site.made(prompt) == program.videos, "the upstream has made another number of tasks"
    assert all(prompt in site.body_of(each) for each in created)
    task_id = created[0]
    requests = await _requests(site, mark, tenant, earlier)
    path, content = program.path, f"{program.path}/{task_id}/content"
    assert [each for each in requests if each["status"] != (302 if each["path"] == content else 200)] == []
    assert _count(requests, "POST", path) == program.videos

    seen = {Step.CREATE: "✓"}
    if _count(requests, "GET", f"{path}/{task_id}"):
        # One that waits by itself until there is a clip need not show the statuses that it met.
        assert re.search(r"^(status (succeeded|completed)|saved \S+)$", said, re.MULTILINE), said
        seen[Step.POLL] = "✓"
    if found := re.search(r"^saved (\S+)$", said, re.MULTILINE):
        assert (folder / found[1]).read_bytes() == _CLIP.read_bytes(), "the file is not the clip"
        seen[Step.DOWNLOAD] = "✓"
    if _count(requests, "GET", path):
        listed = set(_word(r"^listed (.+)$", said).split())
        assert listed == ({task_id, earlier} if program.lists_by_ids else {task_id, earlier, other})
        seen[Step.LIST] = "✓ by ids" if program.lists_by_ids else "✓"
    left = {earlier, other, *created}
    if _count(requests, "DELETE", f"{path}/{task_id}"):
        assert f"deleted {task_id}\n" in said
        left.remove(task_id)
        seen[Step.DELETE] = "✓"
    assert set(await site.tasks_of(tenant)) == left
    assert set(seen) == program.steps
    return {step: seen.get(step, "–") for step in Step}


async def run(program: Program, given: Mapping[str, str], folder: Path) -> str:
    """Runs a program to its end with more in its environment, and returns what it printed.

    Raises:
        AssertionError: it ended with another status than 0; the text has what it printed.
    """
    # No proxy is between it and this machine.
    kept = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    process = await asyncio.create_subprocess_exec(
        *program.command,
        cwd=folder,
        env={**kept, **given},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            said, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"{program}: {said.decode()}{errors.decode()[-4000:]}"
    return said.decode()


async def _requests(site: Site, mark: int, tenant: Tenant, task_id: str) -> list[dict[str, Any]]:
    """Returns what the gateway logged of a tenant's requests since a mark.

    A line may come a moment after its answer: one more request, for a task that the tenant has, shows that all came.
    """
    async with site.gateway.client(tenant.key) as client:
        last = (await client.get(f"{TASKS}/{task_id}")).headers["x-request-id"]
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            requests = [each for each in site.gateway.requests_since(mark) if each.get("tenant") == tenant.id]
            if any(each["request_id"] == last for each in requests):
                return [each for each in requests if each["request_id"] != last]
            await asyncio.sleep(0.05)


def _count(requests: Iterable[Mapping[str, Any]], method: str, path: str) -> int:
    return sum(each["method"] == method and each["path"] == path for each in requests)


def _word(pattern: str, said: str) -> str:
    found = re.search(pattern, said, re.MULTILINE)
    assert found, said
    return found[1]
