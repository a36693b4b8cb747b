"""Clips of several parts: within bounds, and an upload that does not end leaves no part in the store."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.archive.bandwidth import Bandwidth
from app.archive.store_settings import PART_BYTES
from tests.archive.site import CLIP, ArchiveSite, media_hosts
from tests.archive.source import Source, serving
from tests.support.timeouts import HANG_SECONDS, until

pytestmark = pytest.mark.archive

LONG_CLIP = CLIP + bytes(2 * PART_BYTES + 12_345)
PAUSE_AT = len(LONG_CLIP) - 6000
"""Two parts are in the store then."""


@asynccontextmanager
async def long_clip(site: ArchiveSite) -> AsyncIterator[tuple[str, Source]]:
    """Yields the id of a task whose clip a source serves, and the source."""
    tenant = await site.gateway.tenant()
    async with serving(LONG_CLIP, pause_at=PAUSE_AT) as source, media_hosts(site, source.url):
        task_id = await site.finished(tenant)
        await site.change_source(task_id, f"{source.url}/clip.mp4")
        yield task_id, source


async def kept(site: ArchiveSite, task_id: str) -> bool:
    """Copies a clip once its next attempt is due; returns whether the store then has its bytes."""
    site.gateway.clock.advance(3600)
    await site.work()
    copy = (await site.copies(task_id))["video_url"]
    assert (copy.status, copy.sha256) == ("stored", hashlib.sha256(LONG_CLIP).digest())
    return site.store.objects()[f"kept/here/{copy.object_key}"] == LONG_CLIP


async def test_a_clip_of_several_parts_is_kept_whole(site: ArchiveSite) -> None:
    async with long_clip(site) as (task_id, source):
        source.going_on.set()
        assert await kept(site, task_id)
    assert site.store.parts() == []


async def test_a_clip_that_the_upstream_cuts_leaves_no_part(site: ArchiveSite) -> None:
    async with long_clip(site) as (task_id, source):
        source.is_cut = True
        await site.work()
        assert (await site.copies(task_id))["video_url"].status == "pending"
        assert site.store.parts() == []
        source.is_cut = False
        source.going_on.set()
        assert await kept(site, task_id)


async def test_a_process_that_stops_in_the_middle_of_an_upload_leaves_no_part(
    site: ArchiveSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.archive.store._ABORT_TIMEOUT_SECONDS", HANG_SECONDS)
    copier = site.services.archive_copier
    assert copier is not None
    async with long_clip(site) as (task_id, source):
        running = asyncio.create_task(copier.run_once())
        await until(lambda: len(site.store.parts()) == 2)
        await copier.drain(timeout_seconds=0)
        await running
        assert site.store.parts() == []
        assert (await site.copies(task_id))["video_url"].status == "pending"
        source.going_on.set()
        assert await kept(site, task_id)


async def test_a_copy_that_takes_too_long_leaves_no_part(site: ArchiveSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.archive.store._ABORT_TIMEOUT_SECONDS", HANG_SECONDS)
    async with long_clip(site) as (task_id, source):
        with monkeypatch.context() as patch:
            patch.setattr("app.archive.copier.COPY_TIMEOUT_SECONDS", 2)
            await site.work()
        assert site.store.parts() == []
        copy = (await site.copies(task_id))["video_url"]
        assert (copy.status, copy.last_error) == ("pending", "the copy took too long")
        source.going_on.set()
        assert await kept(site, task_id)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["told", "found out"])
async def test_a_clip_beyond_the_limit_is_not_kept_and_leaves_no_part(
    site: ArchiveSite, monkeypatch: pytest.MonkeyPatch, *, is_chunked: bool
) -> None:
    copier = site.services.archive_copier
    assert copier is not None
    monkeypatch.setattr(copier._transfer, "_max_file_bytes", len(LONG_CLIP) - 1)  # noqa: SLF001 - 2 GiB take too long
    async with long_clip(site) as (task_id, source):
        source.is_chunked = is_chunked
        source.going_on.set()
        await site.work()
        copy = (await site.copies(task_id))["video_url"]
        assert (copy.status, copy.last_error) == ("failed", "the file is too large")
        assert site.store.parts() == []
        assert not any(key.endswith(copy.object_key) for key in site.store.objects())


async def test_of_a_clip_only_some_parts_are_in_memory(site: ArchiveSite) -> None:
    clip = CLIP + bytes(12 * PART_BYTES)
    tenant = await site.gateway.tenant()
    async with serving(clip, pause_at=len(clip)) as source, media_hosts(site, source.url):
        source.going_on.set()
        task_id = await site.finished(tenant)
        await site.change_source(task_id, f"{source.url}/clip.mp4")
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            await site.work()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (await site.copies(task_id))["video_url"].size_bytes == len(clip)
    assert peak - before < 5 * PART_BYTES


async def test_all_copies_of_a_process_share_one_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    bandwidth = Bandwidth(bytes_per_second=10)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    for _ in range(3):
        await bandwidth.take(10_000)
    # No time has passed, but for that of the machine.
    assert slept == [pytest.approx(seconds, abs=HANG_SECONDS) for seconds in (1000, 2000, 3000)]
