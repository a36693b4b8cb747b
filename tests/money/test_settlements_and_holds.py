"""A task is settled at the prices that its create used, and at its hold when its usage was never seen."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from app.composition import open_services
from app.usage.models import LedgerRow
from tests.support.budgets import FIXED_MICROS, FIXED_TOKENS, Standing, check_derived, new_budget, number, standing
from tests.support.clock import ManualSeconds
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant, get, serve_gateway
from tests.support.gateway import text as prompt

WEEK_SECONDS = 8 * 86_400
HOME_MODEL = "doubao-seedance-2-0-260128"
ABROAD_MODEL = "dreamina-seedance-2-0-260128"
DEARER = 3
"""How many times dearer a changed price list is."""


async def settled(gateway: Gateway, task_id: str) -> LedgerRow:
    async with gateway.sessions() as session:
        query = select(LedgerRow).where((LedgerRow.upstream_id == task_id) | (LedgerRow.task_id == task_id))
        return (await session.scalars(query)).one()


async def erase_upstream(gateway: Gateway) -> None:
    """Lets the upstream forget all tasks before their ends are seen."""
    gateway.clock.advance(WEEK_SECONDS)
    async with open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as services:
        await services.task_poller.run_once()


def without_resolution() -> dict[str, Any]:
    """A create whose resolution is that of its model, 720p, while its model has a dearer one."""
    return {name: value for name, value in number().items() if name != "resolution"}


async def create(tenant: Tenant, *, base_url: str = "", is_alone: bool = False, **fields: Any) -> httpx.Response:
    """Creates a task; with an ``Idempotency-Key`` its intent is written alone, otherwise with those of others."""
    body = {"model": "doubao-seedance-2", "content": prompt(ENDLESS), **fields}
    headers = {"Idempotency-Key": f"key-{fields['seed']}"} if is_alone else {}
    return await tenant.http.post(base_url + TASKS, json=body, headers=headers)


async def new_task(tenant: Tenant, **fields: Any) -> str:
    answer = await create(tenant, **fields)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest_asyncio.fixture
async def listed(gateway: Gateway) -> AsyncIterator[list[dict[str, Any]]]:
    """The prices, which are the same again after the test."""
    before = (await gateway.admin.get("/prices")).json()["data"]
    yield before
    gateway.clock.advance(1)
    assert (await gateway.admin.put("/prices", json={"data": before})).status_code == 200
    gateway.expire_caches()


async def put_dearer(gateway: Gateway, listed: list[dict[str, Any]]) -> None:
    rows = [
        {name: value for name, value in row.items() if name != "valid_from"}
        | {"micros_per_million_tokens": DEARER * row["micros_per_million_tokens"]}
        for row in listed
    ]
    gateway.clock.advance(1)
    answer = await gateway.admin.put("/prices", json={"data": rows})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("has_budget", [True, False])
@pytest.mark.parametrize("is_alone", [True, False])
async def test_a_task_that_was_erased_unseen_is_settled_at_its_hold(
    gateway: Gateway, *, has_budget: bool, is_alone: bool
) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS) if has_budget else None
    task_id = await new_task(tenant, is_alone=is_alone, **without_resolution())
    await erase_upstream(gateway)
    row = await settled(gateway, task_id)
    assert (row.status, row.is_estimated, row.total_tokens, row.resolution) == ("expired", True, FIXED_TOKENS, "720p")
    assert (row.currency, row.cost_micros) == ("CNY", FIXED_MICROS)
    if budget_id is not None:
        assert await standing(gateway, budget_id) == Standing(FIXED_MICROS, 0)
        await check_derived(gateway)


async def test_a_deleted_task_that_the_upstream_had_erased_is_settled_at_its_hold(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await new_task(tenant, **without_resolution())
    for operation in ("get_task", "delete_task"):
        await gateway.fault(operation, times=None, kind="error", status=404, code="NotFound.ID")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    row = await settled(gateway, task_id)
    assert (row.status, row.is_estimated, row.cost_micros) == ("cancelled", True, FIXED_MICROS)


async def test_a_success_without_usable_usage_is_settled_at_its_hold(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await new_task(tenant, **without_resolution())
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": "many"}})
    await get(tenant, task_id)
    row = await settled(gateway, task_id)
    assert (row.status, row.is_estimated, row.cost_micros) == ("succeeded", True, FIXED_MICROS)


@pytest.mark.parametrize("has_budget", [True, False])
async def test_after_failover_an_erased_task_is_settled_at_the_hold_of_the_channel_that_took_it(
    gateway: Gateway, *, has_budget: bool
) -> None:
    name = f"settled-abroad-{has_budget}"
    fields = {"region": "ap-southeast-1", "priority": 10, "models": {"doubao-seedance-2": ABROAD_MODEL}}
    await gateway.add_channel(name, gateway.sandbox.ark_base_url, "second-ark-key", **fields)
    tenant = await gateway.tenant(name, "default")
    budgets = {}
    if has_budget:
        for currency in ("CNY", "USD"):
            budgets[currency] = await new_budget(gateway, tenant, FIXED_MICROS, currency=currency)
    await gateway.fault("create_task", account="second", kind="error", status=401, code="AuthenticationError")
    task_id = await new_task(tenant, **without_resolution())
    await erase_upstream(gateway)
    row = await settled(gateway, task_id)
    assert row.channel_id == await gateway.channel_id("default")
    assert (row.is_estimated, row.currency, row.cost_micros) == (True, "CNY", FIXED_MICROS)
    if has_budget:
        assert await standing(gateway, budgets["USD"]) == Standing(0, 0)
        assert await standing(gateway, budgets["CNY"]) == Standing(FIXED_MICROS, 0)


async def test_an_erased_task_without_a_price_is_unpriced_and_not_free(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")  # whose endpoint has no price
    task_id = await new_task(tenant, **without_resolution())
    await erase_upstream(gateway)
    row = await settled(gateway, task_id)
    assert (row.is_estimated, row.total_tokens, row.currency, row.cost_micros) == (True, FIXED_TOKENS, None, None)


async def test_a_price_change_touches_no_earlier_task_however_it_ends(
    gateway: Gateway, listed: list[dict[str, Any]]
) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10 * FIXED_MICROS)
    seen, erased, failed = [await new_task(tenant, **number()) for _ in range(3)]
    await put_dearer(gateway, listed)
    gateway.expire_caches()
    assert await standing(gateway, budget_id) == Standing(0, 3 * FIXED_MICROS)
    for task_id, status in ((seen, "succeeded"), (failed, "failed")):
        extra = {"usage": {"total_tokens": FIXED_TOKENS}} if status == "succeeded" else {}
        await gateway.force(task_id, status, extra=extra)
        await get(tenant, task_id)
    assert await standing(gateway, budget_id) == Standing(FIXED_MICROS, FIXED_MICROS)
    await erase_upstream(gateway)
    costs = [(await settled(gateway, task_id)).cost_micros for task_id in (seen, erased, failed)]
    assert costs == [FIXED_MICROS, FIXED_MICROS, 0]
    assert await standing(gateway, budget_id) == Standing(2 * FIXED_MICROS, 0)
    await new_task(tenant, **number())
    assert await standing(gateway, budget_id) == Standing(2 * FIXED_MICROS, DEARER * FIXED_MICROS)
    await check_derived(gateway)


@pytest.mark.parametrize("end", ["seen", "erased"])
async def test_a_create_that_did_not_know_a_new_price_yet_is_held_and_settled_at_the_one_it_knew(
    gateway: Gateway, listed: list[dict[str, Any]], end: str
) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10 * FIXED_MICROS)
    # Its caches do not expire, so it is a process that has not read the new list yet.
    async with serve_gateway(gateway.settings, gateway.clock, ManualSeconds()) as stale_url:
        await new_task(tenant, base_url=stale_url, **number())
        await put_dearer(gateway, listed)
        gateway.clock.advance(1)
        gateway.expire_caches()
        old = await new_task(tenant, base_url=stale_url, **number())
        new = await new_task(tenant, **number())
    assert await standing(gateway, budget_id) == Standing(0, (2 + DEARER) * FIXED_MICROS)
    if end == "seen":
        for task_id in (old, new):
            await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": FIXED_TOKENS}})
            await get(tenant, task_id)
        expected = Standing((1 + DEARER) * FIXED_MICROS, FIXED_MICROS)
    else:
        await erase_upstream(gateway)
        expected = Standing((2 + DEARER) * FIXED_MICROS, 0)
    assert [(await settled(gateway, task_id)).cost_micros for task_id in (old, new)] == [
        FIXED_MICROS,
        DEARER * FIXED_MICROS,
    ]
    assert await standing(gateway, budget_id) == expected
    await check_derived(gateway)


@pytest.mark.parametrize("end", ["succeeded", "failed", "erased"])
async def test_a_task_is_settled_in_the_currency_of_its_hold_although_its_channel_has_moved_to_another_region(
    gateway: Gateway, end: str
) -> None:
    name = f"moving-{end}"
    channel_id = await gateway.add_channel(name, gateway.sandbox.ark_base_url, "second-ark-key", region="cn-beijing")
    tenant = await gateway.tenant(name)
    budget_id = await new_budget(gateway, tenant, 2 * FIXED_MICROS)
    task_id = await new_task(tenant, **number())
    moved = await gateway.admin.patch(f"/channels/{channel_id}", json={"region": "ap-southeast-1"})
    assert moved.status_code == 200, moved.text
    gateway.expire_caches()
    if end == "erased":
        await erase_upstream(gateway)
    else:
        await gateway.force(task_id, end)
        await get(tenant, task_id)
    row = await settled(gateway, task_id)
    cost = 0 if end == "failed" else FIXED_MICROS
    assert (row.currency, row.cost_micros, row.is_estimated) == ("CNY", cost, end == "erased")
    assert await standing(gateway, budget_id) == Standing(cost, 0)
    await check_derived(gateway)


async def test_an_unpriced_create_gets_no_price_of_another_region_to_which_its_channel_has_moved(
    gateway: Gateway,
) -> None:
    fields = {"region": "ap-southeast-1", "models": {"doubao-seedance-2": HOME_MODEL}}  # which has prices in yuan alone
    channel_id = await gateway.add_channel("unpriced", gateway.sandbox.ark_base_url, "second-ark-key", **fields)
    tenant = await gateway.tenant("unpriced")
    task_id = await new_task(tenant, **number())
    moved = await gateway.admin.patch(f"/channels/{channel_id}", json={"region": "cn-beijing"})
    assert moved.status_code == 200, moved.text
    gateway.expire_caches()
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    row = await settled(gateway, task_id)
    assert (row.total_tokens, row.currency, row.cost_micros) == (FIXED_TOKENS, None, None)


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        # Of 200000 tokens, more than were held for.
        ({"resolution": "1440p", "usage": {"total_tokens": 200_000}}, 200_000 * 46),
        ({"resolution": " 720p"}, FIXED_MICROS),
        ({"resolution": "1440p", "usage": {}}, FIXED_MICROS),
    ],
)
async def test_a_task_that_became_a_kind_of_video_without_a_price_costs_its_tokens_at_the_price_of_its_hold(
    gateway: Gateway, told: dict[str, Any], cost: int
) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 2 * FIXED_MICROS)
    task_id = await new_task(tenant, **number())
    await gateway.force(task_id, "succeeded", extra=told)
    await get(tenant, task_id)
    row = await settled(gateway, task_id)
    assert (row.currency, row.micros_per_million_tokens, row.cost_micros) == ("CNY", 46_000_000, cost)
    assert row.is_estimated
    assert await standing(gateway, budget_id) == Standing(cost, 0)
    await check_derived(gateway)
