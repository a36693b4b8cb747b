"""Thousands of unfinished tasks are read page by page; what no page shows is asked about by name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select, update

from app.sandbox.config import DEFAULT_ACCOUNT
from app.tasks.models import TaskRow
from app.tasks.polling import batch_refresh, bulk_refresh
from app.tasks.polling.batch_refresh import BatchRefresh
from app.tasks.polling.bulk_refresh import BulkRefresh
from app.tasks.polling.poller import TaskPoller
from app.tasks.polling.refresh import TaskRefresh
from app.tasks.polling.single_gets import SingleGets
from tests.support.gateway import RUNNING, Gateway, Tenant, text
from tests.support.plain import PLAIN
from tests.tasks.searching import open_context

DUE_SECONDS = 6
MIN_DUE = 6
PAGE_SIZE = 4


@asynccontextmanager
async def open_poller(gateway: Gateway) -> AsyncIterator[TaskPoller]:
    """Yields the poller of a process of its own."""
    async with open_context(gateway) as context:
        gets = SingleGets(context, TaskRefresh(context))
        yield TaskPoller(context, BatchRefresh(context), BulkRefresh(context), gets)


@pytest_asyncio.fixture
async def poller(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TaskPoller]:
    """A poller to which six tasks are many, and whose pages have four. No task of another test is due."""
    monkeypatch.setattr(bulk_refresh, "MIN_DUE", MIN_DUE)
    monkeypatch.setattr(bulk_refresh, "_PAGE_SIZE", PAGE_SIZE)
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).values(next_poll_at=None))
    await gateway.control.post("/reset")  # without the tasks of other tests, which pages would show
    await gateway.prepare()
    async with open_poller(gateway) as opened:
        yield opened
        await opened.drain()


async def new_tasks(tenant: Tenant, count: int) -> list[str]:
    return list(await asyncio.gather(*(tenant.new_task(content=text(RUNNING)) for _ in range(count))))


def queries(gateway: Gateway) -> list[dict[str, list[str]]]:
    return [parse_qs(urlsplit(entry.url).query) for entry in gateway.received("list_tasks")]


def pages(gateway: Gateway) -> list[tuple[str, str]]:
    """Returns the status and the number of every page that was read."""
    asked = [query for query in queries(gateway) if "filter.status" in query]
    return [(query["filter.status"][0], query["page_num"][0]) for query in asked]


def named(gateway: Gateway) -> list[set[str]]:
    return [set(query["filter.task_ids"]) for query in queries(gateway) if "filter.task_ids" in query]


async def statuses(gateway: Gateway, task_ids: list[str]) -> dict[str, int]:
    async with gateway.sessions.begin() as session:
        found = list(await session.scalars(select(TaskRow.status).where(TaskRow.upstream_id.in_(task_ids))))
    return {status: found.count(status) for status in set(found)}


async def test_many_due_tasks_are_read_by_pages_without_names(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 10)
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert pages(gateway) == [("queued", "1"), ("running", "1"), ("running", "2"), ("running", "3")]
    assert named(gateway) == []
    assert not gateway.received("get_task")
    assert await statuses(gateway, task_ids) == {"running": 10}


async def test_what_no_page_shows_is_asked_about_by_name_and_ends_by_a_get(
    gateway: Gateway, poller: TaskPoller
) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 10)
    ended = task_ids[2:6]
    for task_id in ended:
        await gateway.force(task_id, "succeeded")
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert named(gateway) == [set(ended)]
    assert sorted(entry.url.rsplit("/", 1)[-1] for entry in gateway.received("get_task")) == sorted(ended)
    assert await statuses(gateway, task_ids) == {"running": 6, "succeeded": 4}


async def test_a_task_that_ended_before_it_is_due_again_is_noticed_by_the_next_reading(
    gateway: Gateway, poller: TaskPoller
) -> None:
    tenant = await gateway.tenant()
    late = await new_tasks(tenant, 3)
    gateway.clock.advance(600)
    await poller.run_once()  # due again in a minute
    for task_id in late:
        await gateway.force(task_id, "succeeded")
    task_ids = await new_tasks(tenant, 10)
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert await statuses(gateway, task_ids + late) == {"running": 10, "succeeded": 3}


async def test_an_account_with_many_more_tasks_of_others_is_asked_by_name(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 8)
    headers = {"Authorization": f"Bearer {DEFAULT_ACCOUNT.api_key}"}
    body = {"model": "doubao-seedance-2-0-260128", "content": text(RUNNING)}
    async with httpx.AsyncClient(verify=PLAIN, headers=headers) as other:
        for _ in range(20):
            made = await other.post(f"{gateway.sandbox.ark_base_url}/contents/generations/tasks", json=body)
            assert made.status_code == 200, made.text
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert pages(gateway) == [("queued", "1"), ("running", "1")]
    assert named(gateway) == [set(task_ids)]
    assert await statuses(gateway, task_ids) == {"running": 8}


@pytest.mark.parametrize(
    "effect",
    [
        {"kind": "error", "status": 500, "code": "InternalServiceError"},
        {"kind": "garbage"},
        {"kind": "answer", "status": 200, "body": {"items": [], "total": 0}},
    ],
    ids=["500", "garbage", "empty"],
)
async def test_when_pages_fail_or_show_nothing_the_tasks_are_asked_about_by_name(
    gateway: Gateway, poller: TaskPoller, effect: dict[str, Any]
) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 8)
    await gateway.fault("list_tasks", times=1 if "code" in effect or effect["kind"] == "garbage" else 2, **effect)
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert named(gateway) == [set(task_ids)]
    assert await statuses(gateway, task_ids) == {"running": 8}


async def test_of_two_processes_one_reads_the_pages(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 10)
    gateway.clock.advance(DUE_SECONDS)
    held = await gateway.fault("list_tasks", kind="delay", at="after", delay_seconds=3600)
    reading = asyncio.create_task(poller.run_once())
    await gateway.arrival("list_tasks")
    async with open_poller(gateway) as other:
        await other.run_once()
    assert len(gateway.received("list_tasks")) == 1, "the rate is left to the process that reads"
    await gateway.release(held)
    await reading
    assert [number for status, number in pages(gateway) if status == "queued"] == ["1"]
    assert await statuses(gateway, task_ids) == {"running": 10}


async def test_a_page_changes_no_task_of_another_channel(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 8)
    foreign = await new_tasks(await gateway.tenant("second"), 1)
    items = [{"id": task_id, "status": "running"} for task_id in foreign]
    await gateway.fault("list_tasks", account="default", kind="answer", status=200, body={"items": items, "total": 1})
    gateway.clock.advance(DUE_SECONDS)
    held = await gateway.fault("get_task", account="second", kind="error", status=500, code="InternalServiceError")
    await poller.run_once()
    assert held
    assert await statuses(gateway, foreign) == {"queued": 1}
    assert await statuses(gateway, task_ids) == {"running": 8}


async def test_more_ended_tasks_than_one_list_names_are_found_at_once(
    gateway: Gateway, poller: TaskPoller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_refresh, "_MAX_IDS", PAGE_SIZE)
    monkeypatch.setattr("app.tasks.polling.poller._MIN_CLAIMED", PAGE_SIZE)
    task_ids = await new_tasks(await gateway.tenant(), 10)
    for task_id in task_ids:
        await gateway.force(task_id, "succeeded")
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert await statuses(gateway, task_ids) == {"succeeded": 10}


async def test_an_id_that_the_database_cannot_hold_hides_no_other_task(gateway: Gateway, poller: TaskPoller) -> None:
    task_ids = await new_tasks(await gateway.tenant(), 8)
    items = [{"id": "cgt-\0", "status": "queued"}, {"id": task_ids[0], "status": "queued"}]
    await gateway.fault("list_tasks", kind="answer", status=200, body={"items": items, "total": 2})
    gateway.clock.advance(DUE_SECONDS)
    await poller.run_once()
    assert await statuses(gateway, task_ids) == {"running": 8}
