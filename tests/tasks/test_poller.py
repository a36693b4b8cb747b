"""Tasks are polled in the background, by whichever process claims them first."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import update

from app.composition import open_services
from app.tasks.models import TaskRow
from app.tasks.polling.poller import TaskPoller
from tests.support.gateway import RUNNING, Gateway, serve_gateway, text
from tests.support.timeouts import HANG_SECONDS

DUE_SECONDS = 6
LEASE_SECONDS = 121


@pytest_asyncio.fixture
async def pollers(gateway: Gateway) -> AsyncIterator[list[TaskPoller]]:
    """The pollers of two processes. No task of another test is due."""
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).values(next_poll_at=None))
    async with (
        open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as first,
        open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as second,
    ):
        yield [first.task_poller, second.task_poller]


async def test_a_final_state_is_stored_without_a_client_that_polls(gateway: Gateway, pollers: list[TaskPoller]) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await pollers[0].run_once()
    assert not gateway.received("get_task"), "not due yet"
    gateway.clock.advance(DUE_SECONDS)
    await pollers[0].run_once()
    row = await gateway.row(task_id)
    assert row is not None
    assert (row.status, row.next_poll_at) == ("succeeded", None)
    assert row.total_tokens
    gateway.clock.advance(3600)
    await pollers[0].run_once()
    assert len(gateway.received("get_task")) == 1


async def test_the_gateway_polls_by_itself(gateway: Gateway, pollers: list[TaskPoller]) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "failed", code="OutputVideoSensitiveContentDetected")
    gateway.clock.advance(DUE_SECONDS)
    async with (
        serve_gateway(gateway.settings.model_copy(update={"background": "on"}), gateway.clock),
        asyncio.timeout(HANG_SECONDS),
    ):
        while (row := await gateway.row(task_id)) is None or row.status != "failed":  # noqa: ASYNC110 - no event for it
            await asyncio.sleep(0.02)


async def test_two_processes_do_not_poll_a_task_twice(gateway: Gateway, pollers: list[TaskPoller]) -> None:
    tenant = await gateway.tenant()
    task_ids = {await tenant.new_task(content=text(RUNNING)) for _ in range(2)}
    gateway.clock.advance(DUE_SECONDS)
    await asyncio.gather(*(poller.run_once() for poller in pollers for _ in range(2)))
    asked = [entry.url.rsplit("/", 1)[-1] for entry in gateway.received("get_task")]
    assert sorted(asked) == sorted(task_ids)


async def test_older_tasks_are_polled_less_often(gateway: Gateway, pollers: list[TaskPoller]) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    pauses = []
    for age in (DUE_SECONDS, 300, 3600):
        gateway.clock.advance(age)
        await pollers[0].run_once()
        row = await gateway.row(task_id)
        assert row is not None
        assert row.next_poll_at is not None
        pauses.append((row.next_poll_at - gateway.clock()).total_seconds())
    assert pauses == pytest.approx([5, 30.6, 60], abs=1)


async def test_a_suspended_channel_is_not_asked_until_it_is_active_again(
    gateway: Gateway, pollers: list[TaskPoller]
) -> None:
    tenant = await gateway.tenant("second")
    await tenant.new_task(content=text(RUNNING))
    async with gateway.suspended("second"):
        gateway.clock.advance(DUE_SECONDS)
        await pollers[0].run_once()
        assert not gateway.received("get_task")
    await gateway.prepare()
    await pollers[1].run_once()
    assert len(gateway.received("get_task")) == 1


async def test_after_a_failed_poll_a_task_is_not_polled_for_a_while(
    gateway: Gateway, pollers: list[TaskPoller]
) -> None:
    tenant = await gateway.tenant()
    broken, sound = [await tenant.new_task(content=text(RUNNING)) for _ in range(2)]
    await gateway.fault("get_task", times=None, kind="error", status=500, code="InternalServiceError")
    gateway.clock.advance(DUE_SECONDS)
    await pollers[0].run_once()
    await gateway.prepare()
    await pollers[0].run_once()
    assert not gateway.received("get_task")
    gateway.clock.advance(LEASE_SECONDS)
    await pollers[1].run_once()
    assert len(gateway.received("get_task")) == 2
    for task_id in (broken, sound):
        row = await gateway.row(task_id)
        assert row is not None
        assert row.status == "running"


async def test_clients_are_shown_what_the_poller_found(gateway: Gateway, pollers: list[TaskPoller]) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING))
    gateway.clock.advance(DUE_SECONDS)
    await pollers[0].run_once()
    shown = await tenant.http.get(f"/api/v3/contents/generations/tasks/{task_id}")
    assert shown.json()["status"] == "running"
    assert len(gateway.received("get_task")) == 1


async def test_what_the_upstream_has_forgotten_ends_expired_when_its_window_is_over(
    gateway: Gateway, pollers: list[TaskPoller]
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=text(RUNNING), execution_expires_after=3600)
    await gateway.fault("get_task", times=None, kind="error", status=404, code="NotFound.ID")
    for hours, status in ((1, "queued"), (2, "expired")):
        gateway.clock.advance(hours * 3600)
        await pollers[0].run_once()
        row = await gateway.row(task_id)
        assert row is not None
        assert row.status == status
