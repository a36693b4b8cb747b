"""Copies go with what they belong to: a task that is deleted, a tenant that is erased, days that are over."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import update

from app.archive.copier import LEASE, ArchiveCopier
from app.cli.doctor import check_archive
from app.retention_days import RetentionDays
from app.tasks.models import TaskRow
from tests.archive.s3 import S3Server
from tests.archive.site import CLIP, ArchiveSite, open_worker, run_copier
from tests.support.gateway import TASKS, Tenant, get
from tests.support.logs import written
from tests.webhooks.receiver import receiving, status

pytestmark = pytest.mark.archive


async def archived(site: ArchiveSite, tenant: Tenant, **fields: Any) -> str:
    task_id = await site.finished(tenant, **fields)
    await site.work()
    assert (await get(tenant, task_id)).json()["archive"]["state"] == "stored"
    return task_id


async def link_of(site: ArchiveSite, tenant: Tenant, task_id: str) -> str:
    link: str = (await get(tenant, task_id)).json()["content"]["video_url"]
    return link.replace("http://gateway.example", site.gateway.base_url)


async def test_deleting_a_task_deletes_its_copies_and_ends_their_links(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    kept, task_id = await archived(site, tenant), await archived(site, tenant, return_last_frame=True)
    link = await link_of(site, tenant, task_id)
    assert len(site.objects_of(tenant)) == 3
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await site.plain.get(link)).status_code == 404
    await site.work()
    assert list(site.objects_of(tenant).values()) == [CLIP]
    assert await site.copies(task_id) == {}
    assert (await site.plain.get(await link_of(site, tenant, kept))).content == CLIP


async def test_a_copy_under_way_when_its_task_is_deleted_leaves_no_object(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    held = await site.gateway.fault("get_media", kind="delay", at="before", delay_seconds=3600)
    copier = site.services.archive_copier
    assert copier is not None
    running = asyncio.create_task(copier.run_once())
    await site.gateway.arrival("get_media")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    await site.gateway.release(held)
    await running
    await copier.drain(timeout_seconds=60)
    assert site.objects_of(tenant) == {}, "what was written for a task that is gone is deleted at once"
    assert await site.count(tenant) == 1, "its lease is not over"
    site.gateway.clock.advance(LEASE.total_seconds() + 1)
    await site.work()
    assert site.objects_of(tenant) == {}
    assert await site.count(tenant) == 0


async def test_a_copy_under_way_when_its_task_and_then_its_tenant_are_erased_leaves_no_object(
    site: ArchiveSite,
) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    held = await site.gateway.fault("get_media", kind="delay", at="before", delay_seconds=3600)
    copier = site.services.archive_copier
    assert copier is not None
    running = asyncio.create_task(copier.run_once())
    await site.gateway.arrival("get_media")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    asked = await site.gateway.admin.delete(f"/tenants/{tenant.id}", params={"erase": "true"})
    assert asked.status_code == 202, asked.text
    await site.services.erasure.run_once()
    async with open_worker(site.gateway) as other:
        await run_copier(other)
        await site.services.erasure.run_once()
        assert not await erased_at(site, tenant), "the copy may still write its object"
        await site.gateway.release(held)
        await running
        await copier.drain(timeout_seconds=60)
        site.gateway.clock.advance(LEASE.total_seconds() + 1)
        await run_copier(other)
    assert site.objects_of(tenant) == {}
    await site.services.erasure.run_once()
    assert await erased_at(site, tenant)


async def test_a_copy_that_has_outlived_its_lease_and_its_task_leaves_no_object(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    with written() as log:
        async with outliving(site), open_worker(site.gateway) as other:
            assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
            await run_copier(other)
            assert await site.count(tenant) == 0, "deleted, as the lease of the copy is over"
    assert site.objects_of(tenant) == {}
    assert "archive_copied" not in log.stream.getvalue()


async def test_a_copy_that_has_outlived_its_lease_is_not_counted_beside_that_of_the_next(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    before = stored_total()
    with written() as log:
        async with outliving(site), open_worker(site.gateway) as other:
            await run_copier(other)
            assert (await site.copies(task_id))["video_url"].status == "stored"
    assert stored_total() - before == 1
    assert log.stream.getvalue().count("archive_copied") == 1
    assert list(site.objects_of(tenant).values()) == [CLIP]


async def test_a_job_that_has_outlived_its_lease_deletes_nothing(
    site: ArchiveSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await site.gateway.tenant()
    task_id = await site.finished(tenant)
    claimed, let_go = asyncio.Event(), asyncio.Event()
    end = ArchiveCopier._end  # noqa: SLF001 - the job is held between its claim and its work

    async def end_late(*arguments: Any) -> None:
        claimed.set()
        await let_go.wait()
        await end(*arguments)

    await site.gateway.admin.patch(f"/tenants/{tenant.id}", json={"archive": "off"})
    async with open_worker(site.gateway) as late:
        monkeypatch.setattr(ArchiveCopier, "_end", end_late)
        assert late.archive_copier is not None
        running = asyncio.create_task(late.archive_copier.run_once())
        await claimed.wait()
        site.gateway.clock.advance(LEASE.total_seconds() + 1)
        await site.gateway.admin.patch(f"/tenants/{tenant.id}", json={"archive": "on"})
        await site.work()
        let_go.set()
        await running
        await late.archive_copier.drain(timeout_seconds=60)
    assert (await get(tenant, task_id)).json()["archive"]["state"] == "stored"
    assert list(site.objects_of(tenant).values()) == [CLIP]
    assert (await site.plain.get(await link_of(site, tenant, task_id))).content == CLIP


@asynccontextmanager
async def outliving(site: ArchiveSite) -> AsyncIterator[None]:
    """Holds a copy until its lease is over, and lets it end after what is done meanwhile."""
    held = await site.gateway.fault("get_media", kind="delay", at="before", delay_seconds=3600)
    copier = site.services.archive_copier
    assert copier is not None
    running = asyncio.create_task(copier.run_once())
    await site.gateway.arrival("get_media")
    site.gateway.clock.advance(LEASE.total_seconds() + 1)
    yield
    await site.gateway.release(held)
    await running
    await copier.drain(timeout_seconds=60)


def stored_total() -> float:
    return REGISTRY.get_sample_value("seedgate_archive_copies_total", {"outcome": "stored"}) or 0.0


async def test_erasing_a_tenant_erases_its_copies_and_waits_for_the_store(site: ArchiveSite, store: S3Server) -> None:
    tenant, other = await site.gateway.tenant(), await site.gateway.tenant()
    for _ in range(3):
        await archived(site, tenant)
    await archived(site, other)
    asked = await site.gateway.admin.delete(f"/tenants/{tenant.id}", params={"erase": "true"})
    assert asked.status_code == 202, asked.text
    store.stop()
    try:
        for _ in range(2):
            await site.services.erasure.run_once()
            await site.work()
        assert (await erased_at(site, tenant)) is False
    finally:
        await store.start()
    assert len(site.objects_of(tenant)) == 3
    site.gateway.clock.advance(3600)
    await site.work()
    assert site.objects_of(tenant) == {}
    await site.services.erasure.run_once()
    assert await erased_at(site, tenant)
    assert len(site.objects_of(other)) == 1


async def erased_at(site: ArchiveSite, tenant: Tenant) -> bool:
    rows = (await site.gateway.admin.get("/audit", params={"tenant": tenant.id, "limit": 100})).json()["data"]
    return any(row["action"] == "tenant.erased" for row in rows)


async def test_a_task_that_is_removed_by_age_takes_its_copies_along(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await archived(site, tenant)
    async with site.gateway.sessions.begin() as session:
        long_ago = site.gateway.clock() - timedelta(days=99)
        change = update(TaskRow).where(TaskRow.tenant_id == tenant.id)
        await session.execute(change.values(created_at=long_ago, finished_at=long_ago))
    async with open_worker(site.gateway, retention_days=RetentionDays(tasks=30)) as worker:
        await worker.removals["remove_old_tasks"]()
    assert await site.gateway.row(task_id) is None
    await site.work()
    assert site.objects_of(tenant) == {}
    assert await site.count(tenant) == 0


async def test_the_archive_of_a_tenant_is_switched_and_limited_by_the_operator(site: ArchiveSite) -> None:
    off, short, usual = [await site.gateway.tenant() for _ in range(3)]
    for tenant, change in ((off, {"archive": "off"}), (short, {"archive_days": 2})):
        changed = await site.gateway.admin.patch(f"/tenants/{tenant.id}", json=change)
        assert {name: changed.json()[name] for name in change} == change
        (row, *_) = (await site.gateway.admin.get("/audit", params={"tenant": tenant.id})).json()["data"]
        stored = {name: value != "off" if name == "archive" else value for name, value in change.items()}
        assert (row["action"], row["detail"]) == ("tenant.update", {"fields": list(change), **stored})
    tasks = {tenant.id: await site.finished(tenant) for tenant in (off, short, usual)}
    before = (await get(off, tasks[off.id])).json()
    await site.work()
    assert (await get(off, tasks[off.id])).json() == before
    assert await site.count(off) == 0
    link = await link_of(site, short, tasks[short.id])
    assert [len(site.objects_of(tenant)) for tenant in (off, short, usual)] == [0, 1, 1]

    site.gateway.clock.advance(2 * 86_400 - 60)
    await site.work()
    assert len(site.objects_of(short)) == 1
    site.gateway.clock.advance(120)
    await site.work()
    assert [len(site.objects_of(tenant)) for tenant in (short, usual)] == [0, 1]
    shown = (await get(short, tasks[short.id])).json()
    assert shown["archive"] == {"state": "expired", "last_error": None}
    assert "/media/videos/" in shown["content"]["video_url"], "the upstream's, which has ended by itself"
    assert (await site.plain.get(link)).status_code in {404, 410}
    assert (await get(usual, tasks[usual.id])).json()["archive"]["state"] == "stored"


async def test_a_message_has_the_links_of_the_moment_at_which_it_is_sent(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    async with receiving() as receiver, open_worker(site.gateway) as worker:
        receiver.answers.append(status(500))
        task_id = await tenant.new_task(callback_url=receiver.url)
        await site.gateway.force(task_id, "succeeded")
        site.gateway.clock.advance(3)
        site.gateway.expire_caches()
        await get(tenant, task_id)
        await worker.delivery_worker.run_once()
        await site.work()
        site.gateway.clock.advance(3600)
        await worker.delivery_worker.run_once()
        bodies = [json.loads(each.body) for each in receiver.received]
    first, last = bodies[0], bodies[-1]
    assert "/media/videos/" in first["content"]["video_url"]
    shown = (await get(tenant, task_id)).json()
    assert last["content"] == shown["content"]
    assert last["archive"] == shown["archive"]
    assert (await site.plain.get(await link_of(site, tenant, task_id))).content == CLIP


async def test_without_an_archive_nothing_is_written(site: ArchiveSite) -> None:
    tenant = await site.gateway.tenant()
    task_id = await tenant.new_task()
    await site.gateway.force(task_id, "succeeded")
    async with open_worker(site.gateway, archive_url=None) as worker:
        assert worker.archive_copier is None
        assert "archive" not in {job.name for job in worker.jobs()}
        site.gateway.clock.advance(600)
        await worker.task_poller.run_once()
        await worker.task_poller.drain()
    assert (await get(tenant, task_id)).json()["status"] == "succeeded"
    assert await site.count(tenant) == 0


async def test_doctor_says_whether_the_store_answers_to_the_key_pair(site: ArchiveSite) -> None:
    settings = site.gateway.settings
    for change, is_ok, words in (
        ({}, True, "s3://clips/kept/here answers"),
        ({"archive_url": None}, True, "is not set"),
        ({"archive_secret_access_key": SecretStr("wrong")}, False, "refuses the credentials"),
        ({"archive_endpoint": "http://127.0.0.1:1"}, False, "SEEDGATE_ARCHIVE_"),
    ):
        result = await check_archive(settings.model_copy(update=change))
        assert (result.is_ok, words in result.text) == (is_ok, True), result
