"""The ledger is compared with the tasks and with the upstream's list; what differs is named, and so are orphans."""

import json
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from app.upstream.rate_limits import RateLimiter
from tests.admin.forgotten import forget, has_a_call_to_spare
from tests.support.budgets import new_budget, number, standing
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant, get
from tests.support.gateway import text as prompt
from tests.usage.rows import row, write
from tests.usage.test_ledger import FIXED, FIXED_TOKENS

gateway = prepared_gateway


@pytest_asyncio.fixture(autouse=True)
async def a_week_of_its_own(gateway: Gateway) -> None:
    """The upstream lists no task of another test."""
    gateway.clock.advance(8 * 86_400)


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's rate limits are not reached."""
    monkeypatch.setattr(RateLimiter, "acquire", has_a_call_to_spare)


async def check(gateway: Gateway) -> dict[str, list[dict[str, Any]]]:
    """Returns the lines of a comparison by their type; the last line must be there."""
    answer = await gateway.admin.get("/usage/check", params={"channel": "default"})
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-1] == {"type": "end"}
    types = ("difference", "estimate", "budget", "orphan", "list", "end")
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in types}
    for line in lines:
        found[line["type"]].append(line)
    return found


async def test_a_budget_whose_sums_differ_is_named_and_computed_again(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10**9)
    ended, _ = [await tenant.new_task(**number()) for _ in range(2)]
    await gateway.force(ended, "succeeded")
    await get(tenant, ended)
    before = await standing(gateway, budget_id)
    assert (await check(gateway))["budget"] == []
    async with gateway.sessions.begin() as session:
        drift = text("UPDATE budget_periods SET used_micros = 1, held_micros = 2 WHERE budget_id = :id")
        await session.execute(drift, {"id": budget_id})
    (line,) = (await check(gateway))["budget"]
    assert (line["budget_id"], line["tenant_id"], line["used_micros"], line["held_micros"]) == (
        budget_id,
        tenant.id,
        1,
        2,
    )
    assert (line["ledger_micros"], line["holds_micros"]) == before
    assert (await gateway.admin.post("/usage/rebuild")).json() == {"periods": 1}
    assert await standing(gateway, budget_id) == before
    assert (await check(gateway))["budget"] == []


async def test_periods_that_ended_before_the_days_that_are_checked_are_not_read(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10**9, period="day")
    total = await new_budget(gateway, tenant, 10**9)
    drift = text("UPDATE budget_periods SET used_micros = used_micros + 1 WHERE budget_id IN (:id, :total)")
    begun = []
    for days in (6, 4, 0):
        begun.append(gateway.clock().date().isoformat())
        await tenant.new_task(**number())
        gateway.clock.advance(days * 86_400)
    async with gateway.sessions.begin() as session:
        await session.execute(drift, {"id": budget_id, "total": total})
    lines = (await check(gateway))["budget"]
    # The first day ended nine days ago; a period without an end is always read.
    assert [line["starts_at"][:10] for line in lines if line["budget_id"] == budget_id] == begun[1:]
    assert [line["budget_id"] for line in lines if line["budget_id"] != budget_id] == [total]
    # What is computed again are all periods.
    assert (await gateway.admin.post("/usage/rebuild")).json() == {"periods": 4}


async def test_ledger_tasks_and_upstream_agree_to_the_token(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ended = {status: await tenant.new_task() for status in ("succeeded", "failed", "expired", "cancelled")}
    for status, task_id in ended.items():
        await gateway.force(task_id, status)
        await get(tenant, task_id)
    deleted = await tenant.new_task()
    await gateway.force(deleted, "succeeded")
    assert (await tenant.http.delete(f"{TASKS}/{deleted}")).status_code == 200
    unseen = await tenant.new_task()
    await gateway.force(unseen, "succeeded")
    queued = await tenant.new_task(content=prompt(ENDLESS))
    foreign = await tenant.new_task()
    await gateway.force(foreign, "succeeded")
    await forget(gateway, foreign)

    found = await check(gateway)

    listed = {*ended.values(), unseen, queued, foreign}
    tokens = {task["id"]: task["billed_tokens"] for task in (await gateway.ledger())["tasks"]}
    assert found["difference"] == []
    assert [(line["upstream_id"], line["total_tokens"]) for line in found["orphan"]] == [(foreign, tokens[foreign])]
    (end,) = found["list"]
    assert (end["listed"], end["settled"], end["unsettled"], end["orphans"]) == (7, 4, 2, 1)
    assert (end["is_complete"], end["problem"]) == (True, None)
    assert (end["ledger_tokens"], end["unsettled_tokens"], end["orphan_tokens"]) == (
        tokens[ended["succeeded"]],
        tokens[unseen],
        tokens[foreign],
    )
    assert end["upstream_tokens"] == sum(tokens[task_id] for task_id in listed)


async def test_each_difference_is_named_by_its_ids(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = [await tenant.new_task() for _ in range(4)]
    for task_id in ids:
        await gateway.force(task_id, "succeeded")
        await get(tenant, task_id)
    more, unlike, corrected, not_settled = ids
    bill = {task["id"]: task["billed_tokens"] for task in (await gateway.ledger())["tasks"]}
    rows = [await gateway.row(task_id) for task_id in ids]
    spare = {str(found.upstream_id): found.id for found in rows if found is not None}
    now = gateway.clock()
    # The upstream bills another figure than it said; a correction takes it up.
    await gateway.force(more, "succeeded", extra={"usage": {"total_tokens": 7}})
    await gateway.force(corrected, "succeeded", extra={"usage": {"total_tokens": bill[corrected] - 5}})
    fields: dict[str, Any] = {"kind": "correction", "upstream_id": corrected, "task_id": spare[corrected]}
    await write(gateway, row(tenant.id, created_at=now, total_tokens=-5, **fields))
    async with gateway.sessions.begin() as session:
        changes = (
            ("UPDATE tasks SET total_tokens = 8 WHERE id = :id", spare[unlike]),
            ("UPDATE tasks SET status = 'running' WHERE id = :id", spare[not_settled]),
        )
        for statement, task_id in changes:
            await session.execute(text(statement), {"id": task_id})
    # A process of before the ledger has ended this one.
    ghost = await tenant.new_task()
    await gateway.force(ghost, "succeeded")
    async with gateway.sessions.begin() as session:
        await session.execute(text("UPDATE tasks SET status = 'failed' WHERE upstream_id = :id"), {"id": ghost})

    found = await check(gateway)

    told = {
        (line["kind"], line["upstream_id"], line["ledger_tokens"], line["other_tokens"]) for line in found["difference"]
    }
    assert told == {
        ("upstream", more, bill[more], 7),
        ("task", unlike, bill[unlike], 8),
        ("not_settled", ghost, None, 0),
        ("not_settled", ghost, None, bill[unlike]),
    }
    assert {line["tenant_id"] for line in found["difference"] if line["kind"] != "not_settled"} == {tenant.id}


async def test_an_estimate_that_the_upstream_contradicts_is_a_difference(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(**FIXED)
    await gateway.force(task_id, "succeeded", extra={"usage": {}})
    await get(tenant, task_id)
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": 9}})
    (difference,) = (await check(gateway))["difference"]
    assert (difference["ledger_tokens"], difference["other_tokens"], difference["is_estimated"]) == (
        FIXED_TOKENS,
        9,
        True,
    )


async def delete_unseen(gateway: Gateway, tenant: Tenant, task_id: str) -> None:
    """Deletes an unfinished task of which the upstream says that it does not know it."""
    for operation in ("get_task", "delete_task"):
        await gateway.fault(operation, times=None, kind="error", status=404, code="NotFound.ID")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200


async def correct(gateway: Gateway, task_id: str, total_tokens: int) -> None:
    body = {"task_id": task_id, "total_tokens": total_tokens, "note": "as on the bill"}
    corrected = await gateway.admin.post("/usage/corrections", json=body)
    assert corrected.status_code == 201, corrected.text


async def test_a_task_whose_usage_was_never_seen_is_told_as_an_estimate_and_no_difference(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    mute = await tenant.new_task(**number())
    await gateway.force(mute, "succeeded", extra={"usage": {}})
    await get(tenant, mute)
    unseen = await tenant.new_task(content=prompt(ENDLESS), **number())
    await delete_unseen(gateway, tenant, unseen)
    found = await check(gateway)
    assert found["difference"] == []
    told = {(line["upstream_id"], line["status"], line["ledger_tokens"]) for line in found["estimate"]}
    assert told == {(mute, "succeeded", FIXED_TOKENS), (unseen, "cancelled", FIXED_TOKENS)}
    assert {line["tenant_id"] for line in found["estimate"]} == {tenant.id}


async def test_an_estimate_that_is_corrected_is_told_no_more(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=prompt(ENDLESS), **number())
    await delete_unseen(gateway, tenant, task_id)
    await correct(gateway, task_id, 4711)
    found = await check(gateway)
    assert (found["difference"], found["estimate"]) == ([], [])


@pytest.mark.parametrize("is_of_the_task", [True, False])
async def test_a_correction_to_the_figure_that_is_right_clears_a_difference(
    gateway: Gateway, *, is_of_the_task: bool
) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(**number())
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    if is_of_the_task:
        async with gateway.sessions.begin() as session:
            change = text("UPDATE tasks SET total_tokens = 9 WHERE upstream_id = :id")
            await session.execute(change, {"id": task_id})
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": 9}})
    kinds = {line["kind"] for line in (await check(gateway))["difference"]}
    assert kinds == ({"task", "upstream"} if is_of_the_task else {"upstream"})
    await correct(gateway, task_id, 9)
    assert (await check(gateway))["difference"] == []


async def test_a_list_that_cannot_be_read_is_called_incomplete(gateway: Gateway) -> None:
    await gateway.fault("list_tasks", times=None, kind="cut", at="before")
    (end,) = (await check(gateway))["list"]
    assert (end["is_complete"], bool(end["problem"])) == (False, True)


async def test_an_unknown_channel_is_refused(gateway: Gateway) -> None:
    refused = await gateway.admin.get("/usage/check", params={"channel": "none"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "channel")
