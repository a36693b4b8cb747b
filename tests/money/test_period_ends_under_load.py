"""A day or month ends while creates arrive at two gateways: each counts in one period, and no period is passed."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text

from app.db.engine import open_engine
from app.db.roles import OWNER
from app.sandbox.config import SandboxConfig
from app.usage.models import LedgerRow
from tests.support.budgets import FIXED_MICROS, check_derived, new_budget, number, standings
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.database import own_database, url_of
from tests.support.gateway import ENDLESS, MODEL, TASKS, Gateway, Tenant, get, open_gateway, serve_gateway
from tests.support.gateway import text as prompt

pytestmark = pytest.mark.slow

CREATES, WORKERS = 160, 16
OF_TENANT, OF_KEY = 12, 7
"""How many tasks a period of the budgets has room for."""
ENDS_FIRST, ENDS_SECOND = 60, 80
"""After how many answers the period ends on the clock of each gateway: they differ, as real ones do."""
SECONDS_OF_AN_ANSWER = 0.2

# Everything that the database ever commits about periods and holds, in its order.
RECORDING = (
    "CREATE TABLE seen_periods (budget_id text, starts_at timestamptz, taken bigint)",
    "CREATE TABLE seen_holds (task_id text, budget_id text, starts_at timestamptz, amount bigint)",
    """
    CREATE FUNCTION see_period() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO public.seen_periods VALUES (NEW.budget_id, NEW.starts_at, NEW.used_micros + NEW.held_micros);
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION see_hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO public.seen_holds VALUES (NEW.task_id, NEW.budget_id, NEW.period_starts_at, NEW.amount_micros);
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER seen AFTER UPDATE ON budget_periods FOR EACH ROW EXECUTE FUNCTION see_period()",
    "CREATE TRIGGER seen AFTER INSERT ON budget_holds FOR EACH ROW EXECUTE FUNCTION see_hold()",
)


@dataclass
class Site:
    """Two gateways over one database, each with a clock of its own."""

    gateway: Gateway
    other_url: str
    clocks: tuple[MovableClock, MovableClock]

    async def pass_seconds(self, seconds: float) -> None:
        """Moves both clocks, so that tasks may be asked for again, and lets caches and used-up call rates expire."""
        for clock in self.clocks:
            clock.advance(seconds)
        await self.gateway.refill()


@asynccontextmanager
async def open_site(server_url: str, at: datetime) -> AsyncIterator[Site]:
    """Opens it at a moment; the second gateway is a quarter of a second ahead."""
    clocks = MovableClock(stands_still=True), MovableClock(stands_still=True)
    for clock, ahead in zip(clocks, (0, 0.25), strict=True):
        clock.advance((at - datetime.now(UTC)).total_seconds() + ahead)
    async with own_database(server_url) as url:
        owner = open_engine(url_of(OWNER, url), pool_size=1)
        async with owner.begin() as connection:
            for statement in RECORDING:
                await connection.execute(text(statement))
        await owner.dispose()
        config = SandboxConfig(clock=clocks[0], limits=None)
        async with (
            open_gateway(
                url, sandbox_config=config, clock=clocks[0], seconds=ManualSeconds(), background="off"
            ) as gateway,
            serve_gateway(gateway.settings, clocks[1], gateway.seconds) as other_url,
        ):
            yield Site(gateway, other_url, clocks)


async def seen(gateway: Gateway, table: str) -> list[Any]:
    async with gateway.sessions() as session:
        return list(await session.execute(text(f"SELECT * FROM {table}")))


@pytest.mark.parametrize(
    ("zone", "period", "ends_at"),
    [
        ("Asia/Shanghai", "day", "2027-03-28T16:00"),
        ("Asia/Shanghai", "month", "2027-10-31T16:00"),
        # Days of 23 and 25 hours, the month that has the latter, and a midnight that the clocks skip.
        ("Europe/Berlin", "day", "2027-03-28T22:00"),
        ("Europe/Berlin", "day", "2027-10-31T23:00"),
        ("Europe/Berlin", "month", "2027-10-31T23:00"),
        ("America/Santiago", "day", "2027-09-05T04:00"),
    ],
)
async def test_creates_amid_the_end_of_a_period_count_in_one_each_and_pass_none(
    database_url: str, zone: str, period: str, ends_at: str
) -> None:
    end = datetime.fromisoformat(ends_at).replace(tzinfo=UTC)
    place = ZoneInfo(zone)

    def date_of(at: datetime) -> date:
        local = at.astimezone(place).date()
        return local if period == "day" else local.replace(day=1)

    async with open_site(database_url, datetime.fromtimestamp(end.timestamp() - 30, UTC)) as site:
        gateway = site.gateway
        first_key = await gateway.tenant()
        other_key = await gateway.key_of(first_key.id)
        zoned = {"period": period, "time_zone": zone}
        of_tenant = await new_budget(gateway, first_key, OF_TENANT * FIXED_MICROS, **zoned)
        of_key = await new_budget(gateway, first_key, OF_KEY * FIXED_MICROS, key_id=first_key.key_id, **zoned)
        total = await new_budget(gateway, first_key, 1, is_hard=False)
        await plan_by_statistics(gateway, first_key)
        await gateway.fault("create_task", times=9, kind="error", status=400, code="InvalidParameter")
        answered, statuses = await run_load(site, first_key, other_key)
        assert statuses[403, False] > 0 < statuses[403, True], statuses
        assert {status for status, _ in statuses} <= {200, 400, 403}, statuses

        # Each create has one hold in each of its budgets, in the period of its moment by the calendar of the zone.
        rows = {row.id: row for row in await gateway.rows_of(first_key)}
        assert len(rows) == len(answered) + 1
        assert {date_of(row.created_at) for row in rows.values()} == {
            date_of(datetime.fromtimestamp(end.timestamp() + offset, UTC)) for offset in (-1, 0)
        }
        holds = [hold for hold in await seen(gateway, "seen_holds") if hold.task_id in rows]
        budgets_of = {
            first_key.key_id: {of_tenant, of_key, total},
            other_key.key_id: {of_tenant, total},
        }
        assert Counter((hold.task_id, hold.budget_id) for hold in holds) == Counter(
            (row.id, budget_id) for row in rows.values() for budget_id in budgets_of[row.key_id]
        )
        for hold in holds:
            assert hold.amount == FIXED_MICROS
            if hold.budget_id != total:
                created_at = rows[hold.task_id].created_at
                assert date_of(hold.starts_at) == date_of(created_at)
                assert (hold.starts_at < end) == (created_at < end)
        most = {of_tenant: OF_TENANT * FIXED_MICROS, of_key: OF_KEY * FIXED_MICROS}
        taken = [each for each in await seen(gateway, "seen_periods") if each.budget_id in most]
        assert all(0 <= each.taken <= most[each.budget_id] for each in taken)
        assert {each.starts_at < end for each in taken} == {True, False}

        # What is unfinished is held, and what has ended is what the ledger says, in the same period.
        await check_derived(gateway)
        for row in rows.values():
            if row.finished_at is None:
                assert row.upstream_id is not None
                await gateway.force(row.upstream_id, "succeeded")
                await site.pass_seconds(3)
                await get(first_key, row.upstream_id)
        async with gateway.sessions() as session:
            ledger = list(await session.scalars(select(LedgerRow).where(LedgerRow.tenant_id == first_key.id)))
            assert not await session.scalar(text("SELECT count(*) FROM budget_holds"))
            assert await session.scalar(select(func.count()).select_from(LedgerRow)) == len(rows)
        assert {each.task_id: each.created_at for each in ledger} == {row.id: row.created_at for row in rows.values()}
        for budget_id in (of_tenant, of_key):
            costs: Counter[bool] = Counter()
            for each in ledger:
                if budget_id in budgets_of[str(each.key_id)]:
                    costs[each.created_at >= end] += each.cost_micros or 0
            assert [tuple(standing) for standing in await standings(gateway, budget_id)] == [
                (costs[False], 0),
                (costs[True], 0),
            ]
        await check_derived(gateway)
        await check_days(gateway, first_key, zone, ledger)


async def plan_by_statistics(gateway: Gateway, key: Tenant) -> None:
    """Does what autovacuum does at any moment: small tables are then scanned in their order, not in that of keys."""
    # The periods are made by a task that costs nothing.
    first = await key.new_task(**number())
    await gateway.force(first, "failed")
    await get(key, first)
    owner = open_engine(url_of(OWNER, gateway.database_url), pool_size=1)
    async with owner.begin() as connection:
        await connection.execute(text("ANALYZE"))
    await owner.dispose()


async def run_load(site: Site, first_key: Tenant, other_key: Tenant) -> tuple[list[str], Counter[tuple[int, bool]]]:
    """Creates tasks at both gateways, ends most of them meanwhile, and lets the period end; returns what was answered.

    Returns:
        The ids of the tasks, and how often each status was answered, before the period had ended everywhere and after.
    """
    numbers, answers = itertools.count(), itertools.count(1)
    ids: list[str] = []
    statuses: Counter[tuple[int, bool]] = Counter()
    ended = [False, False]
    on_answer: dict[int, Callable[[], None]] = {
        ENDS_FIRST: lambda: end_on(0),
        ENDS_SECOND: lambda: end_on(1),
    }

    def end_on(number_of_clock: int) -> None:
        site.clocks[number_of_clock].advance(60)
        ended[number_of_clock] = True

    async def work() -> None:
        while (mine := next(numbers)) < CREATES:
            caller, url = (first_key, other_key)[mine % 3 == 0], (site.gateway.base_url, site.other_url)[mine % 2]
            body = {"model": MODEL, "content": prompt(ENDLESS), **number()}
            headers = {"Idempotency-Key": f"key-{mine}"} if mine % 5 == 0 else {}
            is_after = all(ended)
            answer = await caller.http.post(url + TASKS, json=body, headers=headers)
            statuses[answer.status_code, is_after] += 1
            await site.pass_seconds(SECONDS_OF_AN_ANSWER)
            on_answer.get(next(answers), lambda: None)()
            if answer.status_code != 200:
                continue
            task_id = answer.json()["id"]
            ids.append(task_id)
            # Some end at once, some in the next period, and some stay unfinished.
            if mine % 4 < 2:
                await site.gateway.force(task_id, "failed" if mine % 4 else "succeeded")
                await caller.http.get(f"{url}{TASKS}/{task_id}")

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return ids, statuses


async def check_days(gateway: Gateway, tenant: Tenant, zone: str, ledger: list[LedgerRow]) -> None:
    """Checks that the report by day of the budget's zone says what the ledger does."""
    expected: Counter[str] = Counter()
    for row in ledger:
        expected[row.created_at.astimezone(ZoneInfo(zone)).date().isoformat()] += row.cost_micros or 0
    query = {"group_by": "day", "time_zone": zone, "tenant": tenant.id}
    shown = (await gateway.admin.get("/usage", params=query)).json()["data"]
    assert {row["day"]: row["cost_micros"] for row in shown} == dict(expected)
