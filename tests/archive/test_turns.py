"""A tenant with a backlog of copies delays no other tenant's."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.archive.due_tenants import MAX_CONCURRENT, MAX_PER_TENANT, MAX_TENANTS, WINDOW, DueTenants, share_places
from tests.archive.site import ArchiveSite
from tests.support.timeouts import HANG_SECONDS, until

pytestmark = pytest.mark.archive

BACKLOG = 10_000
_FILL = text("""
    INSERT INTO archive_copies (tenant_id, task_id, member, channel_id, source_url, object_key, status, attempts,
                                next_attempt_at, give_up_at, created_at, updated_at)
    SELECT :tenant, 'task' || n, 'video_url', 'none', '', 'k' || n, :status, 0, :due_at, :due_at, :due_at, :due_at
    FROM generate_series(1, :count) AS n
""")
_EMPTY = text("DELETE FROM archive_copies WHERE tenant_id = ANY(:tenants)")


async def fill(site: ArchiveSite, tenant: str, *, count: int, age_seconds: float, status: str = "released") -> None:
    """Writes copies that became due so long ago; with a negative age they are due in the future."""
    due_at = site.gateway.clock() - timedelta(seconds=age_seconds)
    async with site.gateway.sessions.begin() as session:
        values = {"tenant": tenant, "count": count, "due_at": due_at, "status": status}
        await session.execute(_FILL, values)


async def empty(site: ArchiveSite, *tenants: str) -> None:
    async with site.gateway.sessions.begin() as session:
        await session.execute(_EMPTY, {"tenants": list(tenants)})


async def test_a_tenant_with_ten_thousand_due_copies_keeps_no_other_tenants_waiting(
    site: ArchiveSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.work()
    crowd, single = await site.gateway.tenant(), await site.gateway.tenant()
    await fill(site, crowd.id, count=BACKLOG, age_seconds=3600)
    task_id = await site.finished(single)
    monkeypatch.setattr("app.archive.copier._RUN_TIMEOUT_SECONDS", 0)  # as many as have a place, once
    await site.work()
    assert (await site.copies(task_id))["video_url"].status == "stored"
    assert await site.count(crowd) == BACKLOG - MAX_PER_TENANT
    await empty(site, crowd.id)


async def test_slow_copies_of_one_tenant_leave_a_place_for_another(
    site: ArchiveSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.work()
    monkeypatch.setattr("app.archive.copier._RUN_TIMEOUT_SECONDS", HANG_SECONDS)
    crowd, single = await site.gateway.tenant(), await site.gateway.tenant()
    for _ in range(MAX_CONCURRENT + 1):
        await site.finished(crowd)
    before = len(site.gateway.received("get_media"))
    held = await site.gateway.fault("get_media", times=MAX_PER_TENANT, kind="delay", at="before", delay_seconds=3600)
    working = asyncio.create_task(site.work())
    await until(lambda: len(site.gateway.received("get_media")) == before + MAX_PER_TENANT)
    task_id = await site.finished(single)
    async with asyncio.timeout(HANG_SECONDS):
        while (await site.copies(task_id))["video_url"].status != "stored":  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.05)
    assert site.objects_of(crowd) == {}
    await site.gateway.release(held)
    await working
    assert len(site.objects_of(crowd)) == MAX_CONCURRENT + 1


async def test_every_tenant_is_visited_in_spite_of_a_backlog(site: ArchiveSite) -> None:
    await site.work()
    busy = (await site.gateway.tenant()).id
    await fill(site, busy, count=WINDOW, age_seconds=600)
    others = [(await site.gateway.tenant()).id for _ in range(2 * MAX_TENANTS)]
    for number, tenant in enumerate(others):
        await fill(site, tenant, count=5, age_seconds=0 if number % 2 else -86_400)
    walk, seen = DueTenants(), set[str]()
    for _ in range(3):
        async with site.gateway.sessions() as session:
            found = await walk.find(session, now=site.gateway.clock())
        assert len(found) <= MAX_TENANTS + 1
        assert set(found.values()) == {MAX_PER_TENANT}
        seen |= found.keys()
    await empty(site, busy, *others)
    assert seen == {busy, *others[1::2]}


@pytest.mark.parametrize(
    ("due", "working", "shared"),
    [
        ({}, [], {}),
        ({"a": 9}, [], {"a": MAX_PER_TENANT}),
        ({"a": 9}, ["a"] * MAX_PER_TENANT, {}),
        ({"a": 9, "b": 9}, [], {"a": 2, "b": 2}),
        ({"a": 9, "b": 1}, ["a"] * MAX_PER_TENANT, {"b": 1}),
        ({"a": 9, "b": 9}, ["a", "a"], {"b": 2}),
        ({"a": 1, "b": 1}, [], {"a": 1, "b": 1}),
        ({"a": 9, "b": 9}, ["c"] * MAX_CONCURRENT, {}),
    ],
)
def test_free_places_go_to_the_tenants_with_the_fewest_copies_under_way(
    due: dict[str, int], working: list[str], shared: dict[str, int]
) -> None:
    assert share_places(due, working) == shared
