"""Deliveries: at least once, for a day; a dead endpoint delays no other one."""

import asyncio
import json
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import AsyncAdaptedQueuePool, update
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from app.core.due_work import DueWork
from app.core.sealing import SecretBox, generate_key
from app.webhooks.backoff import RETRY_FOR
from app.webhooks.delivery_worker import LEASE, RETENTION
from app.webhooks.models import DeliveryRow, WebhookSecretRow
from app.webhooks.repository import DELIVERIES_DUE
from app.webhooks.scheduler import Caps
from tests.support.timeouts import HANG_SECONDS, until
from tests.webhooks.conftest import Office, settle
from tests.webhooks.receiver import Receiver, status, when

HOUR = 3600.0


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def stop(run: asyncio.Task[None]) -> None:
    """Ends a run early; posts under way continue."""
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)


async def test_a_message_is_delivered_signed_with_its_tenants_own_secret(office: Office) -> None:
    process, receiver = await office.process(), await office.receiver()
    first, second = await office.tenant(), await office.tenant()
    (message,) = await office.write(first, receiver.url, status="succeeded")
    await office.write(second, receiver.url, status="failed")

    await settle(process)

    by_status = {json.loads(request.body)["status"]: request for request in receiver.received}
    assert by_status["succeeded"].verify(await office.secret(first))["id"] == "task-0"
    assert by_status["failed"].verify(await office.secret(second))["id"] == "task-0"
    assert by_status["succeeded"].id == message
    row = await office.row(message)
    assert (row.status, row.attempts, row.last_status, row.last_error) == ("delivered", 1, 200, None)
    assert (row.next_attempt_at, row.lease_token, row.lease_until) == (None, None, None)
    assert row.delivered_at is not None


async def test_a_message_that_is_not_accepted_is_sent_again_with_the_same_id_and_a_new_signature(
    office: Office,
) -> None:
    process, receiver = await office.process(), await office.receiver()
    tenant = await office.tenant()
    receiver.answers = [status(500), status(302, "location: http://127.0.0.1/"), status(404)]
    (message,) = await office.write(tenant, receiver.url)
    pauses = []
    for _ in range(4):
        await settle(process)
        row = await office.row(message)
        if row.next_attempt_at is None:
            break
        pauses.append((row.next_attempt_at - row.updated_at).total_seconds())
        await settle(process)  # nothing is due
        office.clock.advance(pauses[-1])

    assert [round(pause / expected) for pause, expected in zip(pauses, (5, 30, 120), strict=True)] == [1, 1, 1]
    assert [request.id for request in receiver.received] == [message] * 4
    assert len({request.headers["webhook-timestamp"] for request in receiver.received}) == 4
    secret = Webhook(await office.secret(tenant))
    for request in receiver.received:
        at = int(request.headers["webhook-timestamp"])
        signed = secret.sign(message, office.clock().fromtimestamp(at, office.clock().tzinfo), request.body)
        assert request.headers["webhook-signature"] == signed
    row = await office.row(message)
    assert (row.status, row.attempts) == ("delivered", 4)


async def test_a_message_is_given_up_after_a_day(office: Office) -> None:
    process, receiver = await office.process(), await office.receiver()
    receiver.default = status(503)
    (message,) = await office.write(await office.tenant(), receiver.url)
    begun_at = office.clock()
    while (row := await office.row(message)).status == "pending":
        assert row.next_attempt_at is not None
        office.clock.advance(max((row.next_attempt_at - office.clock()).total_seconds(), 0.0) + 0.01)
        await settle(process)

    assert row.status == "failed"
    assert (row.last_status, row.last_error) == (503, "the endpoint did not accept the message (503) (allowed network)")
    assert 20 < row.attempts == len(receiver.received) < 40
    assert RETRY_FOR - timedelta(hours=1.3) < office.clock() - begun_at <= RETRY_FOR + timedelta(minutes=1)
    office.clock.advance(7 * 24 * HOUR)
    await settle(process)
    assert len(receiver.received) == row.attempts


async def test_an_endpoint_that_is_gone_gets_no_further_attempts(office: Office) -> None:
    process, receiver = await office.process(), await office.receiver()
    receiver.default = status(410)
    (message,) = await office.write(await office.tenant(), receiver.url)
    await settle(process)
    row = await office.row(message)
    assert (row.status, row.attempts, row.last_status, row.next_attempt_at) == ("failed", 1, 410, None)


async def test_a_message_is_posted_again_when_the_process_died_before_writing_the_result(office: Office) -> None:
    first, second, receiver = await office.process(), await office.process(), await office.receiver()
    receiver.answers = [when(asyncio.Event(), status(200))]
    (message,) = await office.write(await office.tenant(), receiver.url)
    run = asyncio.create_task(first.run_once())
    await receiver.until(1)
    await stop(run)
    await first.drain(timeout_seconds=0)  # the process dies before the response arrives

    await settle(second)
    assert len(receiver.received) == 1  # the lease still holds
    office.clock.advance(LEASE.total_seconds() + 1)
    await settle(second)

    assert [request.id for request in receiver.received] == [message] * 2
    row = await office.row(message)
    assert (row.status, row.attempts) == ("delivered", 2)


async def test_a_result_that_comes_after_the_lease_expired_is_not_written(office: Office) -> None:
    first, second, receiver = await office.process(), await office.process(), await office.receiver()
    released = asyncio.Event()
    receiver.answers = [when(released, status(500)), status(200)]
    (message,) = await office.write(await office.tenant(), receiver.url)
    losses = counted("seedgate_lease_losses_total", job="deliver")
    run = asyncio.create_task(first.run_once())
    await receiver.until(1)
    office.clock.advance(LEASE.total_seconds() + 1)
    await settle(second)
    before = await office.row(message)

    released.set()
    await run
    await first.drain(timeout_seconds=HANG_SECONDS)

    after = await office.row(message)
    assert (after.status, after.last_status, after.updated_at) == ("delivered", 200, before.updated_at)
    assert counted("seedgate_lease_losses_total", job="deliver") == losses + 1


async def test_no_database_connection_is_held_while_an_endpoint_is_awaited(office: Office, engine: AsyncEngine) -> None:
    process, receiver = await office.process(total_seconds=3600.0), await office.receiver()
    receiver.default = when(asyncio.Event(), status(200))
    await office.write(await office.tenant(), receiver.url, count=3)
    run = asyncio.create_task(process.run_once())
    await receiver.until(3)
    await stop(run)
    pool = engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    await until(lambda: not pool.checkedout())  # the last claim may just be at its end


async def test_two_processes_at_once_post_each_message_once(office: Office) -> None:
    processes, receiver = [await office.process() for _ in range(3)], await office.receiver()
    tenants = [await office.tenant() for _ in range(3)]
    messages = [message for tenant in tenants for message in await office.write(tenant, receiver.url, count=20)]
    await asyncio.gather(*(process.run_once() for process in processes))
    for process in processes:
        await process.drain(timeout_seconds=HANG_SECONDS)
    assert sorted(request.id for request in receiver.received) == sorted(messages)


@pytest.mark.parametrize("is_same_tenant", [True, False])
async def test_ten_thousand_messages_to_a_hanging_endpoint_delay_no_other_message(
    office: Office, *, is_same_tenant: bool
) -> None:
    process = await office.process(total_seconds=3600.0, caps=Caps(total=8, per_tenant=6, per_origin=4))
    hanging, alive = await office.receiver(), await office.receiver()
    hanging.default = when(asyncio.Event(), status(200))
    loud = await office.tenant()
    quiet = loud if is_same_tenant else await office.tenant()
    await office.flood(loud, hanging.url, count=10_000)
    run = asyncio.create_task(process.run_once())
    await hanging.until(4)

    (message,) = await office.write(quiet, alive.url)
    await alive.until(1)  # a post to the other one would take an hour
    await stop(run)

    assert alive.received[0].id == message
    assert len(hanging.received) == 4


async def test_hanging_endpoints_of_one_tenant_leave_slots_for_the_others(office: Office) -> None:
    process = await office.process(total_seconds=3600.0, caps=Caps(total=8, per_tenant=6, per_origin=4))
    hanging: list[Receiver] = [await office.receiver() for _ in range(10)]
    alive = await office.receiver()
    loud, quiet = await office.tenant(), await office.tenant()
    for receiver in hanging:
        receiver.default = when(asyncio.Event(), status(200))
        await office.write(loud, receiver.url, count=10)
    run = asyncio.create_task(process.run_once())
    await until(lambda: sum(len(receiver.received) for receiver in hanging) >= 6)
    await office.write(quiet, alive.url, count=20)
    await alive.until(20)
    await stop(run)
    assert sum(len(receiver.received) for receiver in hanging) == 6


async def test_a_secret_that_cannot_be_opened_delays_only_its_tenant(office: Office) -> None:
    process, receiver = await office.process(), await office.receiver()
    broken, whole = await office.tenant(), await office.tenant()
    await office.secret(broken)
    other = SecretBox.from_text(generate_key()).seal("x", row=broken, column="secret_sealed")
    async with office.sessions.begin() as session:
        await session.execute(update(WebhookSecretRow).values(secret_sealed=other))
    (message,) = await office.write(broken, receiver.url)
    await office.write(whole, receiver.url)
    await settle(process)
    row = await office.row(message)
    assert (row.status, row.attempts) == ("pending", 1)
    assert row.last_error == "the message could not be signed"
    assert len(receiver.received) == 1


async def test_a_secret_is_kept_sealed_and_stays_the_same(office: Office) -> None:
    tenant = await office.tenant()
    secret = await office.secret(tenant)
    assert secret.startswith("whsec_")
    assert await office.secret(tenant) == secret
    async with office.sessions() as session:
        row = await session.get(WebhookSecretRow, tenant)
    assert row is not None
    assert secret not in row.secret_sealed
    assert secret.removeprefix("whsec_") not in row.secret_sealed


async def test_every_attempt_is_counted_and_logged_with_the_origin_of_its_url_alone(office: Office) -> None:
    process, receiver = await office.process(), await office.receiver()
    receiver.answers = [status(500)]
    (message,) = await office.write(await office.tenant(), receiver.url, video_url="https://signed.example/?x=1")
    before = {outcome: counted("seedgate_deliveries_total", outcome=outcome) for outcome in ("refused", "delivered")}
    with capture_logs() as logs:
        await settle(process)
        office.clock.advance(10)
        await settle(process)
    lines = [line for line in logs if line["event"] == "delivery_attempted"]
    assert [(line["delivery"], line["attempt"], line["outcome"], line["state"]) for line in lines] == [
        (message, 1, "refused", "pending"),
        (message, 2, "delivered", "delivered"),
    ]
    origin = receiver.url.partition("/hook")[0]
    assert {line["origin"] for line in lines} == {origin}
    assert not any(word in str(logs) for word in ("/hook", "secret=path", "signed.example", "whsec_"))
    for outcome, count in before.items():
        assert counted("seedgate_deliveries_total", outcome=outcome) == count + 1


async def test_messages_that_ended_thirty_days_ago_are_removed_and_no_others(office: Office) -> None:
    process, receiver = await office.process(), await office.receiver()
    tenant = await office.tenant()
    receiver.answers = [status(410)]
    await office.write(tenant, receiver.url)
    await settle(process)
    await office.write(tenant, receiver.url)
    await settle(process)
    office.clock.advance(RETENTION.total_seconds() - 60)
    await process.prune()
    assert len(await office.rows(tenant)) == 2
    (pending,) = await office.write(tenant, "http://127.0.0.1:1/")
    office.clock.advance(120)
    await process.prune()
    assert [row.id for row in await office.rows(tenant)] == [pending]
    office.clock.advance(RETENTION.total_seconds() * 2)
    await process.prune()
    assert [row.id for row in await office.rows(tenant)] == [pending]


async def test_no_message_is_posted_before_it_is_due(office: Office) -> None:
    process, receiver = await office.process(), await office.receiver()
    await office.write(await office.tenant(), receiver.url)
    async with office.sessions.begin() as session:
        await session.execute(update(DeliveryRow).values(next_attempt_at=office.clock() + timedelta(minutes=1)))
    await settle(process)
    assert receiver.received == []
    office.clock.advance(61)
    await settle(process)
    assert len(receiver.received) == 1


async def test_a_message_wakes_the_job_of_the_process_that_writes_it(office: Office) -> None:
    engine: AsyncEngine = office.sessions.kw["bind"]
    due = DueWork(engine, office.sessions, office.clock, instance_id="inst-1").watch(DELIVERIES_DUE)
    await office.write(await office.tenant(), "https://hooks.example.com/")
    assert due.is_set()
