"""Figures of the summary: what was spent today and this month, and tasks and tokens over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.page import PLAN_FOR_VALUES

# Both read no more than an index of the ledger, from their first moment on (``LedgerRow``).
_SPENT = text("""
    SELECT created_at >= :today AS is_today, currency,
           coalesce(sum(total_tokens), 0) AS total_tokens,
           count(*) FILTER (WHERE kind = 'settlement') AS tasks,
           coalesce(sum(cost_micros), 0) AS cost_micros,
           count(*) FILTER (WHERE kind = 'settlement' AND currency IS NULL AND total_tokens IS DISTINCT FROM 0)
               AS unpriced_tasks
      FROM ledger WHERE created_at >= :month GROUP BY 1, 2
""")
_ENDED = text("""
    SELECT width_bucket(created_at, CAST(:bounds AS timestamptz[])) AS number, status, currency,
           count(*) FILTER (WHERE kind = 'settlement') AS tasks,
           coalesce(sum(total_tokens), 0) AS total_tokens,
           coalesce(sum(cost_micros), 0) AS cost_micros
      FROM ledger WHERE created_at >= :begins_at AND created_at < :ends_at GROUP BY 1, 2, 3
""")
# Tasks that have not ended are in no ledger. The condition is that of a partial index, with constants.
_UNFINISHED = text("""
    SELECT width_bucket(created_at, CAST(:bounds AS timestamptz[])) AS number, count(*) AS tasks
      FROM tasks
     WHERE status <> 'succeeded' AND status IN ('submitting', 'unknown', 'queued', 'running')
       AND created_at >= :begins_at AND created_at < :ends_at
     GROUP BY 1
""")


@dataclass(slots=True)
class Spent:
    """What was spent in one currency; None is what has no price."""

    currency: str | None
    tasks: int = 0
    total_tokens: int = 0
    cost_micros: int = 0
    unpriced_tasks: int = 0


@dataclass(slots=True)
class Point:
    """What was created in one hour or day.

    Attributes:
        begins_at: its first moment.
        tasks: how many tasks, unfinished ones included.
        unfinished: how many of them have not ended.
        ended: the others, by status.
        total_tokens: of those that have ended.
        costs: in millionths, by currency.
    """

    begins_at: datetime
    tasks: int = 0
    unfinished: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    total_tokens: int = 0
    costs: dict[str, int] = field(default_factory=dict)


class AllActivity:
    """The tasks of all tenants and what they cost, counted when they were created."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def spent(self, *, today: datetime, month: datetime) -> tuple[list[Spent], list[Spent]]:
        """Returns what was spent today, and in the whole month, by currency; the moments are when they began."""
        await self._session.execute(PLAN_FOR_VALUES)
        of_today: dict[str | None, Spent] = {}
        of_month: dict[str | None, Spent] = {}
        for row in await self._session.execute(_SPENT, {"today": today, "month": month}):
            for sums in (of_today, of_month) if row.is_today else (of_month,):
                spent = sums.setdefault(row.currency, Spent(row.currency))
                spent.tasks += row.tasks
                spent.total_tokens += int(row.total_tokens)
                spent.cost_micros += int(row.cost_micros)
                spent.unpriced_tasks += row.unpriced_tasks
        return _sorted(of_today), _sorted(of_month)

    async def points(self, bounds: Sequence[datetime]) -> list[Point]:
        """Returns a point for each stretch between two neighbouring bounds, in order."""
        found = [Point(begins_at) for begins_at in bounds[:-1]]
        values = {"bounds": list(bounds), "begins_at": bounds[0], "ends_at": bounds[-1]}
        await self._session.execute(PLAN_FOR_VALUES)
        for row in await self._session.execute(_ENDED, values):
            point = found[row.number - 1]
            point.tasks += row.tasks
            point.ended[row.status] = point.ended.get(row.status, 0) + row.tasks
            point.total_tokens += int(row.total_tokens)
            if row.currency is not None:
                point.costs[row.currency] = point.costs.get(row.currency, 0) + int(row.cost_micros)
        for row in await self._session.execute(_UNFINISHED, values):
            point = found[row.number - 1]
            point.tasks += row.tasks
            point.unfinished = row.tasks
        return found


def _sorted(sums: dict[str | None, Spent]) -> list[Spent]:
    return [sums[currency] for currency in sorted(sums, key=lambda each: each or "")]
