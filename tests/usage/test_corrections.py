"""A correction is a row of its own, after which the rows of a task add up to the bill; it leaves an audit row."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.gateway import Gateway, get
from tests.usage.rows import UNPRICED, row, write
from tests.usage.test_ledger import ledger_of
from tests.usage.test_sums import brief, sums

PATH = "/usage/corrections"


async def correct(gateway: Gateway, task_id: str, tokens: Any, **others: Any) -> httpx.Response:
    """Corrects the tokens of a task."""
    return await gateway.admin.post(PATH, json={"task_id": task_id, "total_tokens": tokens, "note": "a bill", **others})


async def test_the_rows_add_up_to_the_bill_in_tokens_and_cost(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    settlement = row(tenant.id, total_tokens=15, micros_per_million_tokens=100_000, cost_micros=2)
    await write(gateway, settlement)
    for tokens, cost in ((25, 3), (0, 0), (1, 1)):
        made = await correct(gateway, settlement.task_id, tokens)
        assert made.status_code == 201, made.text
        assert (made.json()["kind"], made.json()["note"]) == ("correction", "a bill")
        assert brief(await sums(gateway.admin, tenant=tenant.id)) == [(tenant.id, tokens, 1, cost, "CNY")]
    rows = await ledger_of(gateway, tenant)
    assert [each.total_tokens for each in rows] == [15, 10, -25, 1]
    assert {(each.created_at, each.upstream_id, each.model) for each in rows} == {
        (settlement.created_at, settlement.upstream_id, settlement.model)
    }
    looked_up = {"target": settlement.task_id, "action": "usage.correct"}
    audit = (await gateway.admin.get("/audit", params=looked_up)).json()["data"]
    assert [(each["detail"]["before"], each["detail"]["after"]) for each in reversed(audit)] == [
        (15, 25),
        (25, 0),
        (0, 1),
    ]


async def test_what_was_not_known_is_known_then_and_what_has_no_price_keeps_none(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    settlement = row(tenant.id, total_tokens=None, is_estimated=True, **UNPRICED)
    await write(gateway, settlement)
    assert (await correct(gateway, str(settlement.upstream_id), 0)).status_code == 201
    assert (await correct(gateway, str(settlement.upstream_id), 0)).status_code == 409
    assert (await correct(gateway, str(settlement.upstream_id), 7)).json()["cost_micros"] is None
    assert brief(await sums(gateway.admin, tenant=tenant.id)) == [(tenant.id, 7, 1, None, None)]


async def test_corrections_at_the_same_time_do_not_add_up(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    settlement = row(tenant.id)
    await write(gateway, settlement)
    answers = await asyncio.gather(*(correct(gateway, settlement.task_id, 50) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert brief(await sums(gateway.admin, tenant=tenant.id)) == [(tenant.id, 50, 1, 5, "CNY")]


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"task_id": "cgt-none"}, 404, "task_id"),
        ({"total_tokens": -1}, 400, "total_tokens"),
        ({"total_tokens": "5"}, 400, "total_tokens"),
        ({"note": ""}, 400, "note"),
        ({"cost_micros": 5}, 400, "cost_micros"),
    ],
)
async def test_a_wrong_correction_is_refused(gateway: Gateway, fields: dict[str, Any], status: int, param: str) -> None:
    refused = await correct(gateway, fields.pop("task_id", "x"), fields.pop("total_tokens", 1), **fields)
    assert (refused.status_code, refused.json()["error"]["param"]) == (status, param), refused.text


async def test_a_task_that_has_not_ended_cannot_be_corrected(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    assert (await correct(gateway, task_id, 5)).status_code == 404
    await gateway.force(task_id, "failed")
    await get(tenant, task_id)
    assert (await correct(gateway, task_id, 5)).status_code == 201
