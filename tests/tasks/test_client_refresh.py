"""Clients that poll many tasks of an account share its LIST calls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update

from app.core.leases import Leases
from app.tasks.models import TaskRow
from app.upstream.rate_limits import RateClass
from tests.support.gateway import HELD, RUNNING, TASKS, Gateway, Tenant, get, serve_gateway, text
from tests.support.plain import PLAIN

DUE_SECONDS = 6


@pytest_asyncio.fixture(autouse=True)
async def nothing_else_is_due(gateway: Gateway) -> None:
    """No task of another test is due."""
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).values(next_poll_at=None))


async def new_tasks(tenant: Tenant, count: int) -> list[str]:
    return list(await asyncio.gather(*(tenant.new_task(content=text(RUNNING)) for _ in range(count))))


def listed(gateway: Gateway) -> list[set[str]]:
    return [set(parse_qs(urlsplit(entry.url).query)["filter.task_ids"]) for entry in gateway.received("list_tasks")]


def asked_alone(gateway: Gateway) -> list[str]:
    return sorted(entry.url.rsplit("/", 1)[-1] for entry in gateway.received("get_task"))


@asynccontextmanager
async def polls(gateway: Gateway, tenant: Tenant, task_ids: list[str]) -> AsyncIterator[list[httpx.Response]]:
    """Polls the first task, whose GET is held, and the others while it is under way; yields all responses."""
    fault = await gateway.fault("get_task", **HELD)
    first = asyncio.create_task(get(tenant, task_ids[0]))
    await gateway.arrival("get_task")
    others = asyncio.gather(*(get(tenant, task_id) for task_id in task_ids[1:]))
    responses: list[httpx.Response] = []
    yield responses
    responses += await others
    await gateway.release(fault)
    responses.insert(0, await first)


async def statuses(polling: Any) -> list[str]:
    async with polling as responses:
        pass
    return [response.json()["status"] for response in responses]


async def test_tasks_that_are_polled_while_a_call_is_under_way_share_the_next_one(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 12)
    assert await statuses(polls(gateway, tenant, task_ids)) == ["running"] * 12
    assert listed(gateway) == [set(task_ids[1:])]
    assert asked_alone(gateway) == [task_ids[0]]


async def test_a_task_that_the_list_shows_as_ended_is_answered_with_its_final_state(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 5)
    await gateway.force(task_ids[3], "succeeded")
    assert await statuses(polls(gateway, tenant, task_ids)) == ["running", "running", "running", "succeeded", "running"]
    assert asked_alone(gateway) == sorted([task_ids[0], task_ids[3]])


async def test_a_list_brings_the_tasks_of_several_tenants_and_each_sees_its_own(gateway: Gateway) -> None:
    first, second = await gateway.tenant(), await gateway.tenant()
    own, foreign = await new_tasks(first, 3), await new_tasks(second, 3)
    async with polls(gateway, first, own) as responses:
        asking = [asyncio.create_task(get(second, task_id)) for task_id in foreign]
        await gateway.arrival("list_tasks")
        answered = await asyncio.gather(*asking)
    assert set.union(*listed(gateway)) | set(asked_alone(gateway)) == {*own, *foreign}
    assert [response.json()["id"] for response in [*responses, *answered]] == own + foreign
    assert {response.json()["status"] for response in [*responses, *answered]} == {"running"}
    for tenant, others in ((first, foreign), (second, own)):
        assert {(await tenant.http.get(f"{TASKS}/{task_id}")).status_code for task_id in others} == {404}


async def test_two_gateways_do_not_list_the_same_tasks_within_two_seconds(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 6)
    async with (
        serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as base_url,
        httpx.AsyncClient(verify=PLAIN, base_url=base_url, headers={"Authorization": f"Bearer {tenant.key}"}) as other,
    ):
        for http in (tenant.http, other):
            await gateway.refill()
            async with asyncio.TaskGroup() as group:
                for task_id in task_ids:
                    group.create_task(http.get(f"{TASKS}/{task_id}"))
    asked = [task_id for ids in listed(gateway) for task_id in ids] + asked_alone(gateway)
    assert sorted(asked) == sorted(task_ids)


@pytest.mark.parametrize("status", [403, 500])
async def test_without_a_list_the_gets_continue(gateway: Gateway, status: int) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 4)
    await gateway.fault("list_tasks", times=None, kind="error", status=status, code="AccessDenied")
    assert await statuses(polls(gateway, tenant, task_ids)) == ["running"] * 4
    assert asked_alone(gateway) == sorted(task_ids)


@pytest.mark.parametrize("due_in_seconds", [0, 30])
async def test_an_ended_task_that_gets_no_call_is_left_to_the_poller(gateway: Gateway, due_in_seconds: int) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 4)
    for task_id in task_ids[1:]:
        await gateway.force(task_id, "succeeded")
    due_at = gateway.clock() + timedelta(seconds=due_in_seconds)
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).where(TaskRow.upstream_id.in_(task_ids)).values(next_poll_at=due_at))
    fault = await gateway.fault("get_task", **HELD)
    first = asyncio.create_task(get(tenant, task_ids[0]))
    await gateway.arrival("get_task")
    await gateway.use_up(RateClass.INTERACTIVE_GET)
    others = await asyncio.gather(*(get(tenant, task_id) for task_id in task_ids[1:]))
    await gateway.release(fault)
    await first
    assert {response.json()["status"] for response in others} == {"queued"}
    for task_id in task_ids[1:]:
        row = await gateway.row(task_id)
        assert row is not None
        assert row.next_poll_at is not None
        assert row.next_poll_at <= gateway.clock()


async def test_without_a_get_for_polls_a_task_shares_a_list_with_those_that_are_due(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_ids = await new_tasks(tenant, 4)
    gateway.clock.advance(DUE_SECONDS)
    await gateway.use_up(RateClass.POLL_GET)
    assert (await get(tenant, task_ids[0])).json()["status"] == "running"
    assert listed(gateway) == [set(task_ids)]
    assert asked_alone(gateway) == []
    for task_id in task_ids:
        row = await gateway.row(task_id)
        assert row is not None
        assert row.status == "running"


async def test_while_all_tasks_are_read_in_pages_polls_make_no_lists(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await gateway.use_up(RateClass.POLL_GET)
    leases = Leases(gateway.sessions)
    reading = await leases.claim("bulk", await gateway.channel_id("default"), seconds=60)
    assert reading is not None
    assert (await get(tenant, task_id)).json()["status"] == "queued"
    assert listed(gateway) == []
    await leases.release(reading)
    assert (await get(tenant, task_id)).json()["status"] == "running"


async def test_a_task_whose_get_is_slow_and_gets_no_call_is_asked_about_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait for its GET ends before it is known that the account has none left."""
    monkeypatch.setattr("app.tasks.polling.client_refresh._GETS_UNDER_WAY_SECONDS", 0)
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    await gateway.use_up(RateClass.POLL_GET)
    assert (await get(tenant, task_id)).json()["status"] == "queued"
    await gateway.refill()
    gateway.seconds.advance(1)
    await get(tenant, task_id)
    await gateway.arrival("get_task")


async def test_a_tenant_that_polls_many_tasks_does_not_delay_another_one(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tasks.polling.batch_refresh._MAX_IDS", 4)
    busy, other = await gateway.tenant(), await gateway.tenant()
    many, [one] = await new_tasks(busy, 10), await new_tasks(other, 1)
    async with polls(gateway, busy, many):
        await asyncio.sleep(0.2)  # they wait for a LIST
        assert (await get(other, one)).json()["status"] == "running"
    assert one in listed(gateway)[0]
