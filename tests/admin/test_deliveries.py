"""Deliveries and webhook secrets over the admin API."""

from typing import Any

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from app.tasks.models import TaskRow, TaskStatus
from app.webhooks.delivery_worker import apply_result
from app.webhooks.models import DeliveryRow, WebhookSecretRow
from app.webhooks.outbox import enqueue
from app.webhooks.sender import Outcome, Result
from tests.support.admin_app import Process
from tests.support.clock import MovableClock
from tests.support.tasks import add_task


async def deliver(
    process: Process,
    tenant_id: str,
    clock: MovableClock,
    *,
    task_id: str = "t",
    key_id: str = "k",
    result: Result | None = None,
) -> str:
    """Writes a delivery and the result of an attempt; returns its id."""
    async with process.sessions.begin() as session:
        url = "https://hooks.example/secret/path?token=x"
        enqueue(
            session, tenant_id=tenant_id, task_id=task_id, key_id=key_id, url=url, body={"id": task_id}, now=clock()
        )
        (row,) = [each for each in session.new if isinstance(each, DeliveryRow)]
        if result is not None:
            row.attempts = 3
            apply_result(row, result, now=clock())
        return row.id


async def listed(process: Process, **query: str) -> list[dict[str, Any]]:
    answer = await process.admin.get("/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def test_a_new_secret_is_shown_once_and_audited(process: Process) -> None:
    tenant = await process.tenant()
    made = await process.admin.post(f"/tenants/{tenant['id']}/webhook-secret")
    assert made.status_code == 201
    assert set(made.json()) == {"secret", "created_at"}
    assert made.headers["cache-control"] == "no-store"
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    Webhook(secret)
    assert (await process.admin.post(f"/tenants/{tenant['id']}/webhook-secret")).json()["secret"] != secret

    audit = await process.admin.get("/audit", params={"tenant": tenant["id"]})
    assert audit.json()["data"][0]["action"] == "webhook_secret.rotate"
    assert secret.removeprefix("whsec_") not in audit.text
    async with process.sessions() as session:
        row = (await session.scalars(select(WebhookSecretRow))).one()
    assert secret.removeprefix("whsec_") not in row.secret_sealed


async def test_deliveries_are_shown_without_their_address_and_body(process: Process, clock: MovableClock) -> None:
    tenant = await process.tenant()
    failed = Result(Outcome.REFUSED, 500, "answered with 500")
    delivery = await deliver(process, tenant["id"], clock, result=failed)
    (row,) = await listed(process)
    assert row["next_attempt_at"] > row["updated_at"]
    fields = {name: row[name] for name in row if not name.endswith("_at")}
    assert fields == {
        "id": delivery,
        "tenant_id": tenant["id"],
        "task_id": "t",
        "budget_id": None,
        "origin": "https://hooks.example",
        "status": "pending",
        "attempts": 3,
        "last_status": 500,
        "last_error": "answered with 500",
    }
    assert row["delivered_at"] is None


async def test_deliveries_are_found_by_tenant_task_and_status(process: Process, clock: MovableClock) -> None:
    key = await process.key()
    other = await process.tenant()
    await add_task(process.sessions, key, TaskStatus.RUNNING)
    async with process.sessions.begin() as session:
        await session.execute(update(TaskRow).values(upstream_id="cgt-1"))
        spare_id = (await session.scalars(select(TaskRow.id))).one()
    mine = await deliver(process, key["tenant_id"], clock, task_id=spare_id)
    done = await deliver(process, other["id"], clock, result=Result(Outcome.DELIVERED, 200))
    gone = await deliver(process, other["id"], clock, result=Result(Outcome.GONE, 410, "gone"))

    assert [row["id"] for row in await listed(process)] == [gone, done, mine]
    assert [row["id"] for row in await listed(process, tenant=key["tenant_id"])] == [mine]
    for task_id in (spare_id, "cgt-1"):
        assert [(row["id"], row["task_id"]) for row in await listed(process, task=task_id)] == [(mine, "cgt-1")]
    assert [row["id"] for row in await listed(process, status="delivered")] == [done]
    assert [row["id"] for row in await listed(process, status="failed")] == [gone]
    assert await listed(process, status="failed", tenant=key["tenant_id"]) == []
    refused = await process.admin.get("/deliveries", params={"status": "lost"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidParameter.status")


async def test_a_body_is_shown_to_operators_as_it_is_posted_and_each_look_is_recorded(
    process: Process, clock: MovableClock
) -> None:
    tenant = await process.tenant()
    delivery = await deliver(process, tenant["id"], clock)
    answer = await process.admin.get(f"/deliveries/{delivery}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    (row,) = await listed(process)
    assert answer.json() == {**row, "body": '{"id":"t"}'}
    assert "token=x" not in answer.text, "the address is a secret of the tenant's"
    audit = (await process.admin.get("/audit", params={"target": delivery})).json()["data"]
    assert [(each["action"], each["tenant_id"]) for each in audit] == [("delivery.look", tenant["id"])]
    assert (await process.admin.get("/deliveries/msg_none")).status_code == 404
    assert len((await process.admin.get("/audit", params={"action": "delivery.look"})).json()["data"]) == 1


@pytest.mark.parametrize(
    "result",
    [None, Result(Outcome.DELIVERED, 200), Result(Outcome.GONE, 410, "gone")],
    ids=["pending", "delivered", "failed"],
)
async def test_a_delivery_in_any_state_is_sent_again_with_new_tries(
    process: Process, clock: MovableClock, result: Result | None
) -> None:
    tenant = await process.tenant()
    delivery = await deliver(process, tenant["id"], clock, result=result)
    async with process.sessions.begin() as session:
        await session.execute(update(DeliveryRow).values(lease_token="lease_1", lease_until=clock()))
    clock.advance(3 * 24 * 3600)

    answer = await process.admin.post(f"/deliveries/{delivery}/resend")

    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["status"], answer.json()["attempts"]) == (delivery, "pending", 0)
    async with process.sessions() as session:
        row = (await session.scalars(select(DeliveryRow))).one()
    assert row.next_attempt_at is not None
    assert abs((row.next_attempt_at - clock()).total_seconds()) < 5
    assert 23.9 * 3600 < (row.retry_until - clock()).total_seconds() <= 24 * 3600
    assert (row.lease_token, row.lease_until, row.delivered_at) == (None, None, None)
    audit = (await process.admin.get("/audit", params={"target": delivery})).json()["data"]
    assert [(change["action"], change["tenant_id"]) for change in audit] == [("delivery.resend", tenant["id"])]
