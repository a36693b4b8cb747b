"""Many tasks are polled with few calls: what a LIST can show, what only a GET can, and what a list must not cost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy import select, update

from app.channels.models import ChannelHealthRow
from app.sandbox.ledger import RequestEntry
from app.tasks.context import TasksContext
from app.tasks.models import TaskEventRow, TaskRow, TaskStatus
from app.tasks.polling.batch_refresh import BatchRefresh
from app.tasks.polling.bulk_refresh import BulkRefresh
from app.tasks.polling.poller import TaskPoller
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.polling.single_gets import SingleGets
from app.tasks.repository import AllTasks
from app.tasks.state import Source
from tests.support.gateway import RUNNING, Gateway, Tenant, get, text
from tests.support.timeouts import until
from tests.tasks.searching import open_context

DUE_SECONDS = 6
LEASE_SECONDS = 121
UNKNOWN_STATUSES = "seedgate_unknown_upstream_statuses_total"
# Only tasks of 1.5 pro may be made in the other tier.
FLEX = {"model": "doubao-seedance-1-5-pro-251215", "service_tier": "flex", "duration": 5}


def new_poller(context: TasksContext) -> TaskPoller:
    """Returns a poller that does not wait for call rates; these have other tests."""
    gets = SingleGets(context, TaskRefresh(context))
    return TaskPoller(context, BatchRefresh(context), BulkRefresh(context), gets)


@pytest_asyncio.fixture
async def poller(gateway: Gateway, context: TasksContext) -> AsyncIterator[TaskPoller]:
    """The poller of one process. No task of another test is due."""
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).values(next_poll_at=None))
    poller = new_poller(context)
    yield poller
    await poller.drain()


async def new_tasks(tenant: Tenant, count: int, **fields: Any) -> list[str]:
    return list(await asyncio.gather(*(tenant.new_task(**{"content": text(RUNNING), **fields}) for _ in range(count))))


def query_of(entry: RequestEntry) -> dict[str, list[str]]:
    return parse_qs(urlsplit(entry.url).query)


def listed(gateway: Gateway) -> list[set[str]]:
    return [set(query_of(entry)["filter.task_ids"]) for entry in gateway.received("list_tasks")]


def asked_alone(gateway: Gateway) -> list[str]:
    return sorted(entry.url.rsplit("/", 1)[-1] for entry in gateway.received("get_task"))


async def statuses(gateway: Gateway, task_ids: list[str]) -> list[str]:
    async with gateway.sessions.begin() as session:
        query = select(TaskRow.status).where(TaskRow.upstream_id.in_(task_ids))
        return list(await session.scalars(query))


async def test_many_due_tasks_cost_one_list(gateway: Gateway, poller: TaskPoller) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 12)
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert listed(gateway) == [set(task_ids)]
    assert query_of(gateway.received("list_tasks")[0])["page_size"] == ["12"]
    assert not gateway.received("get_task")
    assert await statuses(gateway, task_ids) == ["running"] * 12
    shown = await get(tenant, task_ids[0])
    assert shown.json()["status"] == "running"
    assert not gateway.received("get_task"), "a state from a list is fresh for clients too"
    await gateway.prepare()
    await poller.run_once()
    assert not gateway.received("list_tasks"), "not due again yet"


async def test_the_history_names_a_list_as_the_source_of_a_change(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 3)
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    row = await gateway.row(task_ids[0])
    assert row is not None
    async with gateway.sessions.begin() as session:
        query = select(TaskEventRow).where(TaskEventRow.task_id == row.id).order_by(TaskEventRow.id.desc())
        last = (await session.scalars(query)).first()
    assert last is not None
    assert (last.status, last.source) == ("running", Source.LIST.value)


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired", "cancelled"])
async def test_a_final_state_is_taken_from_a_get_alone(gateway: Gateway, poller: TaskPoller, status: str) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 4)
    done = task_ids[1]
    await gateway.force(done, status, extra={"content": {"video_url": "http://x"}})
    # A list that is wrong about what it says of a finished task does no harm.
    items = [{"id": task_id, "status": "succeeded" if task_id == done else "running"} for task_id in task_ids]
    await gateway.fault("list_tasks", kind="answer", status=200, body={"items": items, "total": 4})
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert asked_alone(gateway) == [done]
    row = await gateway.row(done)
    assert row is not None
    assert (row.status, row.next_poll_at) == (status, None)
    assert bool(row.total_tokens) is (status == "succeeded")


async def test_a_get_that_fails_leaves_a_listed_end_to_the_next_round(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 3)
    await gateway.force(task_ids[0], "succeeded")
    await gateway.fault("get_task", kind="error", status=500, code="InternalServiceError")
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    row = await gateway.row(task_ids[0])
    assert row is not None
    assert row.status == "queued"
    gateway.clock.advance(LEASE_SECONDS)
    await poller.run_once()
    row = await gateway.row(task_ids[0])
    assert row is not None
    assert row.status == "succeeded"


async def test_what_no_list_shows_is_asked_for_by_a_get(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 6)
    items = [{"id": task_id, "status": "running"} for task_id in task_ids[:4]]
    await gateway.fault("list_tasks", times=None, kind="answer", status=200, body={"items": items, "total": 4})
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert asked_alone(gateway) == sorted(task_ids[4:])
    assert await statuses(gateway, task_ids) == ["running"] * 6


async def test_absence_from_every_list_proves_nothing(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 3, execution_expires_after=3600)
    gateway.clock.advance(DUE_SECONDS)
    await gateway.fault("list_tasks", times=None, kind="answer", status=200, body={"items": [], "total": 0})
    await gateway.fault("get_task", times=None, kind="error", status=500, code="InternalServiceError")
    await poller.run_once()
    gateway.clock.advance(3 * 3600)
    await poller.run_once()
    assert await statuses(gateway, task_ids) == ["queued"] * 3


async def test_each_tier_that_the_tasks_have_is_listed(gateway: Gateway, poller: TaskPoller) -> None:
    tenant = await gateway.tenant()
    usual = await new_tasks(tenant, 3)
    flexible = await new_tasks(tenant, 4, **FLEX)
    for task_id in flexible:
        await gateway.force(task_id, "running")
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    asked = {query_of(entry)["filter.service_tier"][0]: ids for entry, ids in zip_lists(gateway)}
    assert asked == {"default": set(usual), "flex": set(flexible)}
    assert not gateway.received("get_task")
    assert await statuses(gateway, usual + flexible) == ["running"] * 7


async def test_a_task_missing_in_its_tier_is_listed_in_the_other(gateway: Gateway, poller: TaskPoller) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 3)
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).where(TaskRow.tenant_id == tenant.id).values(service_tier="flex"))
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert [query_of(entry)["filter.service_tier"][0] for entry, _ in zip_lists(gateway)] == ["flex", "default"]
    assert not gateway.received("get_task")
    assert await statuses(gateway, task_ids) == ["running"] * 3


@pytest.mark.parametrize("status", [400, 414, 431])
async def test_a_list_that_is_too_long_is_halved_until_it_fits_and_stays_so(
    gateway: Gateway, poller: TaskPoller, status: int
) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 12)
    await gateway.fault("list_tasks", kind="error", status=status, code="InvalidParameter")
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert [len(ids) for ids in listed(gateway)] == [12, 6, 6]
    assert set.union(*listed(gateway)[1:]) == set(task_ids)
    await gateway.prepare()
    gateway.clock.advance(LEASE_SECONDS)
    await poller.run_once()
    assert {len(ids) for ids in listed(gateway)} == {6}
    assert not gateway.received("get_task")


async def test_a_list_that_was_refused_for_a_while_is_tried_in_full_again_after_an_hour(
    gateway: Gateway, poller: TaskPoller
) -> None:
    await new_tasks(await gateway.tenant(), 12)
    await gateway.fault("list_tasks", times=None, kind="error", status=400, code="InvalidParameter")
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert [len(ids) for ids in listed(gateway)] == [12, 6, 3]
    await gateway.prepare()
    gateway.clock.advance(3601)
    await poller.run_once()
    assert [len(ids) for ids in listed(gateway)] == [12]


@pytest.mark.parametrize(
    "effect",
    [
        {"kind": "error", "status": 500, "code": "InternalServiceError"},
        {"kind": "throttle", "status": 429},
        {"kind": "garbage"},
        {"kind": "cut"},
        {"kind": "answer", "status": 200, "body": {"items": [{"id": 5}], "total": 1}},
        {"kind": "answer", "status": 200, "body": {"total": 0, "data": [], "code": 0}},
        {
            "kind": "answer",
            "status": 200,
            "body": {"items": [{"id": "cgt-of-somebody-else", "status": "x"}], "total": 1},
        },
    ],
    ids=["500", "429", "garbage", "cut", "not a list", "another list", "other tasks"],
)
async def test_without_a_usable_list_the_gets_continue(
    gateway: Gateway, poller: TaskPoller, effect: dict[str, Any]
) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 3)
    await gateway.fault("list_tasks", times=None, **effect)
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert asked_alone(gateway) == sorted(task_ids)
    assert await statuses(gateway, task_ids) == ["running"] * 3


async def test_calls_stop_soon_while_the_upstream_fails(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 30)
    for operation in ("list_tasks", "get_task"):
        await gateway.fault(operation, times=None, kind="error", status=500, code="InternalServiceError")
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert len(gateway.received("list_tasks")) == 1
    assert len(gateway.received("get_task")) < 10
    await gateway.prepare()
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert await statuses(gateway, task_ids) != ["queued"] * 30, "the rest was not kept waiting for a lease"


async def test_an_unknown_status_is_kept_counted_and_shown_as_the_last_known_one(
    gateway: Gateway, poller: TaskPoller
) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 3)
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    await gateway.prepare()
    await gateway.force(task_ids[0], "polishing")
    gateway.clock.advance(DUE_SECONDS)
    counted = REGISTRY.get_sample_value(UNKNOWN_STATUSES) or 0
    await poller.run_once()
    assert REGISTRY.get_sample_value(UNKNOWN_STATUSES) == counted + 1
    row = await gateway.row(task_ids[0])
    assert row is not None
    assert row.snapshot is not None
    assert (row.status, row.snapshot["status"]) == ("running", "polishing")
    assert (await get(tenant, task_ids[0])).json()["status"] == "running"


async def test_two_processes_share_the_tasks_and_ask_about_none_twice(gateway: Gateway, poller: TaskPoller) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 10)
    gateway.clock.advance(DUE_SECONDS)
    async with open_context(gateway) as other:
        await asyncio.gather(*(each.run_once() for each in (poller, new_poller(other))))
    asked = [task_id for ids in listed(gateway) for task_id in ids] + asked_alone(gateway)
    assert sorted(asked) == sorted(task_ids)


async def test_a_slow_list_holds_no_other_channel_up(gateway: Gateway, poller: TaskPoller) -> None:
    slow, swift = await gateway.tenant(), await gateway.tenant("second")
    await new_tasks(slow, 3)
    task_id = (await new_tasks(swift, 1))[0]
    await gateway.fault("list_tasks", account="default", kind="delay", delay_seconds=60)
    gateway.clock.advance(DUE_SECONDS)
    running = asyncio.create_task(poller.run_once())
    await gateway.arrival("get_task")
    assert not running.done()
    await until(lambda: asked_alone(gateway) == [task_id])
    await poller.drain()
    await running
    row = await gateway.row(task_id)
    assert row is not None


async def test_what_a_process_had_claimed_when_it_died_is_asked_about_after_the_lease(
    gateway: Gateway, poller: TaskPoller
) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 3)
    await gateway.fault("list_tasks", kind="delay", delay_seconds=60)
    gateway.clock.advance(DUE_SECONDS)
    running = asyncio.create_task(poller.run_once())
    await gateway.arrival("list_tasks")
    await poller.drain()
    await running
    await gateway.prepare()
    await poller.run_once()
    assert not gateway.received("list_tasks")
    gateway.clock.advance(LEASE_SECONDS)
    await poller.run_once()
    assert await statuses(gateway, task_ids) == ["running"] * 3


async def test_a_list_closes_the_breaker_of_its_channel(gateway: Gateway, poller: TaskPoller) -> None:
    tenant = await gateway.tenant()
    await new_tasks(tenant, 3)
    channel_id = await gateway.channel_id("default")
    for look in (DUE_SECONDS, LEASE_SECONDS):
        await open_breaker(gateway, channel_id)
        gateway.clock.advance(look)
        await poller.run_once()
        assert not await is_breaker_open(gateway, channel_id)


async def test_a_poll_closes_the_breaker_of_its_channel(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = (await new_tasks(tenant, 1))[0]
    channel_id = await gateway.channel_id("default")
    await open_breaker(gateway, channel_id)
    await get(tenant, task_id)
    assert not await is_breaker_open(gateway, channel_id)


async def test_a_task_that_the_upstream_must_have_forgotten_ends_expired_though_it_cannot_be_asked(
    gateway: Gateway, poller: TaskPoller
) -> None:
    tenant = await gateway.tenant("second")
    task_id = (await new_tasks(tenant, 1))[0]
    async with gateway.suspended("second"):
        for days, status in ((6.9, "queued"), (0.2, TaskStatus.EXPIRED.value)):
            gateway.clock.advance(days * 86_400)
            await poller.run_once()
            row = await gateway.row(task_id)
            assert row is not None
            assert row.status == status
    assert not gateway.received("get_task")


def zip_lists(gateway: Gateway) -> list[tuple[RequestEntry, set[str]]]:
    return list(zip(gateway.received("list_tasks"), listed(gateway), strict=True))


async def open_breaker(gateway: Gateway, channel_id: str) -> None:
    now = gateway.clock()
    async with gateway.sessions.begin() as session:
        await session.merge(ChannelHealthRow(channel_id=channel_id, unknowns=5, opened_at=now, updated_at=now))


async def is_breaker_open(gateway: Gateway, channel_id: str) -> bool:
    async with gateway.sessions.begin() as session:
        row = await session.get(ChannelHealthRow, channel_id)
    return row is not None and row.opened_at is not None


@pytest.mark.parametrize("writes", ["polls", "releases"])
async def test_two_who_write_the_same_tasks_in_different_orders_do_not_deadlock(gateway: Gateway, writes: str) -> None:
    """One that waits for the first task does not hold the second one meanwhile."""
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 2)
    async with gateway.sessions() as session:
        query = select(TaskRow).where(TaskRow.upstream_id.in_(task_ids)).order_by(TaskRow.tenant_id, TaskRow.id)
        first, second = (await session.scalars(query)).all()

    async def write() -> None:
        async with gateway.sessions.begin() as session:
            tasks, rows = AllTasks(session), [second, first]
            if writes == "polls":
                assert len(await tasks.touch(rows, polled_at=gateway.clock(), now=gateway.clock())) == len(rows)
            else:
                await tasks.release(rows, due_at=gateway.clock())

    async with gateway.sessions.begin() as holder:
        await holder.execute(select(TaskRow.id).where(TaskRow.id == first.id).with_for_update())
        writing = asyncio.create_task(write())
        await asyncio.sleep(0.2)  # it waits for the first task
        assert not writing.done()
        await holder.execute(select(TaskRow.id).where(TaskRow.id == second.id).with_for_update(nowait=True))
    await writing
