"""kill -9 at random, while several tenants' clients create tasks through two gateways and send again what fails."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.clients import Create
from tests.chaos.figures import Figures
from tests.chaos.site import Site, Tenant, settle
from tests.chaos.storm import Slot, kill_until, load, open_slots
from tests.chaos.verdict import billed_otherwise, budgets_otherwise, check_creates

pytestmark = pytest.mark.slow

CREATES = int(os.environ.get("CHAOS_CREATES", "2000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "50"))
_USERS = 24
_PAUSE = (0.3, 1.2)
_BUDGET_MICROS = 150_000_000
_KEY_BUDGET_MICROS = 60_000_000
_ASKED = 150
_PERIODS = "FROM budget_periods WHERE budget_id = ANY(:ids)"


async def test_two_thousand_creates_over_fifty_kills_with_callbacks(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    slots, tenants, creates = await _create_while_gateways_are_killed(site, CREATES)
    kills = site.kills
    await settle(site, "submitting", "unknown")
    assert kills >= KILLS
    await check_creates(site, slots[0].process, creates, tell=tell, kills=kills, tenants=tenants)


async def test_kills_without_callbacks_leave_every_paid_task_owned_or_listed_as_an_orphan(
    site: Site, tell: Callable[[Figures], None]
) -> None:
    slots, tenants, creates = await _create_while_gateways_are_killed(site, CREATES // 4, public_url=None)
    kills, gateway = site.kills, slots[0].process
    await settle(site, "submitting")
    await check_creates(site, gateway, creates, tell=tell, kills=kills, tenants=tenants, may_be_unowned=True)


async def test_kills_let_no_create_pass_a_budget_of_tenant_or_key(site: Site) -> None:
    slots = await open_slots(site, 2)
    gateway = slots[0].process
    tenant = await site.tenant(gateway, "spender")
    (key,) = (await site.admin(gateway, "GET", f"/keys?tenant={tenant.id}"))["data"]
    other = await site.admin(gateway, "POST", f"/tenants/{tenant.id}/keys", json={"name": "other"})
    most_of = {
        await site.budget(gateway, tenant, _BUDGET_MICROS, period="total"): _BUDGET_MICROS,
        await site.budget(gateway, tenant, _KEY_BUDGET_MICROS, period="total", key_id=key["id"]): _KEY_BUDGET_MICROS,
    }
    await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.2)
    keys = [tenant, Tenant(tenant.id, other["key"])]
    loading = asyncio.create_task(load(slots, keys, count=_ASKED, users=_USERS, pause_seconds=0.1))
    watching = asyncio.create_task(_most_taken(site, list(most_of), loading))
    await kill_until(loading, slots, pause=_PAUSE)
    creates = await loading
    refused = [create for create in creates if not create.ids]
    assert {create.errors[-1] for create in refused} == {403}
    taken = await watching
    assert taken.keys() == most_of.keys()
    assert all(0 < taken[budget_id] <= most for budget_id, most in most_of.items()), taken
    await settle(site, "submitting", "unknown", "queued", "running")
    assert await billed_otherwise(site) == []
    assert await budgets_otherwise(site) == []
    periods = await site.query(f"SELECT budget_id, used_micros, held_micros {_PERIODS}", ids=list(most_of))
    assert {period["budget_id"] for period in periods} == most_of.keys()
    for period in periods:
        assert period["held_micros"] == 0
        # The last create was refused for what was held then, which later cost less.
        assert 0 < period["used_micros"] <= most_of[period["budget_id"]]


async def _most_taken(site: Site, budget_ids: list[str], loading: "asyncio.Task[Any]") -> dict[str, int]:
    """Returns the most that was used and held of each of these budgets at once, until the load ends."""
    most: dict[str, int] = {}
    while not loading.done():
        for row in await site.query(f"SELECT budget_id, used_micros + held_micros AS taken {_PERIODS}", ids=budget_ids):
            most[row["budget_id"]] = max(most.get(row["budget_id"], 0), row["taken"])
        await asyncio.sleep(0.05)
    return most


async def _create_while_gateways_are_killed(
    site: Site, count: int, **settings: Any
) -> tuple[list[Slot], list[Tenant], list[Create]]:
    """Creates tasks of three tenants through two gateways that are killed at random moments."""
    slots = await open_slots(site, 2, **settings)
    tenants = [await site.tenant(slots[0].process, f"tenant {number}") for number in range(3)]
    # Of which no create is refused: each is counted against its cap.
    for tenant in tenants:
        limits = {"unfinished_tasks": 10**6}
        await site.admin(slots[0].process, "PATCH", f"/tenants/{tenant.id}", json={"limits": limits})
    # A create takes so long that many are in progress when their gateway is killed.
    await site.fault("create_task", times=None, kind="delay", at="after", delay_seconds=0.2)
    loading = asyncio.create_task(load(slots, tenants, count=count, users=_USERS, pause_seconds=0.5))
    await kill_until(loading, slots, pause=_PAUSE)
    return slots, tenants, await loading
