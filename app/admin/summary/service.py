"""The summary of the gateway, read from the database at once for all processes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.admin.backlog import read_backlog
from app.admin.stuck_work import read_stuck_work
from app.admin.summary.attention import (
    Finding,
    exhausted_finding,
    findings_of,
    read_channel_findings,
    read_failing_endpoints,
    sort_findings,
    unpriced_finding,
)
from app.money.budgets.repository import AllBudgets, BudgetState
from app.usage.activity import AllActivity, Point, Spent
from app.usage.time_scale import TimeScale

_MAX_BUDGETS = 50


@dataclass(frozen=True, slots=True)
class Money:
    """What is spent, and tasks and tokens over time.

    Attributes:
        day_begins_at: the first moment of ``today``.
        month_begins_at: the first moment of ``month``.
        today: by currency.
        month: by currency.
        points: in order.
        ends_at: the end of the last point.
        budgets: the fullest ones.
    """

    day_begins_at: datetime
    month_begins_at: datetime
    today: list[Spent]
    month: list[Spent]
    points: list[Point]
    ends_at: datetime
    budgets: list[BudgetState]

    @property
    def ended(self) -> dict[str, int]:
        """Tasks of the points that have ended, by status."""
        total: Counter[str] = Counter()
        for point in self.points:
            total.update(point.ended)
        return dict(total)


@dataclass(frozen=True, slots=True)
class Work:
    """What needs a human, and how many tasks are unfinished, by status."""

    findings: list[Finding]
    unfinished: dict[str, int]


@dataclass(frozen=True)
class SummaryService:
    """Reads the summary; nothing is stored for it. ``grace`` is how long a lost create is searched for."""

    sessions: async_sessionmaker[AsyncSession]
    clock: Callable[[], datetime]
    grace: timedelta

    async def money(self, scale: TimeScale) -> Money:
        """Returns what is spent at this moment."""
        now = self.clock()
        bounds, today, month = scale.bounds(now), scale.today(now), scale.month(now)
        async with self.sessions() as session:
            activity = AllActivity(session)
            of_today, of_month = await activity.spent(today=today, month=month)
            points = await activity.points(bounds)
            budgets = await AllBudgets(session).fullest(now, limit=_MAX_BUDGETS)
        return Money(today, month, of_today, of_month, points, bounds[-1], budgets)

    async def work(self, money: Money) -> Work:
        """Returns what needs a human at this moment."""
        now = self.clock()
        async with self.sessions() as session:
            backlog = await read_backlog(session, now=now)
            stuck = await read_stuck_work(session, now=now)
            findings = list(findings_of(backlog, stuck, now=now, grace=self.grace))
            findings += await read_channel_findings(session, now=now)
            findings += await read_failing_endpoints(session, now=now)
        findings += [exhausted_finding(state) for state in money.budgets if state.left_micros == 0]
        unpriced = sum(spent.unpriced_tasks for spent in money.month)
        if unpriced:
            findings.append(unpriced_finding(unpriced, money.month_begins_at))
        return Work(sort_findings(findings), dict(backlog.tasks))
