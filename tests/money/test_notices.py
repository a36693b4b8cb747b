"""The operator is notified once of each budget, period and mark, at an endpoint of any address, whatever dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.composition import open_services
from app.money.budgets import notices
from app.money.models import BudgetPeriodRow
from app.services import Services
from app.webhooks.failures import Failure
from app.webhooks.models import OPERATOR, DeliveryRow
from app.webhooks.outbox import enqueue_for_operator
from tests.support.budgets import FIXED_MICROS, new_budget, number
from tests.support.database import own_database
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import MODEL, TASKS, Gateway, Tenant, serve_gateway
from tests.support.gateway import text as prompt
from tests.support.timeouts import HANG_SECONDS
from tests.webhooks.receiver import Receiver, receiving, status

WARNING, EXHAUSTED, REFUSED = "budget.warning", "budget.exhausted", "budget.refused"


@pytest_asyncio.fixture(scope="module")
async def running_gateway(database_url: str) -> AsyncIterator[Gateway]:
    """One of these tests alone: others move its clock by months, and a receiver refuses a message of another time."""
    async with own_database(database_url) as url, open_frozen_gateway(url) as opened:
        yield opened


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The operator's endpoint, at an address to which no tenant's callback may go."""
    async with receiving() as running:
        yield running


@pytest_asyncio.fixture
async def secret(gateway: Gateway) -> str:
    """The operator's secret, which is shown once."""
    made = await gateway.admin.post("/webhook-secret")
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    return str(made.json()["secret"])


@asynccontextmanager
async def process(gateway: Gateway, url: str | None) -> AsyncIterator[Services]:
    """Runs one more process, whose operator has this endpoint."""
    webhook = None if url is None else SecretStr(url)
    settings = gateway.settings.model_copy(update={"operator_webhook": webhook})
    async with open_services(settings, clock=gateway.clock, monotonic=gateway.seconds) as services:
        yield services


async def deliver(services: Services) -> None:
    """Posts the messages that are due."""
    await services.delivery_worker.run_once()
    await services.delivery_worker.drain(timeout_seconds=HANG_SECONDS)


async def notify(gateway: Gateway, receiver: Receiver) -> None:
    """Writes the messages that are due, and posts them."""
    async with process(gateway, receiver.url) as services:
        assert services.budget_notices is not None
        await services.budget_notices.run_once()
        await deliver(services)


async def spend(gateway: Gateway, budget_id: str, **columns: Any) -> None:
    """Writes what is spent of a budget in its only period."""
    change = update(BudgetPeriodRow).where(BudgetPeriodRow.budget_id == budget_id).values(**columns)
    async with gateway.sessions.begin() as session:
        await session.execute(change)


async def budget_of(gateway: Gateway, amount_micros: int, **fields: Any) -> dict[str, Any]:
    """Makes a budget of a new tenant over the admin API."""
    tenant = await gateway.tenant()
    wanted = {"tenant_id": tenant.id, "amount_micros": amount_micros, "currency": "CNY", "period": "month", **fields}
    made = await gateway.admin.post("/budgets", json=wanted)
    assert made.status_code == 201, made.text
    budget: dict[str, Any] = made.json()
    return budget


def types(receiver: Receiver, secret: str, budget_id: str) -> list[str]:
    """Returns the types of the messages about a budget that arrived, as a receiver verifies them."""
    bodies = [message.verify(secret) for message in receiver.received]
    return [body["type"] for body in bodies if body["data"]["budget"]["id"] == budget_id]


async def listed(gateway: Gateway, budget_id: str) -> list[dict[str, Any]]:
    """Returns the messages about a budget as the operator sees them."""
    rows = (await gateway.admin.get("/deliveries", params={"tenant": OPERATOR, "limit": 100})).json()["data"]
    return [row for row in rows if row["budget_id"] == budget_id]


@pytest.mark.parametrize("is_hard", [True, False])
async def test_each_mark_is_told_once_with_the_budget_as_it_is(
    gateway: Gateway, receiver: Receiver, secret: str, *, is_hard: bool
) -> None:
    budget = await budget_of(gateway, 1001, is_hard=is_hard, time_zone="Asia/Shanghai")
    for used, held, told in (
        (700, 100, []),
        (700, 101, [WARNING]),  # 80 per cent, rounded up
        (0, 0, [WARNING]),
        (1000, 0, [WARNING]),
        (1000, 1, [WARNING, EXHAUSTED]),
        (2000, 0, [WARNING, EXHAUSTED]),
    ):
        await spend(gateway, budget["id"], used_micros=used, held_micros=held)
        for _ in range(2):
            await notify(gateway, receiver)
        assert types(receiver, secret, budget["id"]) == told, (used, held)
    first = receiver.received[0]
    body = first.verify(secret)
    tenant = (await gateway.admin.get(f"/tenants/{budget['tenant_id']}")).json()
    spent = {"used_micros": 700, "held_micros": 101, "left_micros": 200}
    shown = {name: value for name, value in budget.items() if name != "created_at"}
    names = {"tenant_name": tenant["name"], "key_name": None}
    assert body["data"] == {"percent": 80, "has_refused": False, "budget": shown | spent | names}
    assert body["timestamp"].endswith("Z")
    assert first.target == "/hook?secret=path"


async def test_both_marks_at_once_are_two_messages(gateway: Gateway, receiver: Receiver, secret: str) -> None:
    budget = await budget_of(gateway, 100)
    await spend(gateway, budget["id"], used_micros=5000)
    await notify(gateway, receiver)
    assert sorted(types(receiver, secret, budget["id"])) == [EXHAUSTED, WARNING]


async def refuse(gateway: Gateway, tenant: Tenant) -> None:
    """Lets a process refuse a create; it writes what it has noted when it stops at the latest."""
    async with serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as base_url:
        body = {"model": MODEL, "content": prompt("a kitten"), **number()}
        refused = await tenant.http.post(f"{base_url}{TASKS}", json=body)
        assert refused.status_code == 403


async def test_a_refused_create_is_told_once_and_apart_from_what_is_spent(
    gateway: Gateway, receiver: Receiver, secret: str
) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 2 * FIXED_MICROS - 1)
    await tenant.new_task(**number())
    await notify(gateway, receiver)
    assert types(receiver, secret, budget_id) == []
    for _ in range(2):
        await refuse(gateway, tenant)
        await notify(gateway, receiver)
    assert types(receiver, secret, budget_id) == [REFUSED]
    data = receiver.received[0].verify(secret)["data"]
    assert (data["percent"], data["has_refused"], data["budget"]["left_micros"]) == (50, True, FIXED_MICROS - 1)


async def test_a_create_that_is_larger_than_its_budget_keeps_no_mark_from_being_told(
    gateway: Gateway, receiver: Receiver, secret: str
) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS - 1)
    await refuse(gateway, tenant)
    expected = []
    for share, told in ((0, [REFUSED]), (79, []), (80, [WARNING]), (99, []), (100, [EXHAUSTED]), (120, [])):
        # Rounded up, so that a mark is reached.
        await spend(gateway, budget_id, used_micros=-(-(FIXED_MICROS - 1) * share // 100))
        await notify(gateway, receiver)
        expected += told
        assert types(receiver, secret, budget_id) == expected, share


async def test_a_refusal_of_a_budget_that_is_all_spent_is_no_message_of_its_own(
    gateway: Gateway, receiver: Receiver, secret: str
) -> None:
    budget = await budget_of(gateway, 1000)
    await spend(gateway, budget["id"], used_micros=1000)
    await notify(gateway, receiver)
    for used in (1000, 500):
        await spend(gateway, budget["id"], used_micros=used, refused_at=gateway.clock())
        await notify(gateway, receiver)
    assert sorted(types(receiver, secret, budget["id"])) == [EXHAUSTED, WARNING]


async def test_processes_that_look_at_the_same_time_tell_it_once(
    gateway: Gateway, receiver: Receiver, secret: str
) -> None:
    budgets = [await budget_of(gateway, 100) for _ in range(5)]
    for budget in budgets:
        await spend(gateway, budget["id"], used_micros=80)
    async with process(gateway, receiver.url) as one, process(gateway, receiver.url) as other:
        assert one.budget_notices is not None
        assert other.budget_notices is not None
        await asyncio.gather(*(each.run_once() for each in (one.budget_notices, other.budget_notices) * 2))
        await deliver(one)
    assert [types(receiver, secret, budget["id"]) for budget in budgets] == [[WARNING]] * 5


async def test_a_process_that_dies_before_its_commit_tells_nothing_and_the_next_one_all(
    gateway: Gateway, receiver: Receiver, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = await budget_of(gateway, 100)
    await spend(gateway, budget["id"], used_micros=100)
    written: list[str] = []

    def die_at_the_second(session: AsyncSession, **fields: Any) -> None:
        enqueue_for_operator(session, **fields)
        written.append(fields["budget_id"])
        if len(written) == len(notices.MARKS):
            raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(notices, "enqueue_for_operator", die_at_the_second)
        with pytest.raises(ConnectionError):
            await notify(gateway, receiver)
    assert written == [budget["id"]] * 2
    assert await listed(gateway, budget["id"]) == []
    await notify(gateway, receiver)
    assert sorted(types(receiver, secret, budget["id"])) == [EXHAUSTED, WARNING]


async def test_a_message_is_retried_and_seen_among_the_deliveries_without_its_url(
    gateway: Gateway, receiver: Receiver, secret: str
) -> None:
    budget = await budget_of(gateway, 100)
    await spend(gateway, budget["id"], used_micros=80)
    receiver.answers = [status(500)]
    await notify(gateway, receiver)
    (shown,) = await listed(gateway, budget["id"])
    assert (shown["tenant_id"], shown["task_id"], shown["status"]) == (OPERATOR, None, "pending")
    assert shown["last_error"] == f"{Failure.REFUSED} (500) (allowed network)"
    assert shown["origin"] == receiver.url.partition("/hook")[0]
    async with gateway.sessions() as session:
        (row,) = await session.scalars(select(DeliveryRow).where(DeliveryRow.budget_id == budget["id"]))
    assert row.url == ""

    # A process without the setting does not lose it.
    gateway.clock.advance(10)
    async with process(gateway, None) as services:
        assert services.budget_notices is None
        await deliver(services)
    (shown,) = await listed(gateway, budget["id"])
    assert (shown["status"], shown["last_error"]) == ("pending", Failure.NO_ENDPOINT.value)

    gateway.clock.advance(60)
    await notify(gateway, receiver)
    (shown,) = await listed(gateway, budget["id"])
    assert (shown["status"], shown["attempts"], shown["last_error"]) == ("delivered", 3, None)
    assert len({message.id for message in receiver.received}) == 1
    resent = await gateway.admin.post(f"/deliveries/{shown['id']}/resend")
    assert (resent.status_code, resent.json()["status"]) == (200, "pending")
    await notify(gateway, receiver)
    assert types(receiver, secret, budget["id"]) == [WARNING] * 3


async def test_what_is_deleted_or_long_over_is_not_told(gateway: Gateway, receiver: Receiver, secret: str) -> None:
    deleted, old = await budget_of(gateway, 100), await budget_of(gateway, 100)
    for budget in (deleted, old):
        await spend(gateway, budget["id"], used_micros=100)
    await gateway.admin.delete(f"/budgets/{deleted['id']}")
    async with gateway.sessions.begin() as session:
        ends_at = gateway.clock() - notices.LATE
        is_old = BudgetPeriodRow.budget_id == old["id"]
        await session.execute(update(BudgetPeriodRow).where(is_old).values(ends_at=ends_at))
    await notify(gateway, receiver)
    assert [types(receiver, secret, budget["id"]) for budget in (deleted, old)] == [[], []]


async def test_a_changed_amount_has_messages_of_its_own(gateway: Gateway, receiver: Receiver, secret: str) -> None:
    budget = await budget_of(gateway, 1000, period="total")
    path = f"/budgets/{budget['id']}"
    expected = [WARNING, EXHAUSTED]
    await spend(gateway, budget["id"], used_micros=1000, refused_at=gateway.clock())
    await notify(gateway, receiver)
    assert sorted(types(receiver, secret, budget["id"])) == sorted(expected)
    for amount, used, told in (
        (1200, 1000, []),  # still above 80 per cent, of which the operator knows
        (2000, 1599, []),
        (2000, 1600, [WARNING]),
        (1800, 1600, []),
        (1600, 1600, [EXHAUSTED]),
        (1600, 1700, []),
    ):
        await gateway.admin.patch(path, json={"amount_micros": amount})
        await spend(gateway, budget["id"], used_micros=used)
        await notify(gateway, receiver)
        expected += told
        assert sorted(types(receiver, secret, budget["id"])) == sorted(expected), (amount, used)
