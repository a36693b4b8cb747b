"""Budgets over the admin API."""

from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from app.money.budgets.service import MAX_BUDGETS_PER_TENANT
from app.money.models import BudgetPeriodRow
from app.money.prices.default_prices import DEFAULT_PRICES
from app.money.prices.service import seed_prices
from tests.support.admin_app import Process
from tests.support.clock import MovableClock
from tests.usage.rows import row

MONTH = {"amount_micros": 500_000_000, "currency": "CNY", "period": "month", "time_zone": "Asia/Shanghai"}
NOW = datetime(2026, 11, 30, 15, 59, 58, tzinfo=UTC)
DECEMBER = datetime(2026, 11, 30, 16, tzinfo=UTC)


@pytest_asyncio.fixture(autouse=True)
async def fresh_prices(process: Process, clock: MovableClock) -> None:
    """The prices of a fresh installation, just before the month ends in Shanghai."""
    await seed_prices(process.sessions, DEFAULT_PRICES)
    clock.advance((NOW - clock()).total_seconds())


async def make(process: Process, tenant_id: str, **fields: Any) -> dict[str, Any]:
    made = await process.admin.post("/budgets", json={"tenant_id": tenant_id, **MONTH, **fields})
    assert made.status_code == 201, made.text
    budget: dict[str, Any] = made.json()
    return budget


async def audited(process: Process, tenant_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Returns the changes of a tenant's budgets, oldest first."""
    rows = (await process.admin.get("/audit", params={"tenant": tenant_id, "limit": 100})).json()["data"]
    return [(row["action"], row["detail"]) for row in reversed(rows) if row["action"].startswith("budget.")]


async def test_a_budget_is_shown_changed_and_deleted_and_each_change_is_in_the_audit_log(process: Process) -> None:
    key = await process.key()
    budget = await make(process, key["tenant_id"], key_id=key["id"])
    assert budget == {
        "id": budget["id"],
        "tenant_id": key["tenant_id"],
        "key_id": key["id"],
        **MONTH,
        "is_hard": True,
        "used_micros": 0,
        "held_micros": 0,
        "left_micros": 500_000_000,
        "period_starts_at": "2026-10-31T16:00:00Z",
        "period_ends_at": "2026-11-30T16:00:00Z",
        "created_at": budget["created_at"],
    }
    path = f"/budgets/{budget['id']}"
    assert (await process.admin.get(path)).json() == budget
    assert (await process.admin.get("/budgets")).json()["data"] == [budget]

    patched = await process.admin.patch(path, json={"amount_micros": 800_000_000, "is_hard": False})
    changed = budget | {"amount_micros": 800_000_000, "left_micros": 800_000_000, "is_hard": False}
    assert (patched.status_code, patched.json()) == (200, changed)
    # Nothing changes, and nothing is recorded.
    for nothing in ({}, {"is_hard": False}):
        assert (await process.admin.patch(path, json=nothing)).json() == changed

    assert (await process.admin.delete(path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await process.admin.request(method, path)).json()["error"]["code"] == "NotFound.budget_id"
    assert (await process.admin.get("/budgets")).json()["data"] == []
    of_key, soft = {"key_id": key["id"]}, {"amount_micros": 800_000_000, "is_hard": False}
    before = {"amount_micros": 500_000_000, "is_hard": True}
    assert await audited(process, key["tenant_id"]) == [
        ("budget.create", of_key | MONTH | {"is_hard": True}),
        ("budget.update", of_key | {"before": before, "after": soft}),
        ("budget.delete", of_key | MONTH | soft | {"used_micros": 0, "held_micros": 0}),
    ]


async def test_what_is_spent_is_that_of_the_current_period(process: Process, clock: MovableClock) -> None:
    tenant = await process.tenant()
    budget = await make(process, tenant["id"])
    path = f"/budgets/{budget['id']}"
    november = {"used_micros": 400_000_000, "held_micros": 99_999_999}
    starts_at = datetime.fromisoformat(budget["period_starts_at"])
    async with process.sessions.begin() as session:
        period = await session.get_one(BudgetPeriodRow, (budget["id"], starts_at))
        assert period.ends_at == DECEMBER
        period.used_micros, period.held_micros = november.values()
    assert (await process.admin.get(path)).json() == budget | november | {"left_micros": 1}

    # A settlement may exceed its hold, and an amount may be made smaller than what is spent.
    assert (await process.admin.patch(path, json={"amount_micros": 1})).json()["left_micros"] == 0
    await process.admin.patch(path, json={"amount_micros": 500_000_000})

    clock.advance(2)
    december = {"period_starts_at": "2026-11-30T16:00:00Z", "period_ends_at": "2026-12-31T16:00:00Z"}
    assert (await process.admin.get(path)).json() == budget | december


async def test_a_new_budget_counts_what_its_period_has_cost_so_far(process: Process, clock: MovableClock) -> None:
    key = await process.key()
    of_key = {"tenant_id": key["tenant_id"], "key_id": key["id"], "cost_micros": 7}
    october = datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC)
    async with process.sessions.begin() as session:
        session.add_all(
            [
                row(**of_key, created_at=NOW),
                row(**of_key | {"key_id": "key_other", "cost_micros": 100}, created_at=NOW),
                row(**of_key, created_at=october),
                row(**of_key, created_at=NOW, currency="USD"),
                row(**of_key | {"tenant_id": "tenant_other"}, created_at=NOW),
            ]
        )
    for fields, used in (({}, 107), ({"key_id": key["id"]}, 7), ({"period": "total"}, 114), ({"period": "day"}, 107)):
        assert (await make(process, key["tenant_id"], **fields))["used_micros"] == used, fields


async def test_a_total_has_no_period(process: Process) -> None:
    tenant = await process.tenant()
    budget = await make(process, tenant["id"], period="total", is_hard=False, time_zone="UTC")
    assert (budget["period_starts_at"], budget["period_ends_at"], budget["is_hard"]) == (None, None, False)


async def test_budgets_are_listed_by_tenant_and_key_in_pages(process: Process, clock: MovableClock) -> None:
    one, other = await process.key(), await process.key()
    made = []
    for owner, key_id in ((one, None), (one, one["id"]), (other, None)):
        made.append((await make(process, owner["tenant_id"], key_id=key_id))["id"])
        clock.advance(0.001)

    async def listed(**query: Any) -> tuple[list[str], str | None]:
        page = (await process.admin.get("/budgets", params=query)).json()
        return [row["id"] for row in page["data"]], page["next_cursor"]

    first, cursor = await listed(limit=2)
    assert (first, await listed(limit=2, after=cursor)) == ([made[2], made[1]], ([made[0]], None))
    assert await listed(tenant=one["tenant_id"]) == ([made[1], made[0]], None)
    assert await listed(tenant=one["tenant_id"], key=one["id"]) == ([made[1]], None)
    assert await listed(key=other["id"]) == ([], None)
    assert await listed(tenant="none") == ([], None)
    for query in ({"after": "bm90aGluZw"}, {"key": ""}, {"state": "x"}):
        assert (await process.admin.get("/budgets", params=query)).status_code == 400


@pytest.mark.parametrize(
    ("change", "param", "words"),
    [
        ({"amount_micros": 0}, "amount_micros", "greater than or equal to 1"),
        ({"amount_micros": 10**15 + 1}, "amount_micros", "less than or equal to"),
        ({"amount_micros": "5"}, "amount_micros", "integer"),
        ({"amount_micros": 1.5}, "amount_micros", "integer"),
        ({"currency": "cny"}, "currency", "match pattern"),
        ({"currency": "EUR"}, "currency", "the price list has no price in EUR, only in CNY, USD"),
        ({"period": "week"}, "period", "'day', 'month' or 'total'"),
        ({"time_zone": "Asia/Shangai"}, "time_zone", "Similar: Asia/Shanghai"),
        ({"time_zone": "localtime"}, "time_zone", "There is no time zone of this name"),
        # Of the data of the zones, but for machines whose zone is not set.
        ({"time_zone": "Factory"}, "time_zone", "There is no time zone of this name"),
        ({"time_zone": "x" * 65}, "time_zone", "at most 64"),
        ({"is_hard": None}, "is_hard", ""),
        ({"amount": 5}, "amount", "not known"),
    ],
)
async def test_a_wrong_budget_is_refused_in_plain_words(
    process: Process, change: dict[str, Any], param: str, words: str
) -> None:
    tenant = await process.tenant()
    answer = await process.admin.post("/budgets", json={"tenant_id": tenant["id"], **MONTH, **change})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert (error["code"].partition(".")[2], error["param"]) == (param, param)
    assert words in error["message"]
    assert await audited(process, tenant["id"]) == []


async def test_a_budget_is_for_a_tenant_that_exists_and_for_one_of_its_keys(process: Process) -> None:
    key, foreign = await process.key(), await process.key()
    deleted = await process.key()
    await process.admin.delete(f"/tenants/{deleted['tenant_id']}")
    revoked = await process.key(key["tenant_id"])
    await process.admin.delete(f"/keys/{revoked['id']}")
    for wanted, status, code in (
        ({}, 400, "MissingParameter.tenant_id"),
        ({"tenant_id": "none"}, 404, "NotFound.tenant_id"),
        ({"tenant_id": deleted["tenant_id"]}, 404, "NotFound.tenant_id"),
        ({"tenant_id": key["tenant_id"], "key_id": "none"}, 404, "NotFound.key_id"),
        ({"tenant_id": key["tenant_id"], "key_id": foreign["id"]}, 400, "InvalidParameter.key_id"),
        ({"tenant_id": key["tenant_id"], "key_id": revoked["id"]}, 409, "InvalidAction"),
    ):
        answer = await process.admin.post("/budgets", json=MONTH | wanted)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), wanted


@pytest.mark.parametrize("name", ["tenant_id", "key_id", "currency", "period", "time_zone"])
async def test_what_was_counted_by_cannot_be_changed(process: Process, name: str) -> None:
    budget = await make(process, (await process.tenant())["id"])
    for value in ("x", budget[name], None):
        answer = await process.admin.patch(f"/budgets/{budget['id']}", json={name: value})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, name), answer.text
        assert "it cannot be changed" in answer.json()["error"]["message"]
    assert (await process.admin.get(f"/budgets/{budget['id']}")).json() == budget


async def test_a_tenant_has_a_limited_number_of_budgets(process: Process) -> None:
    tenant, other = await process.tenant(), await process.tenant()
    made = [await make(process, tenant["id"]) for _ in range(MAX_BUDGETS_PER_TENANT)]
    refused = await process.admin.post("/budgets", json={"tenant_id": tenant["id"], **MONTH})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "InvalidAction")
    assert str(MAX_BUDGETS_PER_TENANT) in refused.json()["error"]["message"]
    await make(process, other["id"])
    await process.admin.delete(f"/budgets/{made[0]['id']}")
    await make(process, tenant["id"])


async def test_the_budgets_of_a_tenant_end_with_it(process: Process) -> None:
    key = await process.key()
    budget = await make(process, key["tenant_id"], key_id=key["id"])
    kept = await make(process, (await process.tenant())["id"])
    # The key may have a successor, which counts in the same budget.
    await process.admin.delete(f"/keys/{key['id']}")
    assert (await process.admin.get(f"/budgets/{budget['id']}")).status_code == 200
    assert (await process.admin.delete(f"/tenants/{key['tenant_id']}")).status_code == 204
    assert (await process.admin.get(f"/budgets/{budget['id']}")).status_code == 404
    assert [row["id"] for row in (await process.admin.get("/budgets")).json()["data"]] == [kept["id"]]
