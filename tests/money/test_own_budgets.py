"""A tenant sees the budgets in which its creates count, and a dry run says whether a create would fit."""

from typing import Any

from tests.support.budgets import FIXED_MICROS, new_budget, number, standings
from tests.support.gateway import MODEL, TASKS, Gateway, Tenant
from tests.support.gateway import text as prompt

DRY_RUN = {"dry_run": "true"}


async def dry_run(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    body = {"model": MODEL, "content": prompt("a kitten"), **number(), **fields}
    answer = await tenant.http.post(TASKS, params=DRY_RUN, json=body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def test_a_tenant_sees_its_own_budgets_and_those_of_its_key(gateway: Gateway) -> None:
    tenant = await gateway.tenant(limits={"unfinished_tasks": 7})
    stranger, other_key = await gateway.tenant(), await gateway.key_of(tenant.id)
    whole = await new_budget(gateway, tenant, 3 * FIXED_MICROS, period="month", time_zone="Asia/Shanghai")
    of_key = await new_budget(gateway, tenant, FIXED_MICROS, key_id=tenant.key_id, is_hard=False)
    await new_budget(gateway, tenant, 1, key_id=other_key.key_id)
    await tenant.new_task(**number())
    for path in ("/api/v3/whoami", "/api/v3/usage"):
        shown = (await tenant.http.get(path)).json()
        budgets = {budget["id"]: budget for budget in shown["budgets"]}
        assert budgets.keys() == {whole, of_key}
        assert shown["unfinished_tasks"] == [{"owner": "key", "model": None, "limit": 7, "left": 6}]
        spent = ("used_micros", "held_micros", "left_micros")
        assert [budgets[whole][name] for name in spent] == [0, FIXED_MICROS, 2 * FIXED_MICROS]
        assert [budgets[of_key][name] for name in spent] == [0, FIXED_MICROS, 0]
        named = ("owner", "currency", "is_hard", "period")
        assert [budgets[whole][name] for name in named] == ["tenant", "CNY", True, "month"]
        assert [budgets[of_key][name] for name in named] == ["key", "CNY", False, "total"]
        assert budgets[whole]["period_ends_at"].endswith("T16:00:00Z")
        assert budgets[of_key]["period_ends_at"] is None
        assert (await stranger.http.get(path)).json()["budgets"] == []


async def test_a_dry_run_tells_whether_a_create_would_fit_and_holds_nothing(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    assert "limits" not in await dry_run(tenant)
    hard = await new_budget(gateway, tenant, 2 * FIXED_MICROS)
    soft = await new_budget(gateway, tenant, FIXED_MICROS - 1, is_hard=False)
    await new_budget(gateway, tenant, 1, currency="USD", is_hard=False)
    limits = (await dry_run(tenant))["limits"]
    assert (limits["fits"], limits["unfinished_tasks"]) == (True, [])
    found = {budget["id"]: (budget["would_hold_micros"], budget["fits"]) for budget in limits["budgets"]}
    assert found == {hard: (FIXED_MICROS, True), soft: (FIXED_MICROS, False)}
    assert await standings(gateway, hard) == []

    await tenant.new_task(**number())
    assert (await dry_run(tenant))["limits"]["fits"] is True
    await tenant.new_task(**number())
    assert (await dry_run(tenant))["limits"]["fits"] is False
    assert (await tenant.create_task(**number())).status_code == 403


async def test_a_dry_run_tells_that_no_account_can_be_counted(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await new_budget(gateway, tenant, 10**15, currency="USD")
    limits = (await dry_run(tenant))["limits"]
    assert (limits["fits"], limits["budgets"]) == (False, [])
    assert (await tenant.create_task(**number())).status_code == 403
