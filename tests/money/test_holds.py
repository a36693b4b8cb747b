"""No create passes a budget: what it may cost is held from its intent to its end, and then settled."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.models import ChannelHealthRow
from app.composition import open_services
from app.db.engine import open_engine, session_factory
from app.db.roles import OWNER
from app.money.budgets.budget import Hold
from app.money.budgets.directory import to_budget
from app.money.budgets.period import period_at
from app.money.budgets.refusals import BudgetRefusals
from app.money.models import BudgetHoldRow, BudgetPeriodRow, BudgetRow
from app.tasks.models import TaskRow
from app.usage.budget_periods import BudgetPeriods
from tests.support.admin_app import QueryCount
from tests.support.budgets import (
    FIXED_MICROS,
    Standing,
    check_derived,
    holds_of,
    new_budget,
    number,
    spent,
    standing,
    standings,
)
from tests.support.database import url_of
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant, get, serve_gateway
from tests.support.gateway import text as prompt
from tests.support.timeouts import HANG_SECONDS

ABROAD_MODEL = "dreamina-seedance-2-0-260128"
ABROAD_MICROS = 762_300
"""What the task of ``FIXED`` costs on an account abroad, in millionths of a dollar."""


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def test_a_create_is_held_until_it_ends_and_then_settled(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 3 * FIXED_MICROS)
    expected = Standing(0, 0)
    for status in ("succeeded", "failed", "cancelled", "expired"):
        task_id = await tenant.new_task(**number())
        assert await standing(gateway, budget_id) == expected._replace(held=FIXED_MICROS)
        await gateway.force(task_id, status)
        await get(tenant, task_id)
        if status == "succeeded":
            expected = Standing(await spent(gateway, tenant), 0)
            assert 0 < expected.used <= FIXED_MICROS
        assert await standing(gateway, budget_id) == expected
    await check_derived(gateway)


async def test_what_is_used_up_is_refused_with_the_budget_its_end_and_what_is_left(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 2 * FIXED_MICROS + 3_000_000, period="month", time_zone="UTC")
    for _ in range(2):
        await tenant.new_task(**number())
    sent = len(gateway.received("create_task"))
    refused = await tenant.create_task(**number())
    assert code_of(refused) == (403, "AccountOverdueError")
    message = refused.json()["error"]["message"]
    now = gateway.clock()
    ends_at = f"{now.year + now.month // 12}-{now.month % 12 + 1:02}-01T00:00:00Z"
    for told in (budget_id, "13.0188 CNY a month", "3.00 CNY left", "may cost 5.0094 CNY", ends_at):
        assert told in message
    assert len(gateway.received("create_task")) == sent
    assert len(await gateway.rows_of(tenant)) == 2
    # What a create that fits asks for is taken all the same.
    await tenant.new_task(**{**number(), "resolution": "480p"})


async def test_a_changed_amount_counts_at_once_and_a_deleted_budget_no_longer(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS - 1)
    assert code_of(await tenant.create_task(**number())) == (403, "AccountOverdueError")

    async def change(**values: Any) -> None:
        async with gateway.sessions.begin() as session:
            await session.execute(update(BudgetRow).where(BudgetRow.id == budget_id).values(values))

    await change(amount_micros=FIXED_MICROS)
    await tenant.new_task(**number())
    assert code_of(await tenant.create_task(**number())) == (403, "AccountOverdueError")
    await change(is_hard=False)
    await tenant.new_task(**number())
    assert await standing(gateway, budget_id) == Standing(0, 2 * FIXED_MICROS)
    await change(is_hard=True, deleted_at=gateway.clock())
    await tenant.new_task(**number())
    assert await standing(gateway, budget_id) == Standing(0, 2 * FIXED_MICROS)


async def test_a_soft_budget_lets_pass_and_counts(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 1, is_hard=False)
    for _ in range(2):
        await tenant.new_task(**number())
    assert await standing(gateway, budget_id) == Standing(0, 2 * FIXED_MICROS)


async def test_creates_over_two_gateways_pass_no_budget_of_tenant_or_key_and_fail_alone(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    other_key = await gateway.key_of(tenant.id, allowed_channels=["default"])
    unlimited = await gateway.tenant()
    of_tenant = await new_budget(gateway, tenant, 9 * FIXED_MICROS + 1)
    of_key = await new_budget(gateway, tenant, 4 * FIXED_MICROS, key_id=tenant.key_id)
    async with serve_gateway(gateway.settings, gateway.clock, gateway.seconds) as other_url:

        def create(caller: Tenant, base_url: str, **headers: str) -> Any:
            body = {"model": "doubao-seedance-2", "content": prompt(ENDLESS), **number()}
            return caller.http.post(base_url + TASKS, json=body, headers=headers)

        urls = (gateway.base_url, other_url)
        calls = [
            create(caller, url, **({"Idempotency-Key": f"{attempt}-{url}-{caller.key_id}"} if attempt % 4 == 0 else {}))
            for attempt in range(8)
            for url in urls
            for caller in (tenant, other_key, unlimited)
        ]
        answers = await asyncio.gather(*calls)
    statuses = {
        caller.key_id: sorted(answer.status_code for answer in answers[position::3])
        for position, caller in enumerate((tenant, other_key, unlimited))
    }
    assert statuses[unlimited.key_id] == [200] * 16
    accepted = [statuses[caller.key_id].count(200) for caller in (tenant, other_key)]
    # Which of both keys is faster is open; no room stays unused.
    assert accepted[0] <= 4
    assert sum(accepted) == 9
    assert await standing(gateway, of_tenant) == Standing(0, 9 * FIXED_MICROS)
    assert await standing(gateway, of_key) == Standing(0, accepted[0] * FIXED_MICROS)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {code_of(answer) for answer in refused} == {(403, "AccountOverdueError")}
    assert len(await gateway.rows_of(tenant)) == 9


async def test_a_create_that_is_refused_or_never_sent_holds_nothing(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10 * FIXED_MICROS)
    await gateway.fault("create_task", kind="error", status=400, code="InvalidParameter")
    assert (await tenant.create_task(**number())).status_code == 400
    assert await standing(gateway, budget_id) == Standing(0, 0)
    dead = await gateway.key_of(tenant.id, allowed_channels=["dead"])
    assert (await dead.create_task(**number())).status_code == 503
    assert await standing(gateway, budget_id) == Standing(0, 0)
    assert await gateway.rows_of(tenant) == []


async def test_a_create_of_unknown_outcome_is_held_until_it_is_resolved(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS)
    await gateway.fault("create_task", kind="cut", at="after")
    task_id = await tenant.new_task(**number())
    assert await standing(gateway, budget_id) == Standing(0, FIXED_MICROS)
    assert code_of(await tenant.create_task(**number())) == (403, "AccountOverdueError")
    resolved = await gateway.admin.post(f"/tasks/{task_id}/resolve", json={"absent": True})
    assert resolved.status_code == 200, resolved.text
    assert await standing(gateway, budget_id) == Standing(0, 0)


async def test_a_create_that_the_operator_resolves_to_its_task_is_held_until_the_task_is_settled(
    gateway: Gateway,
) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS)
    await gateway.fault("create_task", kind="cut", at="after")
    task_id = await tenant.new_task(**number())
    upstream_id = await gateway.effect("create_task")
    resolved = await gateway.admin.post(f"/tasks/{task_id}/resolve", json={"upstream_id": upstream_id})
    assert resolved.status_code == 200, resolved.text
    assert await standing(gateway, budget_id) == Standing(0, FIXED_MICROS)
    assert code_of(await tenant.create_task(**number())) == (403, "AccountOverdueError")
    await gateway.force(upstream_id, "succeeded")
    refreshed = await gateway.admin.post(f"/tasks/{task_id}/refresh")
    assert refreshed.json()["status"] == "succeeded"
    used = await spent(gateway, tenant)
    assert used > 0
    assert await standing(gateway, budget_id) == Standing(used, 0)
    await check_derived(gateway)


async def test_polls_that_fail_for_longer_than_a_task_may_run_release_nothing(gateway: Gateway) -> None:
    async with gateway.sessions.begin() as session:
        await session.execute(update(TaskRow).values(next_poll_at=None))  # no task of another test is due
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS)
    task_id = await tenant.new_task(**number(), execution_expires_after=3600)
    await gateway.force(task_id, "succeeded")
    await gateway.fault("get_task", times=None, kind="error", status=500, code="InternalServiceError")
    async with open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as services:
        for asked in range(1, 5):
            gateway.clock.advance(86_400)
            await services.task_poller.run_once()
            assert len(gateway.received("get_task")) == asked
            assert await standing(gateway, budget_id) == Standing(0, FIXED_MICROS)
        assert code_of(await tenant.create_task(**number())) == (403, "AccountOverdueError")
        await gateway.prepare()
        gateway.clock.advance(86_400)
        await services.task_poller.run_once()
    used = await spent(gateway, tenant)
    assert used > 0
    assert await standing(gateway, budget_id) == Standing(used, 0)
    await check_derived(gateway)


async def test_replays_take_no_second_hold(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS)
    fields = number()
    body = {"model": "doubao-seedance-2", "content": prompt(ENDLESS), **fields}
    answers = await asyncio.gather(
        *(tenant.http.post(TASKS, json=body, headers={"Idempotency-Key": "one"}) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await standing(gateway, budget_id) == Standing(0, FIXED_MICROS)


async def test_a_settlement_may_exceed_its_hold_and_the_next_create_is_refused(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 2 * FIXED_MICROS)
    task_id = await tenant.new_task(**number())
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": 400_000}})
    await get(tenant, task_id)
    assert await standing(gateway, budget_id) == Standing(400_000 * 46, 0)
    refused = await tenant.create_task(**number())
    assert code_of(refused) == (403, "AccountOverdueError")
    assert "has 0.00 CNY left" in refused.json()["error"]["message"]


async def test_a_correction_counts_in_the_period_of_its_task(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 2 * FIXED_MICROS)
    task_id = await tenant.new_task(**number())
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    body = {"task_id": task_id, "total_tokens": 1000, "note": "a test"}
    corrected = await gateway.admin.post("/usage/corrections", json=body)
    assert corrected.status_code == 201, corrected.text
    assert await standing(gateway, budget_id) == Standing(46_000, 0)


async def test_failover_takes_the_hold_of_the_next_channel_before_it_sends(gateway: Gateway) -> None:
    base_url = gateway.sandbox.ark_base_url
    fields = {"region": "ap-southeast-1", "priority": 10, "models": {"doubao-seedance-2": ABROAD_MODEL}}
    await gateway.add_channel("abroad", base_url, "second-ark-key", **fields)
    tenant = await gateway.tenant("abroad", "default")
    dollars = await new_budget(gateway, tenant, ABROAD_MICROS, currency="USD")
    yuan = await new_budget(gateway, tenant, FIXED_MICROS)
    await gateway.fault(
        "create_task", account="second", times=None, kind="error", status=401, code="AuthenticationError"
    )
    task_id = await tenant.new_task(**number())
    row = await gateway.row(task_id)
    assert row is not None
    assert row.channel_id == await gateway.channel_id("default")
    assert (await standing(gateway, dollars), await standing(gateway, yuan)) == (
        Standing(0, 0),
        Standing(0, FIXED_MICROS),
    )

    # There is room for it on the first channel alone, which refuses our account.
    refused = await tenant.create_task(**number())
    assert code_of(refused) == (403, "AccountOverdueError")
    assert yuan in refused.json()["error"]["message"]
    assert (await standing(gateway, dollars), await standing(gateway, yuan)) == (
        Standing(0, 0),
        Standing(0, FIXED_MICROS),
    )
    await check_derived(gateway)


async def test_the_hold_of_the_first_channel_decides_and_in_a_failover_one_without_room_is_skipped(
    gateway: Gateway,
) -> None:
    base_url, key = gateway.sandbox.ark_base_url, "second-ark-key"
    await gateway.add_channel("first-at-home", base_url, key, priority=20)
    abroad = {"region": "ap-southeast-1", "models": {"doubao-seedance-2": ABROAD_MODEL}}
    await gateway.add_channel("then-abroad", base_url, key, priority=10, **abroad)
    tenant = await gateway.tenant("first-at-home", "then-abroad", "default")
    yuan = await new_budget(gateway, tenant, FIXED_MICROS)
    dollars = await new_budget(gateway, tenant, ABROAD_MICROS - 1, currency="USD")
    await gateway.fault("create_task", account="second", kind="error", status=401, code="AuthenticationError")
    await tenant.new_task(**number())
    assert [entry.account for entry in gateway.received("create_task")] == ["second", "default"]
    assert await standing(gateway, yuan) == Standing(0, FIXED_MICROS)
    assert await standing(gateway, dollars) == Standing(0, 0)

    # Now the first has no room, and the one abroad has.
    raised = await gateway.admin.patch(f"/budgets/{dollars}", json={"amount_micros": 10 * ABROAD_MICROS})
    assert raised.status_code == 200, raised.text
    gateway.expire_caches()
    refused = await tenant.create_task(**number())
    assert code_of(refused) == (403, "AccountOverdueError")
    assert yuan in refused.json()["error"]["message"]
    assert len(gateway.received("create_task")) == 2
    assert await standing(gateway, dollars) == Standing(0, 0)
    await check_derived(gateway)


@pytest.mark.parametrize("end", ["resolved", "erased", "named"])
async def test_a_create_that_was_ended_meanwhile_is_not_sent_to_the_next_channel(gateway: Gateway, end: str) -> None:
    # Another process took this one for dead, or a callback was faster than the answer.
    base_url = gateway.sandbox.ark_base_url
    await gateway.add_channel(end, base_url, "second-ark-key", priority=10)
    tenant = await gateway.tenant(end, "default")
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS)
    refusal: dict[str, Any] = {
        "kind": "error",
        "status": 401,
        "code": "AuthenticationError",
        "delay_seconds": HANG_SECONDS,
    }
    slow = await gateway.fault("create_task", account="second", **refusal)
    creating = asyncio.create_task(tenant.create_task(**number()))
    await gateway.arrival("create_task")
    (row,) = await gateway.rows_of(tenant)
    is_it = (TaskRow.tenant_id == tenant.id) & (TaskRow.id == row.id)
    changes: dict[str, dict[str, Any]] = {
        "resolved": {"status": "unknown", "cut_at": gateway.clock(), "is_spare_id_public": True},
        "named": {"claimed_upstream_id": f"cgt-{tenant.id}"},
    }
    async with gateway.sessions.begin() as session:
        if end == "erased":
            await session.execute(delete(TaskRow).where(is_it))
        else:
            await session.execute(update(TaskRow).where(is_it).values(changes[end]))
    if end == "resolved":
        resolved = await gateway.admin.post(f"/tasks/{row.id}/resolve", json={"absent": True})
        assert resolved.status_code == 200, resolved.text
    await gateway.release(slow)
    answer = await creating
    assert [entry.account for entry in gateway.received("create_task")] == ["second"]
    assert answer.status_code == (200 if end == "named" else 503), answer.text
    assert await standing(gateway, budget_id) == Standing(0, FIXED_MICROS if end == "named" else 0)
    await check_derived(gateway)


async def test_with_a_hard_budget_channels_that_it_could_not_count_are_no_candidates(gateway: Gateway) -> None:
    tenant = await gateway.tenant("default")
    await new_budget(gateway, tenant, 10 * FIXED_MICROS, currency="USD")
    sent = len(gateway.received("create_task"))
    refused = await tenant.create_task(**number())
    assert code_of(refused) == (403, "AccountOverdueError")
    assert "hard budgets in USD" in refused.json()["error"]["message"]
    assert "billed in CNY" in refused.json()["error"]["message"]

    # The endpoint of the channel "second" has no price.
    both = await gateway.tenant("second", "default")
    soft = await new_budget(gateway, both, 10 * FIXED_MICROS, is_hard=False)
    row = await gateway.row(await both.new_task(**number()))
    assert row is not None
    channel_id = row.channel_id
    assert channel_id == await gateway.channel_id("default")
    async with gateway.suspended("default"):
        gateway.expire_caches()
        await both.new_task(**number())
        await new_budget(gateway, both, 10 * FIXED_MICROS)
        unpriced = await both.create_task(**number())
    assert code_of(unpriced) == (403, "AccountOverdueError")
    assert "unpriced: ep-20260101000000-abcde" in unpriced.json()["error"]["message"]
    assert await standing(gateway, soft) == Standing(0, FIXED_MICROS)
    assert len(gateway.received("create_task")) == sent + 2


async def test_a_budget_begins_with_what_the_ledger_says_and_counts_what_ends_later(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ended, unfinished = [await tenant.new_task(**number()) for _ in range(2)]
    await gateway.force(ended, "succeeded")
    await get(tenant, ended)
    used = await spent(gateway, tenant)
    budget_id = await new_budget(gateway, tenant, 2 * FIXED_MICROS)
    await tenant.new_task(**number())
    assert await standing(gateway, budget_id) == Standing(used, FIXED_MICROS)
    await gateway.force(unfinished, "succeeded")
    await get(tenant, unfinished)
    assert await standing(gateway, budget_id) == Standing(await spent(gateway, tenant), FIXED_MICROS)
    await check_derived(gateway)


async def test_a_period_that_begins_waits_for_the_settlements_under_way(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10 * FIXED_MICROS)
    insert = sql("""
        INSERT INTO ledger (kind, tenant_id, key_id, task_id, model, upstream_model, service_tier, status, total_tokens,
                            web_searches, is_estimated, currency, cost_micros, created_at, settled_at)
        VALUES ('settlement', :tenant_id, 'k', :task_id, '', '', '', 'succeeded', 1, 0, false, 'CNY', 7, :now, :now)
    """)
    async with gateway.sessions.begin() as session:
        await session.execute(insert, {"tenant_id": tenant.id, "task_id": "one", "now": gateway.clock()})
        creating = asyncio.create_task(tenant.new_task(**number()))
        waiting = sql("""
            SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 24302 AND NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """)
        async with gateway.sessions() as other:
            while not await other.scalar(waiting):  # noqa: ASYNC110 - a table has no event
                await asyncio.sleep(0.01)
        assert not creating.done()
    await creating
    assert await standing(gateway, budget_id) == Standing(7, FIXED_MICROS)


async def test_a_period_is_looked_for_once_and_made_anew_when_the_database_was_restored(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 10 * FIXED_MICROS)
    await tenant.new_task(**number())
    engine = open_engine(gateway.database_url)
    sessions = session_factory(engine)
    async with sessions() as session:
        budget = to_budget(await session.get_one(BudgetRow, budget_id))
    hold = Hold(budget, period_at(budget.kind, budget.time_zone, gateway.clock()), 1)
    periods = BudgetPeriods(sessions)
    await periods.ensure(tenant.id, [hold])
    with QueryCount(engine, "budget_periods") as queries:
        await periods.ensure(tenant.id, [hold])
    assert queries.count == 0
    await engine.dispose()

    async with gateway.sessions.begin() as session:
        await session.execute(delete(BudgetHoldRow).where(BudgetHoldRow.budget_id == budget_id))
        await session.execute(delete(BudgetPeriodRow).where(BudgetPeriodRow.budget_id == budget_id))
    assert (await tenant.create_task(**number())).status_code == 503
    await tenant.new_task(**number())
    assert (await standing(gateway, budget_id)).held == FIXED_MICROS


async def test_noting_refusals_waits_for_creates_without_a_deadlock(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    first, *others = sorted([await new_budget(gateway, tenant, FIXED_MICROS, is_hard=False) for _ in range(12)])
    starts_at = gateway.clock()
    engine = open_engine(gateway.database_url)
    refusals = BudgetRefusals(session_factory(engine), gateway.clock)
    async with gateway.sessions.begin() as session:
        # In the order in which a scan of the table does not find what a create locks first.
        for budget_id in (*others, first):
            row = BudgetPeriodRow(budget_id=budget_id, starts_at=starts_at, used_micros=0, held_micros=0)
            session.add(row)
            await session.flush()
            refusals.note((budget_id, starts_at))
    owner = open_engine(url_of(OWNER, gateway.database_url))
    async with owner.begin() as connection:
        await connection.execute(sql("ANALYZE budget_periods"))  # a small table is then scanned in its own order
    await owner.dispose()
    lock = sql("SELECT FROM budget_periods WHERE budget_id = :budget_id FOR UPDATE")
    async with gateway.sessions.begin() as session:
        await session.execute(lock, {"budget_id": first})
        noting = asyncio.create_task(refusals.flush())
        await until_blocked_by(gateway, session)
        # Whatever waits here has nothing that the create needs next.
        await session.execute(sql("SET LOCAL lock_timeout = '1ms'"))
        for budget_id in others:
            await session.execute(lock, {"budget_id": budget_id})
    await noting
    await engine.dispose()
    async with gateway.sessions() as session:
        noted = [(await session.get_one(BudgetPeriodRow, (each, starts_at))).refused_at for each in (first, *others)]
        assert None not in noted


async def test_a_settlement_that_waits_for_a_budget_has_not_locked_the_breaker_of_its_channel(gateway: Gateway) -> None:
    # A create that is refused locks them in the other order: first its budget, and the breaker as the last.
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS)
    task_id = await tenant.new_task(**number())
    await gateway.force(task_id, "succeeded")
    channel_id = await gateway.channel_id("default")
    async with gateway.sessions.begin() as session:
        await session.merge(ChannelHealthRow(channel_id=channel_id, unknowns=1, updated_at=gateway.clock()))
    async with gateway.sessions.begin() as session:
        await session.execute(sql("SELECT FROM budget_periods WHERE budget_id = :id FOR UPDATE"), {"id": budget_id})
        settling = asyncio.create_task(get(tenant, task_id))
        await until_blocked_by(gateway, session)
        await session.execute(sql("SET LOCAL lock_timeout = '1ms'"))
        await session.execute(sql("SELECT FROM channel_health WHERE channel_id = :id FOR UPDATE"), {"id": channel_id})
    await settling
    assert await standing(gateway, budget_id) == Standing(await spent(gateway, tenant), 0)


async def until_blocked_by(gateway: Gateway, session: AsyncSession) -> None:
    """Waits until another transaction waits for a lock of this one."""
    pid = await session.scalar(sql("SELECT pg_backend_pid()"))
    waiting = sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND :pid = ANY (pg_blocking_pids(pid))")
    async with gateway.sessions() as other:
        while not await other.scalar(waiting, {"pid": pid}):  # noqa: ASYNC110 - a table has no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("period", ["day", "month"])
async def test_hold_and_settlement_count_in_the_period_of_the_create(gateway: Gateway, period: str) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, FIXED_MICROS, period=period, time_zone="Asia/Shanghai")
    task_id = await tenant.new_task(**number())
    assert code_of(await tenant.create_task(**number())) == (403, "AccountOverdueError")
    gateway.clock.advance(86_400 * (1 if period == "day" else 31))
    later_id = await tenant.new_task(**number())
    assert await standings(gateway, budget_id) == [Standing(0, FIXED_MICROS)] * 2
    await gateway.force(task_id, "succeeded")
    await get(tenant, task_id)
    used = await spent(gateway, tenant)
    assert await standings(gateway, budget_id) == [Standing(used, 0), Standing(0, FIXED_MICROS)]
    await gateway.force(later_id, "failed")
    await get(tenant, later_id)
    assert await standings(gateway, budget_id) == [Standing(used, 0), Standing(0, 0)]


async def test_a_tenant_without_budgets_has_neither_holds_nor_periods(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    budget_id = await new_budget(gateway, other, 1)
    await tenant.new_task(**number())
    async with gateway.sessions() as session:
        assert await holds_of(session, tenant) == []
    assert await standings(gateway, budget_id) == []
    message = (await other.create_task(**number())).json()["error"]["message"]
    assert budget_id in message


async def test_a_budget_of_a_key_counts_the_keys_that_have_replaced_it_before(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    key, newest = tenant, tenant.key_id
    for _ in range(2):
        rotated = (await gateway.admin.post(f"/keys/{newest}/rotate", json={"grace_seconds": 3600})).json()
        newest = rotated["id"]
        key = Tenant(tenant.id, newest, rotated["key"], gateway.client(rotated["key"]))
    wanted = {"tenant_id": tenant.id, "key_id": tenant.key_id, "currency": "CNY", "period": "total"}
    made = await gateway.admin.post("/budgets", json={**wanted, "amount_micros": FIXED_MICROS})
    assert made.status_code == 201, made.text
    gateway.expire_caches()
    await key.new_task(**number())
    for caller in (tenant, key):
        assert code_of(await caller.create_task(**number())) == (403, "AccountOverdueError")


async def test_the_keys_that_replace_a_key_spend_its_budget(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    budget_id = await new_budget(gateway, tenant, 3 * FIXED_MICROS, key_id=tenant.key_id)
    keys = [tenant]
    # Of one key twice, and of its successor once.
    for key_id in (tenant.key_id, tenant.key_id, None):
        path = f"/keys/{key_id or keys[-1].key_id}/rotate"
        rotated = (await gateway.admin.post(path, json={"grace_seconds": 3600})).json()
        keys.append(Tenant(tenant.id, rotated["id"], rotated["key"], gateway.client(rotated["key"])))
    gateway.expire_caches()
    for key in keys[1:]:
        task_id = await key.new_task(**number())
    for key in keys:
        assert code_of(await key.create_task(**number())) == (403, "AccountOverdueError")
        listed = (await gateway.admin.get("/budgets", params={"key": key.key_id})).json()["data"]
        assert [budget["id"] for budget in listed] == [budget_id]
    assert (await (await gateway.key_of(tenant.id)).create_task(**number())).status_code == 200
    await gateway.force(task_id, "succeeded")
    await get(keys[-1], task_id)
    assert await standing(gateway, budget_id) == Standing(await spent(gateway, tenant), 2 * FIXED_MICROS)
    await check_derived(gateway)
