"""Reconcilers of several processes, and of processes that die: nothing is done twice, nothing is left undone."""

import asyncio

import pytest
from sqlalchemy import select, update

from app.channels.models import ChannelHealthRow
from app.core.models import LeaseRow
from app.observability.counters import LEASE_LOSSES
from app.upstream.rate_limits import RateLimiter
from tests.support.gateway import HELD, RUNNING, text
from tests.support.timeouts import HANG_SECONDS, until
from tests.tasks.searching import GRACE_SECONDS, PAUSE_SECONDS, FreeRates, Search


async def test_only_one_process_lists_a_channel_at_a_time(search: Search) -> None:
    await search.lose(await search.gateway.tenant())
    await search.gateway.fault("list_tasks", **HELD)
    search.gateway.clock.advance(PAUSE_SECONDS)
    listing = asyncio.create_task(search.first.run_once())
    await search.gateway.arrival("list_tasks")
    await asyncio.gather(search.second.run_once(), search.first.run_once())
    await search.gateway.release()
    await listing
    assert len(search.gateway.received("list_tasks")) == 2, "one page for each tier"


async def test_two_processes_attribute_a_task_once(search: Search) -> None:
    tenant = await search.gateway.tenant()
    task_id, upstream_id = await search.lose(tenant)
    token = await search.give_token(task_id)
    await search.call_back(token, {"id": upstream_id})
    await asyncio.gather(search.first.run_once(), search.second.run_once())
    assert (await search.row(task_id)).upstream_id == upstream_id
    assert [status for status, _, _ in await search.history(task_id)] == ["unknown", "queued"]
    assert len(search.gateway.received("get_task")) == 1


@pytest.mark.parametrize("pages_before", [0, 1])
async def test_what_was_read_under_a_lease_that_has_passed_on_is_not_written(search: Search, pages_before: int) -> None:
    task_id, _ = await search.lose(await search.gateway.tenant(), at="before")
    before = LEASE_LOSSES.labels("list")._value.get()  # noqa: SLF001 - the library has no reader for one label
    await search.gateway.control.post("/faults", json={"operation": "list_tasks", "skip": pages_before, "effect": HELD})
    search.gateway.clock.advance(PAUSE_SECONDS)
    running = asyncio.create_task(search.first.run_once())
    await until(lambda: len(search.gateway.received("list_tasks")) > pages_before)
    async with search.gateway.sessions.begin() as session:
        await session.execute(update(LeaseRow).where(LeaseRow.name.like("list:%")).values(token="another's"))
    await search.gateway.release()
    await running
    assert (await search.row(task_id)).absent_at is None
    assert LEASE_LOSSES.labels("list")._value.get() == before + 1  # noqa: SLF001 - as above
    async with search.gateway.sessions.begin() as session:
        assert (await session.scalars(select(LeaseRow.token))).all() == ["another's"]


async def test_when_a_process_dies_between_list_and_attribution_another_one_does_both(search: Search) -> None:
    await search.declare("default", exclusive=True)
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    await search.gateway.force(upstream_id, "succeeded")
    await search.gateway.fault("get_task", **{**HELD, "at": "before"})
    search.gateway.clock.advance(PAUSE_SECONDS)
    dying = search.reconciler(FreeRates(search.services.sessions))
    running = asyncio.create_task(dying.run_once())
    await search.gateway.arrival("get_task")
    await dying.drain()
    running.cancel()
    assert (await search.row(task_id)).upstream_id is None
    await search.end_leases()
    await search.gateway.prepare()
    search.gateway.clock.advance(PAUSE_SECONDS)
    await search.second.run_once()
    assert (await search.row(task_id)).upstream_id == upstream_id


async def test_when_the_upstream_does_not_confirm_what_was_found_it_is_asked_again(search: Search) -> None:
    await search.declare("default", exclusive=True)
    task_id, upstream_id = await search.lose(await search.gateway.tenant())
    await search.gateway.force(upstream_id, "succeeded")
    await search.gateway.fault("get_task", kind="error", status=500, code="InternalServiceError")
    await search.run()
    assert (await search.row(task_id)).upstream_id is None
    await search.run()
    assert (await search.row(task_id)).upstream_id == upstream_id


async def test_an_account_is_listed_once_a_second_at_most(search: Search) -> None:
    await search.lose(await search.gateway.tenant())
    search.gateway.clock.advance(PAUSE_SECONDS)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await search.reconciler(RateLimiter(search.services.sessions)).run_once()
    assert len(search.gateway.received("list_tasks")) == 2
    assert loop.time() - began >= 0.9


async def test_an_account_that_answers_slowly_keeps_no_other_waiting(search: Search) -> None:
    await search.lose(await search.gateway.tenant("default"))
    task_id, upstream_id = await search.lose(await search.gateway.tenant("second"))
    token = await search.give_token(task_id)
    await search.call_back(token, {"id": upstream_id})
    await search.gateway.fault("list_tasks", account="default", **HELD)
    search.gateway.clock.advance(PAUSE_SECONDS)
    running = asyncio.create_task(search.first.run_once())
    async with asyncio.timeout(HANG_SECONDS):
        while (await search.row(task_id)).upstream_id is None:  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.02)
    await search.first.drain()
    await running


async def test_nothing_is_asked_of_the_upstream_while_there_is_nothing_to_find_out(search: Search) -> None:
    tenant = await search.gateway.tenant()
    await tenant.new_task(content=text(RUNNING))
    for _ in range(3):
        await search.run()
    assert not search.gateway.received("list_tasks")
    assert not search.gateway.received("get_task")


async def test_a_channel_that_takes_creates_no_more_is_asked_now_and_then_until_it_answers(search: Search) -> None:
    channel_id = await search.gateway.channel_id("default")
    now = search.gateway.clock()
    async with search.gateway.sessions.begin() as session:
        session.add(ChannelHealthRow(channel_id=channel_id, unknowns=5, opened_at=now, updated_at=now))
    search.services.directory.invalidate()
    await search.gateway.fault("list_tasks", kind="error", status=500, code="InternalServiceError")
    await search.run()
    await search.run()
    assert len(search.gateway.received("list_tasks")) == 1, "it is left alone for some seconds"
    await search.end_leases()
    await search.run()
    async with search.gateway.sessions.begin() as session:
        health = await session.get(ChannelHealthRow, channel_id)
    assert health is not None
    assert health.opened_at is None
    search.services.directory.invalidate()
    await search.end_leases()
    await search.run()
    assert len(search.gateway.received("list_tasks")) == 2


async def test_a_paid_task_whose_intent_was_called_absent_shows_up_as_an_orphan(search: Search) -> None:
    await search.declare("default", exclusive=True)
    await search.run()
    late = await search.make_elsewhere()
    tenant = await search.gateway.tenant()
    owned = await tenant.new_task()
    await search.run(after_seconds=GRACE_SECONDS)
    assert await search.orphans() == set(), "the account was swept a moment ago"
    await search.end_leases()
    await search.run()
    assert await search.orphans() == {late}
    assert owned not in await search.orphans()


async def test_an_orphan_with_an_owner_or_no_longer_upstream_is_removed(search: Search) -> None:
    await search.declare("default", exclusive=True)
    first, second, third = [await search.make_elsewhere() for _ in range(3)]
    await search.run()
    assert await search.orphans() == {first, second, third}
    tenant = await search.gateway.tenant()
    task_id = await tenant.new_task()
    await search.change((await search.row(task_id)).id, upstream_id=first)
    await search.run()
    assert await search.orphans() == {second, third}
    await search.gateway.force(second, "running")
    del search.gateway.sandbox.store.tasks.by_id[third]
    await search.end_leases()
    await search.run(after_seconds=25 * 3600)
    assert await search.orphans() == {second}
