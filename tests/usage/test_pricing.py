"""A task costs what the price list said when it was created, in the currency of its channel."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.money.amounts import MAX_COST_MICROS, cost_micros
from app.money.prices.default_prices import DEFAULT_PRICES
from app.money.prices.index import ListedPrice, PriceIndex
from app.money.prices.price import Price
from app.usage.models import LedgerRow
from app.usage.pricing import Pricing
from tests.support.gateway import Gateway, get
from tests.usage.test_corrections import correct
from tests.usage.test_ledger import FIXED, VIDEO, billed, ledger_of, settled

NOW = datetime(2026, 11, 30, tzinfo=UTC)
SHIPPED = [ListedPrice(number, price, price.valid_from) for number, price in enumerate(DEFAULT_PRICES)]
PRICING = Pricing(PriceIndex(SHIPPED), {"cn": "CNY", "us": "USD"})
TWO, TWO_FIVE, ONE_FIVE = "doubao-seedance-2-0-260128", "doubao-seedance-2-5-260628", "doubao-seedance-1-5-pro-251215"
YUAN = 1_000_000


def priced(**fields: Any) -> LedgerRow:
    """Returns a row of a million tokens, priced."""
    row = LedgerRow(
        **{
            "channel_id": "cn",
            "upstream_model": TWO,
            "resolution": "720p",
            "service_tier": "default",
            "has_video_input": False,
            "has_audio": False,
            "total_tokens": 1_000_000,
            "is_estimated": False,
            "created_at": NOW,
            **fields,
        }
    )
    PRICING.apply(row)
    return row


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("CNY", 46 * YUAN, False)),
        ({"has_video_input": True}, ("CNY", 28 * YUAN, False)),
        ({"resolution": "1080P"}, ("CNY", 51 * YUAN, False)),
        ({"total_tokens": 1}, ("CNY", 46, False)),
        ({"total_tokens": 0}, ("CNY", 0, False)),
        ({"total_tokens": None, "is_estimated": True}, ("CNY", None, True)),
        ({"upstream_model": ONE_FIVE, "has_audio": True}, ("CNY", 16 * YUAN, False)),
        ({"upstream_model": ONE_FIVE, "service_tier": "flex"}, ("CNY", 4 * YUAN, False)),
        # What the price depends on is not known: the dearer one, unless it makes no difference.
        ({"has_video_input": None}, ("CNY", 46 * YUAN, True)),
        ({"has_video_input": None, "total_tokens": 0}, ("CNY", 0, False)),
        ({"upstream_model": ONE_FIVE, "has_audio": None}, ("CNY", 16 * YUAN, True)),
        ({"has_audio": None}, ("CNY", 46 * YUAN, False)),
        ({"resolution": None}, ("CNY", 51 * YUAN, True)),
        ({"resolution": None, "total_tokens": 0, "has_video_input": None}, ("CNY", 0, False)),
        ({"resolution": None, "upstream_model": ONE_FIVE}, ("CNY", 8 * YUAN, False)),
        # No price: that is not a price of zero.
        ({"resolution": "2k"}, (None, None, False)),
        ({"upstream_model": "ep-20260101000000-abcde"}, (None, None, False)),
        ({"channel_id": "us"}, (None, None, False)),
        ({"channel_id": None}, (None, None, False)),
        ({"created_at": datetime(2025, 1, 1, tzinfo=UTC)}, (None, None, False)),
    ],
)
def test_what_a_task_costs(fields: dict[str, Any], expected: tuple[str | None, int | None, bool]) -> None:
    row = priced(**fields)
    assert (row.currency, row.cost_micros, row.is_estimated) == expected


def test_a_change_of_prices_does_not_touch_what_was_created_before() -> None:
    old = Price(upstream_model=TWO, currency="CNY", micros_per_million_tokens=10, valid_from=NOW - timedelta(days=9))
    new = Price(upstream_model=TWO, currency="CNY", micros_per_million_tokens=20, valid_from=NOW - timedelta(days=9))
    changed_at = NOW - timedelta(days=1)
    index = PriceIndex([ListedPrice(1, old, old.valid_from, changed_at), ListedPrice(2, new, changed_at)])
    costs = []
    for created_at in (changed_at - timedelta(seconds=1), changed_at):
        row = LedgerRow(
            channel_id="c",
            upstream_model=TWO,
            service_tier="default",
            total_tokens=1_000_000,
            is_estimated=False,
            created_at=created_at,
        )
        Pricing(index, {"c": "CNY"}).apply(row)
        costs.append(row.cost_micros)
    assert costs == [10, 20]


def test_a_price_for_one_of_the_possible_kinds_alone_is_estimated() -> None:
    price = Price(upstream_model=TWO, has_audio=False, currency="CNY", micros_per_million_tokens=10, valid_from=NOW)
    rows = [
        LedgerRow(
            channel_id="c",
            upstream_model=TWO,
            service_tier="default",
            has_video_input=False,
            has_audio=has_audio,
            total_tokens=1_000_000,
            is_estimated=False,
            created_at=NOW,
        )
        for has_audio in (False, None)
    ]
    for row in rows:
        Pricing(PriceIndex([ListedPrice(1, price, NOW)]), {"c": "CNY"}).apply(row)
    assert [(row.cost_micros, row.is_estimated) for row in rows] == [(10, False), (10, True)]


async def test_a_settlement_has_price_currency_and_cost(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=VIDEO, resolution="720p")
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    row, price = await settled(gateway, tenant), 28 * YUAN
    assert (row.currency, row.micros_per_million_tokens, row.is_estimated) == ("CNY", price, False)
    assert row.cost_micros == cost_micros(await billed(gateway, task_id), price) > 0


async def test_a_task_without_a_price_is_unpriced_and_not_free(gateway: Gateway) -> None:
    tenant = await gateway.tenant("second")  # whose endpoint has no price
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    row = await settled(gateway, tenant)
    assert (row.total_tokens, row.currency, row.micros_per_million_tokens, row.cost_micros) == (
        await billed(gateway, task_id),
        None,
        None,
        None,
    )


async def test_a_cost_beyond_every_amount_is_settled_as_the_largest_and_marked(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(**FIXED)
    listed = (await gateway.admin.get("/prices")).json()["data"]
    dearest = {"upstream_model": TWO, "currency": "CNY", "micros_per_million_tokens": 10**12}
    gateway.clock.advance(1)
    assert (await gateway.admin.put("/prices", json={"data": [dearest]})).status_code == 200
    gateway.expire_caches()
    dear_id = await tenant.new_task(**FIXED)
    restored = await gateway.admin.put("/prices", json={"data": listed})
    assert restored.status_code == 200
    gateway.expire_caches()
    for each in (task_id, dear_id):
        await gateway.force(each, "succeeded", extra={"usage": {"total_tokens": 2**53}})
        await get(tenant, each)
    rows = await ledger_of(gateway, tenant)
    assert [row.total_tokens for row in rows] == [2**53, 2**53]
    assert [(row.cost_micros, row.is_estimated) for row in rows] == [(MAX_COST_MICROS, True)] * 2
    corrected = await correct(gateway, dear_id, 2**53 - 1)
    assert corrected.status_code == 201, corrected.text
    assert (await correct(gateway, dear_id, 1_000_000)).json()["cost_micros"] == 10**12 - MAX_COST_MICROS
