"""What a dry run says that a create will cost, beside what the upstream then bills for it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from sqlalchemy import text as sql

from tests.support.answers import check_error
from tests.support.gateway import TASKS, Gateway, Tenant, get, text
from tests.tasks.bodies import draft, image, video

V20, FAST = "doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128"
V25, LITE = "doubao-seedance-2-5-260628", "doubao-seedance-1-0-lite-t2v-250428"
# What a create writes, and the calls that each account may still make.
EVERYTHING = sql("""
    SELECT t::text FROM tasks AS t UNION ALL SELECT a.id FROM create_attempts AS a
    UNION ALL SELECT i::text FROM idempotency_keys AS i UNION ALL SELECT r::text FROM account_rates AS r ORDER BY 1
""")
FIXED: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}
PRICE = {
    "upstream_model": V20,
    "resolution": "720p",
    "has_video_input": False,
    "service_tier": None,
    "has_audio": None,
    "currency": "CNY",
    "micros_per_million_tokens": 46_000_000,
    "valid_from": "2026-01-01T00:00:00Z",
}


@pytest_asyncio.fixture
async def prices(gateway: Gateway) -> AsyncIterator[list[dict[str, Any]]]:
    """The prices; restored after the test."""
    rows: list[dict[str, Any]] = (await gateway.admin.get("/prices")).json()["data"]
    yield rows
    assert (await gateway.admin.put("/prices", json={"data": rows})).status_code == 200


async def dry_run(tenant: Tenant, *items: dict[str, Any], model: str = V20, **fields: Any) -> dict[str, Any]:
    content = [*items] if items and items[0]["type"] == "draft_task" else [*text("a kitten"), *items]
    body = {"model": model, "content": content, **fields}
    answer = await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def finished(gateway: Gateway, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    """Returns a new task that has succeeded."""
    task_id = await tenant.new_task(**fields)
    await gateway.force(task_id, "succeeded")
    gateway.expire_caches()
    task: dict[str, Any] = (await get(tenant, task_id)).json()
    assert task["status"] == "succeeded"
    return task


async def test_a_dry_run_tells_tokens_price_and_cost_of_what_is_fixed(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    answer = await dry_run(tenant, **FIXED)
    assert answer["estimate"] == {
        "upstream_model": V20,
        "tokens_max": 108_900,
        "is_exact": True,
        "currency": "CNY",
        "price_micros": 5_009_400,
        "price": PRICE,
        "unpriced": None,
    }
    task = await finished(gateway, tenant, model=V20, content=text("a kitten"), **FIXED)
    assert task["usage"]["total_tokens"] == 108_900


async def test_a_dry_run_tells_the_most_that_an_open_request_may_cost(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    for items, fields in (
        ((), {"duration": -1}),
        ((image("first_frame"),), {"duration": 5}),
        ((video(),), FIXED),
    ):
        estimate = (await dry_run(tenant, *items, **fields))["estimate"]
        assert not estimate["is_exact"]
        task = await finished(gateway, tenant, model=V20, content=[*text("a kitten"), *items], **fields)
        assert task["usage"]["total_tokens"] <= estimate["tokens_max"]
        assert estimate["price"]["has_video_input"] is any(item["type"] == "video_url" for item in items)


async def test_the_final_video_of_a_draft_costs_what_its_draft_fixes(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    preview = await finished(gateway, tenant, model=V25, content=text("a kitten"), draft=True, ratio="16:9", duration=5)
    assert preview["usage"]["total_tokens"] == 48_437
    estimate = (await dry_run(tenant, draft(preview["id"]), model=V25))["estimate"]
    assert (estimate["tokens_max"], estimate["is_exact"]) == (245_025, True)
    final = await finished(gateway, tenant, model=V25, content=[draft(preview["id"])])
    assert final["usage"]["total_tokens"] == 245_025


async def test_a_model_without_a_price_is_named_and_not_free(gateway: Gateway) -> None:
    estimate = (await dry_run(await gateway.tenant(), model=LITE, **FIXED))["estimate"]
    assert (estimate["price"], estimate["price_micros"], estimate["tokens_max"]) == (None, None, 103_818)
    assert estimate["unpriced"].startswith(f"unpriced: {LITE}, 720p, ")


async def test_a_new_price_applies_at_once_and_one_of_the_future_does_not(
    gateway: Gateway, prices: list[dict[str, Any]]
) -> None:
    tenant = await gateway.tenant()
    announced = PRICE | {"micros_per_million_tokens": 1, "valid_from": "2099-01-01T00:00:00Z"}
    dearer = PRICE | {"micros_per_million_tokens": 50_000_000}
    others = [row for row in prices if row != PRICE]
    assert len(others) == len(prices) - 1
    put = await gateway.admin.put("/prices", json={"data": [*others, announced, dearer]})
    assert put.status_code == 200, put.text
    estimate = (await dry_run(tenant, **FIXED))["estimate"]
    assert (estimate["price_micros"], estimate["price"]) == (5_445_000, dearer)


async def test_accounts_that_bill_in_another_currency_are_alternatives(gateway: Gateway) -> None:
    url = (await gateway.admin.get(f"/channels/{await gateway.channel_id()}")).json()["ark_base_url"]
    await gateway.add_channel("abroad", url, "sandbox-ark-key", region="ap-southeast-1", priority=-1)
    tenant = await gateway.tenant("default", "abroad")
    answer = await dry_run(tenant, **FIXED)
    assert answer["estimate"]["currency"] == "CNY"
    (other,) = answer["alternatives"]
    assert other["upstream_model"] == "dreamina-seedance-2-0-260128"
    assert (other["currency"], other["price_micros"], other["tokens_max"]) == ("USD", 762_300, 108_900)


async def test_a_dry_run_takes_no_call_of_the_account_and_stores_nothing(gateway: Gateway) -> None:
    async def stored() -> list[str]:
        async with gateway.sessions() as session:
            return list(await session.scalars(EVERYTHING))

    tenant = await gateway.tenant()
    received, before = len(gateway.received("create_task")), await stored()
    for _ in range(3):
        await dry_run(tenant, **FIXED)
    assert await stored() == before
    assert len(gateway.received("create_task")) == received


async def test_a_dry_run_estimates_nothing_of_another_tenants_draft(gateway: Gateway) -> None:
    owner, other = await gateway.tenant(), await gateway.tenant()
    draft_id = await owner.new_task(model=V25, content=text("a kitten"), draft=True)
    body = {"model": V25, "content": [draft(draft_id)]}
    for tenant, status in ((owner, 200), (other, 400)):
        answer = await tenant.http.post(TASKS, params={"dry_run": "true"}, json=body)
        assert answer.status_code == status
    check_error(answer, 400, "InvalidParameter.content", "content[0].draft_task.id")
