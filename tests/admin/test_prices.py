"""The price list over the admin API."""

import re
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from app.money.prices.default_prices import DEFAULT_PRICES
from app.money.prices.service import seed_prices
from tests.support.channel_app import ChannelApp

A = {
    "upstream_model": "a",
    "resolution": "720p",
    "has_video_input": True,
    "service_tier": "flex",
    "has_audio": False,
    "currency": "CNY",
    "micros_per_million_tokens": 46_000_000,
    "valid_from": "2026-01-01T00:00:00Z",
}
C = {"upstream_model": "c", "currency": "USD", "micros_per_million_tokens": 1, "valid_from": "2030-01-01T00:00:00Z"}
ANY = {"resolution": None, "has_video_input": None, "service_tier": None, "has_audio": None}


@pytest_asyncio.fixture(autouse=True)
async def fresh_prices(app: ChannelApp) -> None:
    """The prices of a fresh installation."""
    await seed_prices(app.sessions, DEFAULT_PRICES)


async def test_the_list_is_shown_in_order_and_can_be_sent_back(app: ChannelApp) -> None:
    shown = (await app.http.get("/prices")).json()
    in_order = sorted(DEFAULT_PRICES, key=lambda price: price.place)
    assert shown == {"data": [price.to_json() for price in in_order], "has_more": False, "next_cursor": None}

    put = await app.http.put("/prices", json=shown)

    assert (put.status_code, put.json()) == (200, shown)
    assert (await app.http.get("/prices")).json() == shown
    assert await app.audit() == [("prices.replace", {"added": [], "removed": []})]


async def test_a_new_list_replaces_the_whole_one_and_the_audit_shows_both_prices(app: ChannelApp) -> None:
    await app.http.put("/prices", json={"data": [A]})
    dearer = A | {"micros_per_million_tokens": 50_000_000}

    put = await app.http.put("/prices", json={"data": [C, dearer]})

    assert (put.status_code, put.json()["data"]) == (200, [dearer, C | ANY])
    assert (await app.http.get("/prices")).json() == put.json()
    assert (await app.audit())[-1] == ("prices.replace", {"added": [C | ANY, dearer], "removed": [A]})


async def test_the_list_of_an_earlier_time_is_kept(app: ChannelApp) -> None:
    before = (await app.http.get("/prices")).json()
    at = app.clock()
    await app.http.put("/prices", json={"data": [A]})
    for moment in (at.isoformat(), at.isoformat().replace("+00:00", "Z")):
        assert (await app.http.get("/prices", params={"at": moment})).json() == before
    assert (await app.http.get("/prices", params={"at": "2000-01-01T00:00:00Z"})).json()["data"] == []
    later = (app.clock() + timedelta(days=1)).isoformat()
    assert (await app.http.get("/prices", params={"at": later})).json()["data"] == [A]
    for wrong in ("yesterday", "2026-11-30", ""):
        answer = await app.http.get("/prices", params={"at": wrong})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "at")


async def test_a_price_without_a_time_is_valid_at_once(app: ChannelApp) -> None:
    before = app.clock().isoformat()
    written = {name: value for name, value in A.items() if name != "valid_from"}
    put = (await app.http.put("/prices", json={"data": [written]})).json()["data"]
    assert before < put[0]["valid_from"].replace("Z", "+00:00") < app.clock().isoformat()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"data": []}, "data"),
        ({"data": {}}, "data"),
        ({"data": ["a"]}, "data[0]"),
        ({"data": [{"upstream_model": "a", "currency": "CNY"}]}, "data[0].micros_per_million_tokens"),
        ({"data": [C, A | {"upstream_model": "a b"}]}, "data[1].upstream_model"),
        ({"data": [A | {"resolution": "4K"}]}, "data[0].resolution"),
        ({"data": [A | {"has_video_input": "yes"}]}, "data[0].has_video_input"),
        ({"data": [A | {"has_audio": 1}]}, "data[0].has_audio"),
        ({"data": [A | {"service_tier": ""}]}, "data[0].service_tier"),
        ({"data": [A | {"currency": "yuan"}]}, "data[0].currency"),
        ({"data": [A | {"micros_per_million_tokens": -1}]}, "data[0].micros_per_million_tokens"),
        ({"data": [A | {"micros_per_million_tokens": "46"}]}, "data[0].micros_per_million_tokens"),
        ({"data": [A | {"valid_from": "2026-01-01"}]}, "data[0].valid_from"),
        ({"data": [A | {"price": 1}]}, "data[0]"),
        ({"data": [A, A | {"micros_per_million_tokens": 1}]}, "data[1]"),
        ({"data": [A], "has_more": True}, "has_more"),
        ({"data": [A], "prices": []}, "prices"),
    ],
)
async def test_a_wrong_list_is_refused_and_changes_nothing(app: ChannelApp, body: dict[str, Any], param: str) -> None:
    answer = await app.http.put("/prices", json=body)
    assert answer.status_code == 400, answer.text
    code = f"InvalidParameter.{re.split('[.[]', param)[0]}"
    assert (answer.json()["error"]["code"], answer.json()["error"]["param"]) == (code, param)
    assert len((await app.http.get("/prices")).json()["data"]) == len(DEFAULT_PRICES)
    assert await app.audit() == []


async def test_a_list_is_needed(app: ChannelApp) -> None:
    for body in ({}, {"data": None}):
        answer = await app.http.put("/prices", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MissingParameter.data")
