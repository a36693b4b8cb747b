"""Use cases of the ledger: sums for the operator and for tenants, and its export."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.errors import RateLimitedError
from app.http.paging import PageRequest
from app.money.time_zones import is_time_zone
from app.usage.repository import AllUsage, Position
from app.usage.request_params import GroupBy, UsageFilter, no_time_zone
from app.usage.schemas import UsageSum

ROWS_OF_A_STEP = 2000
"""How many rows of an export are read, and held in memory, at a time."""

MAX_EXPORTS = 2
"""How many exports a process makes at the same time."""

_EXPORT_RETRY_SECONDS = 10
_MEMBERS = {
    GroupBy.TENANT: "tenant_id",
    GroupBy.KEY: "key_id",
    GroupBy.MODEL: "model",
    GroupBy.CHANNEL: "channel_id",
    GroupBy.DAY: "day",
}


class UsageService:
    """Reads the ledger; nothing derived from it is stored, so that no sum can differ from its rows."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._time_zones: set[str] = set()
        self._exports = 0

    async def sums(
        self, group_by: GroupBy, wanted: UsageFilter, page: PageRequest
    ) -> Sequence[tuple[Row[Any], UsageSum]]:
        """Returns one page of sums, each with the row of which ``sum_cursor`` makes a cursor.

        Raises:
            InvalidParameterError: 400, there is no such time zone, or the cursor is not of this list.
        """
        async with self._sessions() as session:
            usage = AllUsage(session)
            await self._check_time_zone(usage, wanted.time_zone)
            rows = await usage.sums(group_by, wanted, page)
            names = await usage.names(group_by, [row.group_id for row in rows])
        return [(row, _to_sum(group_by, row, names.get(row.group_id))) for row in rows]

    async def check(self, wanted: UsageFilter) -> None:
        """Checks a filter before an export begins.

        Raises:
            InvalidParameterError: 400, there is no such time zone.
        """
        async with self._sessions() as session:
            await self._check_time_zone(AllUsage(session), wanted.time_zone)

    def begin_export(self) -> None:
        """Takes one of the few places for exports, until ``end_export``.

        Raises:
            RateLimitedError: 429, all are taken.
        """
        if self._exports >= MAX_EXPORTS:
            raise RateLimitedError(
                f"{MAX_EXPORTS} exports are under way. Please try again when one of them has ended.",
                retry_after_seconds=_EXPORT_RETRY_SECONDS,
            )
        self._exports += 1

    def end_export(self) -> None:
        """Gives up the place of an export."""
        self._exports -= 1

    async def entries(self, wanted: UsageFilter) -> AsyncIterator[Sequence[Row[Any]]]:
        """Yields all rows in the order of creation, some thousand at a time.

        Each step reads in a transaction of its own, which ends before the rows are yielded: a client that reads slowly
        holds no connection. Rows that are settled meanwhile may be among them or not.
        """
        after: Position | None = None
        while True:
            async with self._sessions() as session:
                rows = await AllUsage(session).entries(wanted, after=after, limit=ROWS_OF_A_STEP)
            if rows:
                yield rows
                after = Position(rows[-1].created_at, rows[-1].id)
            if len(rows) < ROWS_OF_A_STEP:
                return

    async def _check_time_zone(self, usage: AllUsage, name: str) -> None:
        if name in self._time_zones:
            return
        if not is_time_zone(name) or not await usage.has_time_zone(name):
            raise no_time_zone(name)
        self._time_zones.add(name)


def _to_sum(group_by: GroupBy, row: Row[Any], name: str | None) -> UsageSum:
    group_id = row.group_id or None
    return UsageSum(
        id=group_id,
        name=name,
        total_tokens=int(row.total_tokens),
        tasks=row.tasks,
        web_searches=int(row.web_searches),
        cost_micros=None if row.cost_micros is None else int(row.cost_micros),
        currency=row.currency,
        unpriced_tasks=row.unpriced_tasks,
        unpriced_tokens=int(row.unpriced_tokens),
        estimated_tasks=row.estimated_tasks,
        **{_MEMBERS[group_by]: group_id},
    )
