"""Usage is summed by tenant, key, model, channel or day, one row for each currency; a tenant sees its own alone."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.answers import check_error
from tests.support.gateway import Gateway, Tenant
from tests.usage.rows import UNPRICED, row, write

OWN = "/api/v3/usage"
NOTHING = {"web_searches": 0, "unpriced_tasks": 0, "unpriced_tokens": 0, "estimated_tasks": 0}


async def sums(client: httpx.AsyncClient, path: str = "/usage", **query: Any) -> list[dict[str, Any]]:
    """Returns every row of an answer."""
    rows: list[dict[str, Any]] = []
    while True:
        answer = await client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["data"]
        if not answer.json()["has_more"]:
            return rows
        query["after"] = answer.json()["next_cursor"]


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Returns group, tokens, tasks, cost and currency of each row."""
    return [tuple(row[name] for name in ("id", "total_tokens", "tasks", "cost_micros", "currency")) for row in rows]


async def test_a_row_for_each_group_and_currency(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await write(
        gateway,
        row(tenant.id, key_id=tenant.key_id),
        row(tenant.id, model="seedance-b", key_id=tenant.key_id, web_searches=2),
        row(tenant.id, channel_id="ch_two", currency="USD", cost_micros=7),
        row(tenant.id, channel_id=None, status="failed", total_tokens=0, cost_micros=0),
        row(tenant.id, total_tokens=50, **UNPRICED),
        row(tenant.id, total_tokens=None, is_estimated=True, **UNPRICED),
        row(tenant.id, kind="correction", total_tokens=-20, cost_micros=-2),
    )
    (yuan, dollars, unpriced) = sorted(
        await sums(gateway.admin, tenant=tenant.id, group_by="tenant"), key=lambda found: found["currency"] or "~"
    )
    assert brief([yuan, dollars, unpriced]) == [
        (tenant.id, 180, 3, 18, "CNY"),
        (tenant.id, 100, 1, 7, "USD"),
        (tenant.id, 50, 2, None, None),
    ]
    assert (yuan["tenant_id"], yuan["name"].startswith("tenant "), yuan["model"]) == (tenant.id, True, None)
    assert {name: yuan[name] for name in NOTHING} == {**NOTHING, "web_searches": 2}
    assert {name: unpriced[name] for name in NOTHING} == {
        "web_searches": 0,
        "unpriced_tasks": 2,
        "unpriced_tokens": 50,
        "estimated_tasks": 1,
    }
    by_model = await sums(gateway.admin, tenant=tenant.id, group_by="model", limit=1)
    assert brief(by_model) == [
        ("seedance-a", 50, 2, None, None),
        ("seedance-a", 80, 2, 8, "CNY"),
        ("seedance-a", 100, 1, 7, "USD"),
        ("seedance-b", 100, 1, 10, "CNY"),
    ]
    by_channel = await sums(gateway.admin, tenant=tenant.id, group_by="channel")
    assert [found["channel_id"] for found in by_channel] == [None, "ch_one", "ch_one", "ch_two"]
    by_key = await sums(gateway.admin, tenant=tenant.id, group_by="key", key=tenant.key_id)
    assert brief(by_key) == [(tenant.key_id, 200, 2, 20, "CNY")]
    assert by_key[0]["name"] == "test"
    assert brief(await sums(gateway.admin, tenant=tenant.id, model="seedance-b", channel="ch_one")) == [
        (tenant.id, 100, 1, 10, "CNY")
    ]


MADE_AT = ["2026-03-09T16:00:00Z", "2026-03-10T15:59:59Z", "2026-03-10T16:00:00Z"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [("2026-03-09", 1), ("2026-03-10", 2)]),
        ({"time_zone": "Asia/Shanghai"}, [("2026-03-10", 2), ("2026-03-11", 1)]),
        ({"time_zone": "America/New_York"}, [("2026-03-09", 1), ("2026-03-10", 2)]),
        ({"time_zone": "Asia/Shanghai", "from": "2026-03-10", "to": "2026-03-11"}, [("2026-03-10", 2)]),
        ({"from": "2026-03-10", "to": "2026-03-11"}, [("2026-03-10", 2)]),
        ({"from": "2026-03-10T15:59:59Z", "to": "2026-03-10T16:00:00Z"}, [("2026-03-10", 1)]),
        ({"from": "2026-03-11T00:00:00+08:00"}, [("2026-03-10", 1)]),
        ({"to": "2026-03-09T16:00:00Z"}, []),
    ],
)
async def test_a_day_and_a_period_are_those_of_the_time_zone(
    gateway: Gateway, query: dict[str, str], expected: list[tuple[str, int]]
) -> None:
    tenant = await gateway.tenant()
    await write(gateway, *(row(tenant.id, created_at=datetime.fromisoformat(at)) for at in MADE_AT))
    found = await sums(gateway.admin, tenant=tenant.id, group_by="day", **query)
    assert [(each["day"], each["tasks"]) for each in found] == expected


async def test_the_hour_that_a_change_of_clocks_repeats_belongs_to_its_day(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    # Clocks in Berlin went back at 01:00 UTC, so this day had 25 hours.
    for hour in (21, 22, 23):
        await write(gateway, row(tenant.id, created_at=datetime(2026, 10, 24, hour, 59, tzinfo=UTC)))
        await write(gateway, row(tenant.id, created_at=datetime(2026, 10, 25, hour, 59, tzinfo=UTC)))
    found = await sums(gateway.admin, tenant=tenant.id, group_by="day", time_zone="Europe/Berlin")
    assert [(each["day"], each["tasks"]) for each in found] == [
        ("2026-10-24", 1),
        ("2026-10-25", 4),
        ("2026-10-26", 1),
    ]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"group_by": "colour"}, "group_by"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "2026-03-01T00:00:00"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-02"}, "to"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "CST6;"}, "time_zone"),
        ({"time_zone": "Factory"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"time_zone": "asia/shanghai"}, "time_zone"),
        ({"tenant": ""}, "tenant"),
        ({"after": "bm90aGluZw"}, "after"),
        ({"limit": "1001"}, "limit"),
    ],
)
async def test_a_wrong_value_is_refused_by_name(gateway: Gateway, query: dict[str, str], param: str) -> None:
    refused = await gateway.admin.get("/usage", params=query)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param), refused.text


async def other(gateway: Gateway) -> Tenant:
    """Makes another tenant, with usage."""
    tenant = await gateway.tenant()
    await write(gateway, row(tenant.id, key_id=tenant.key_id))
    return tenant


async def test_a_tenant_sees_the_usage_of_all_its_keys_and_of_no_other_tenant(gateway: Gateway) -> None:
    tenant, stranger = await gateway.tenant(), await other(gateway)
    second = await gateway.key_of(tenant.id)
    await write(
        gateway,
        row(tenant.id, key_id=tenant.key_id),
        row(tenant.id, key_id=second.key_id, created_at=datetime(2026, 3, 11, tzinfo=UTC)),
    )
    expected = [("2026-03-10", 100, 1, 10, "CNY"), ("2026-03-11", 100, 1, 10, "CNY")]
    for caller in (tenant, second):
        assert brief(await sums(caller.http, OWN)) == expected
        assert {found["id"] for found in await sums(caller.http, OWN, group_by="key")} == {
            tenant.key_id,
            second.key_id,
        }
    assert brief(await sums(tenant.http, OWN, key=second.key_id)) == expected[1:]
    assert await sums(tenant.http, OWN, key=stranger.key_id) == []
    for name in ("tenant", "channel"):
        check_error(await tenant.http.get(OWN, params={name: stranger.id}), 400, f"InvalidParameter.{name}", name)
        check_error(await tenant.http.get(OWN, params={"group_by": name}), 400, "InvalidParameter.group_by", "group_by")
