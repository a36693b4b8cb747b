"""``seedgate usage`` and ``seedgate usage check`` against a running gateway."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from app.db.base import utc_now
from app.upstream.rate_limits import RateLimiter
from tests.admin.forgotten import forget, has_a_call_to_spare
from tests.cli.commands import Command
from tests.support.budgets import FIXED_MICROS, Standing, new_budget, number, standing
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway, Tenant, get
from tests.usage.rows import UNPRICED, row, write

gateway = prepared_gateway


@pytest_asyncio.fixture
async def tenant(gateway: Gateway) -> Tenant:
    """A tenant with two models, in two currencies, one without a price."""
    tenant, yesterday = await gateway.tenant(), utc_now() - timedelta(days=1)
    fields: dict[str, Any] = {"created_at": yesterday, "key_id": tenant.key_id}
    await write(
        gateway,
        row(tenant.id, total_tokens=4_000_000, cost_micros=184_000_000, **fields),
        row(tenant.id, total_tokens=1_000_000, model="seedance-b", cost_micros=7_000_000, currency="USD", **fields),
        row(tenant.id, total_tokens=5, model="seedance-c", is_estimated=True, **fields, **UNPRICED),
    )
    return tenant


async def test_usage_is_drawn_as_bars(seedgate: Command, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    code, out, err = await seedgate("usage", "--tenant", tenant.id)
    assert code == 0
    assert out.splitlines() == [
        "model          tokens  tasks        cost",
        f"seedance-a  4,000,000      1  184.00 CNY  {'█' * 40}",
        f"seedance-b  1,000,000      1    7.00 USD  {'█' * 10}",
        "seedance-c          5      1    unpriced",
    ]
    assert "1 tasks have no price" in err
    assert "1 tasks are estimated" in err


async def test_bars_and_columns_fit_the_terminal(
    seedgate: Command, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    code, out, _ = await seedgate("usage", "--by", "key", "--tenant", tenant.id, "--key", tenant.key_id)
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 60
    assert out.splitlines()[1].startswith("test ")


async def test_the_same_as_json_and_the_rows_as_csv(seedgate: Command, tenant: Tenant) -> None:
    code, out, _ = await seedgate("usage", "--by", "tenant", "--tenant", tenant.id, "--since", "2d", "--json")
    assert code == 0
    assert {(found["currency"], found["total_tokens"]) for found in json.loads(out)} == {
        ("CNY", 4_000_000),
        ("USD", 1_000_000),
        (None, 5),
    }
    code, out, _ = await seedgate("usage", "--csv", "--tenant", tenant.id)
    assert code == 0
    assert [line["model"] for line in csv.DictReader(io.StringIO(out))] == ["seedance-a", "seedance-b", "seedance-c"]
    assert await seedgate("usage", "--tenant", tenant.id, "--since", "1h") == (
        0,
        "no task that was created in this period has ended\n",
        "",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--since", "soon"), 2, "--since"),
        (("--csv", "--json"), 2, "either --csv or --json"),
        (("--time-zone", "Nowhere/Else"), 1, "time_zone"),
        (("--csv", "--time-zone", "Nowhere/Else"), 1, "time_zone"),
        (("--by", "colour"), 2, "colour"),
    ],
)
async def test_a_mistake_is_named(seedgate: Command, arguments: tuple[str, ...], code: int, told: str) -> None:
    found, _, err = await seedgate("usage", *arguments)
    assert (found, told in err) == (code, True), err


async def test_check_agrees_names_orphans_and_fails_for_a_difference(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
    gateway.clock.advance(8 * 86_400)
    tenant = await gateway.tenant()
    task_id, orphan = await tenant.new_task(), await tenant.new_task()
    for each in (task_id, orphan):
        await gateway.force(each, "succeeded", extra={"usage": {"total_tokens": 4711}})
    await get(tenant, task_id)
    await forget(gateway, orphan)

    code, out, err = await seedgate("usage", "check", "--channel", "default")
    assert (code, "ledger, tasks, budgets and upstream agree" in err) == (0, True), err
    assert "4,711 in the ledger" in err
    assert orphan in out

    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": 4712}})
    code, out, err = await seedgate("usage", "check", "--channel", "default")
    assert (code, "1 differences" in err) == (1, True), err
    assert task_id in out
    code, out, _ = await seedgate("usage", "check", "--channel", "default", "--json")
    assert code == 1
    assert [found["other_tokens"] for found in json.loads(out)["differences"]] == [4712]


async def test_sums_of_a_budget_that_differ_are_computed_again_by_rebuild(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
    gateway.clock.advance(8 * 86_400)
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10 * FIXED_MICROS)
    await tenant.new_task(**number())
    async with gateway.sessions.begin() as session:
        drift = text("UPDATE budget_periods SET held_micros = 2 WHERE budget_id = :id")
        await session.execute(drift, {"id": budget_id})

    code, out, err = await seedgate("usage", "check", "--channel", "default")
    assert (code, budget_id in out) == (1, True), out
    assert "`seedgate usage rebuild` computes the sums of budgets again" in err

    assert await seedgate("usage", "rebuild") == (0, "periods  1\n", "")
    assert await standing(gateway, budget_id) == Standing(0, FIXED_MICROS)
    code, _, err = await seedgate("usage", "check", "--channel", "default")
    assert (code, "ledger, tasks, budgets and upstream agree" in err) == (0, True), err
    code, out, _ = await seedgate("usage", "rebuild", "--json")
    assert (code, json.loads(out)) == (0, {"periods": 0})


async def test_check_names_an_estimate_and_does_not_fail_for_it(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
    gateway.clock.advance(8 * 86_400)
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded", extra={"usage": {}})
    await get(tenant, task_id)
    code, out, err = await seedgate("usage", "check", "--channel", "default")
    assert (code, "1 tasks are estimated" in err) == (0, True), err
    assert task_id in out
    code, out, _ = await seedgate("usage", "check", "--channel", "default", "--json")
    assert [found["upstream_id"] for found in json.loads(out)["estimates"]] == [task_id]


async def test_a_list_that_could_not_be_read_fails_the_check(
    gateway: Gateway, seedgate: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimiter, "acquire", has_a_call_to_spare)
    await gateway.fault("list_tasks", times=None, kind="cut", at="before")
    code, _, err = await seedgate("usage", "check", "--channel", "default")
    assert (code, "default: INCOMPLETE: " in err) == (1, True)


async def test_a_correction_asks_first_and_shows_its_row(gateway: Gateway, seedgate: Command) -> None:
    tenant = await gateway.tenant()
    settlement = row(tenant.id)
    await write(gateway, settlement)
    command = ("usage", "correct", settlement.task_id, "--tokens", "4711", "--note", "as billed")
    code, _, err = await seedgate(*command)
    assert (code, "will have 4,711 tokens" in err) == (2, True)
    code, out, _ = await seedgate(*command, "--yes", "--json")
    assert code == 0
    assert (json.loads(out)["total_tokens"], json.loads(out)["note"]) == (4611, "as billed")
