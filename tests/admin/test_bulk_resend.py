"""Many deliveries are sent again at once: by their ids, or all that an endpoint has not accepted."""

from typing import Any

import pytest
from sqlalchemy import select, update

from app.webhooks.delivery_worker import apply_result
from app.webhooks.models import DeliveryRow
from app.webhooks.outbox import enqueue
from app.webhooks.sender import Outcome, Result
from tests.support.admin_app import Process
from tests.support.clock import MovableClock

ENDPOINT = "https://hooks.example"
REFUSED = Result(Outcome.REFUSED, 500, "answered with 500")
GONE = Result(Outcome.GONE, 410, "gone")


async def deliver(
    process: Process, tenant_id: str, clock: MovableClock, result: Result | None = GONE, *, origin: str = ENDPOINT
) -> str:
    """Writes a delivery and the result of its third attempt, if it had one; returns its id."""
    async with process.sessions.begin() as session:
        enqueue(session, tenant_id=tenant_id, task_id="t", key_id="k", url=f"{origin}/path", body={}, now=clock())
        (row,) = [each for each in session.new if isinstance(each, DeliveryRow)]
        if result is not None:
            row.attempts = 3
            apply_result(row, result, now=clock())
        return row.id


async def resend(process: Process, **body: Any) -> dict[str, Any]:
    answer = await process.admin.post("/deliveries/resend", json=body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def resent(process: Process) -> set[str]:
    """The deliveries that are due now with new attempts."""
    async with process.sessions() as session:
        rows = (await session.scalars(select(DeliveryRow))).all()
    return {row.id for row in rows if (row.status, row.attempts) == ("pending", 0) and row.updated_at > row.created_at}


async def audited(process: Process, **query: str) -> list[dict[str, Any]]:
    query = {"action": "delivery.resend", "limit": "100", **query}
    rows: list[dict[str, Any]] = (await process.admin.get("/audit", params=query)).json()["data"]
    return rows


async def test_named_deliveries_are_sent_again_whatever_their_state(process: Process, clock: MovableClock) -> None:
    tenant = (await process.tenant())["id"]
    ids = [await deliver(process, tenant, clock, result) for result in (GONE, REFUSED, Result(Outcome.DELIVERED, 200))]
    other = await deliver(process, tenant, clock)

    shown = await resend(process, ids=[*ids, "msg_none", ids[0], "msg_none"])

    assert shown == {"resent": 3, "not_found": ["msg_none"], "has_more": False}
    assert await resent(process) == set(ids)
    rows = await audited(process, tenant=tenant)
    assert {row["target_id"] for row in rows} == set(ids)
    assert (len(rows), {row["target_type"] for row in rows}) == (3, {"delivery"})
    assert other not in {row["target_id"] for row in rows}


async def test_an_endpoint_gets_what_it_has_not_accepted_and_nothing_else(
    process: Process, clock: MovableClock
) -> None:
    mine, theirs = [(await process.tenant())["id"] for _ in range(2)]
    given_up = await deliver(process, mine, clock)
    waiting = await deliver(process, mine, clock, REFUSED)
    of_other_tenant = await deliver(process, theirs, clock)
    await deliver(process, mine, clock, Result(Outcome.DELIVERED, 200))
    await deliver(process, mine, clock, None)
    await deliver(process, mine, clock, origin="https://other.example")
    under_way = await deliver(process, mine, clock, REFUSED)
    async with process.sessions.begin() as session:
        leased = update(DeliveryRow).where(DeliveryRow.id == under_way)
        await session.execute(leased.values(lease_token="lease_1", lease_until=clock()))

    assert await resend(process, endpoint=ENDPOINT, tenant=mine) == {"resent": 2, "not_found": [], "has_more": False}
    assert await resent(process) == {given_up, waiting}
    assert (await resend(process, endpoint=ENDPOINT))["resent"] == 1
    assert await resent(process) == {given_up, waiting, of_other_tenant}
    assert (await resend(process, endpoint=ENDPOINT))["resent"] == 0
    rows = await audited(process, target=ENDPOINT)
    assert [(row["target_type"], row["tenant_id"], row["detail"]) for row in reversed(rows)] == [
        ("endpoint", mine, {"status": "failed", "count": 1}),
        ("endpoint", mine, {"status": "pending", "count": 1}),
        ("endpoint", theirs, {"status": "failed", "count": 1}),
    ]


async def test_one_request_resends_a_bounded_number_oldest_first(
    process: Process, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.admin.bulk_resend._STEP", 2)
    monkeypatch.setattr("app.admin.bulk_resend.MAX_RESENT", 4)
    tenant = (await process.tenant())["id"]
    ids = [await deliver(process, tenant, clock, GONE if number < 5 else REFUSED) for number in range(7)]

    assert await resend(process, endpoint=ENDPOINT) == {"resent": 4, "not_found": [], "has_more": True}
    assert await resent(process) == set(ids[:4])
    assert (await resend(process, endpoint=ENDPOINT))["resent"] == 3
    assert await resent(process) == set(ids)
    assert await resend(process, endpoint=ENDPOINT) == {"resent": 0, "not_found": [], "has_more": False}


async def test_a_delivery_that_another_transaction_changes_is_left_to_it(process: Process, clock: MovableClock) -> None:
    tenant = (await process.tenant())["id"]
    locked, free = [await deliver(process, tenant, clock) for _ in range(2)]
    async with process.sessions.begin() as session:
        await session.execute(select(DeliveryRow).where(DeliveryRow.id == locked).with_for_update())
        assert (await resend(process, endpoint=ENDPOINT))["resent"] == 1
    assert await resent(process) == {free}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "InvalidParameter"),
        ({"ids": ["a"], "endpoint": ENDPOINT}, "InvalidParameter"),
        ({"ids": ["a"], "tenant": "t"}, "InvalidParameter"),
        ({"tenant": "t"}, "InvalidParameter"),
        ({"ids": []}, "MissingParameter.ids"),
        ({"ids": [""]}, "MissingParameter.ids"),
        ({"ids": [5]}, "InvalidParameter.ids"),
        ({"ids": "a"}, "InvalidParameter.ids"),
        ({"ids": ["a"] * 101}, "InvalidParameter.ids"),
        ({"endpoint": ""}, "MissingParameter.endpoint"),
        ({"endpoint": "x" * 301}, "InvalidParameter.endpoint"),
        ({"endpoint": ENDPOINT, "status": "failed"}, "InvalidParameter.status"),
    ],
)
async def test_a_body_that_does_not_say_which_is_refused(process: Process, body: dict[str, Any], code: str) -> None:
    answer = await process.admin.post("/deliveries/resend", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    "text", ["\0", "'; DROP TABLE deliveries --", "\ud800".encode("utf-8", "replace").decode(), "%"]
)
async def test_a_hostile_text_names_nothing(process: Process, text: str) -> None:
    for body in ({"ids": [text]}, {"endpoint": text}):
        answer = await process.admin.post("/deliveries/resend", json=body)
        assert answer.status_code in {200, 400}, answer.text
        assert answer.status_code == 400 or answer.json()["resent"] == 0
