"""The operator's commands in the hands of an admin with the role billing."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import Command
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway

gateway = prepared_gateway


async def test_a_billing_admin_sees_usage_prices_and_budgets_and_changes_the_last_two(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tenant = await gateway.tenant()
    made = await gateway.admin.post("/admins", json={"name": "finance", "role": "billing"})
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", made.json()["token"])

    async def run(*arguments: str) -> str:
        code, out, err = await seedgate(*arguments)
        assert code == 0, f"{arguments}: {out}{err}"
        return out

    of_tenant, of_key = ("--tenant", tenant.id), ("--key", tenant.key_id)
    terms = ("--amount", "500", "--currency", "CNY", "--period", "month")
    budget = json.loads(await run("budgets", "create", tenant.id, *of_key, *terms, "--json"))
    assert (budget["tenant_id"], budget["key_id"]) == (tenant.id, tenant.key_id)
    for filters in (of_tenant, of_key, (*of_tenant, *of_key)):
        assert budget["id"] in await run("budgets", "list", *filters)
    assert "800" in await run("budgets", "update", budget["id"], "--amount", "800")
    await run("budgets", "get", budget["id"])
    await run("budgets", "delete", budget["id"], "--yes")
    for form in ((), ("--by", "key", "--json"), ("--csv",)):
        await run("usage", *form, *of_tenant, *of_key)
    _, out, err = await seedgate("usage", "check", "--channel", "default")
    # What it finds depends on the tests before.
    assert "default: " in out + err
    prices = tmp_path / "prices.json"
    prices.write_text(await run("prices", "list", "--json"))
    await run("prices", "replace", str(prices), "--yes")
    await run("summary")


async def test_a_billing_admin_is_told_to_give_ids_and_is_refused_what_changes_the_ledger(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await gateway.admin.post("/admins", json={"name": "finance", "role": "billing"})
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", made.json()["token"])
    for arguments, told in (
        (("budgets", "list", "--tenant", "studio"), "give the id, which `seedgate usage --by tenant --json` shows"),
        (("usage", "--key", "render"), "give the id, which `seedgate usage --by key --json` shows"),
        (("usage", "correct", "cgt-1", "--tokens", "1", "--note", "a", "--yes"), "does not permit this"),
        (("usage", "rebuild"), "does not permit this"),
        (("tenants", "list"), "does not permit this"),
        (("keys", "list"), "does not permit this"),
    ):
        code, out, err = await seedgate(*arguments)
        assert (code, out) == (1, ""), arguments
        assert told in err, arguments
