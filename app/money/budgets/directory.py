"""A cached view of the budgets in force."""

import time
from collections.abc import Callable, Mapping, Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.change_feed import ChangeFeed
from app.core.ttl_cache import CachedRead
from app.core.watched_rows import WatchedRows
from app.money.budgets.budget import Budget
from app.money.budgets.period import PeriodKind
from app.money.models import BudgetRow
from app.money.time_zones import open_time_zone

_UTC = "UTC"
_log = structlog.get_logger()


class BudgetDirectory:
    """Finds the budgets of a caller. A change counts within a second; see ``app.core.watched_rows``."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        feed: ChangeFeed | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``feed`` hears the changes of other processes; ``monotonic`` decides how long a read is cached."""
        self._sessions = sessions
        rows = None if feed is None else WatchedRows(feed, "budgets")
        self._budgets = CachedRead(self._load, rows=rows, monotonic=monotonic)

    async def of(self, tenant_id: str, key_id: str) -> Sequence[Budget]:
        """Returns the budgets in which the creates of a key count, in the order of their ids.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        budgets = (await self._budgets.get()).get(tenant_id, ())
        return [budget for budget in budgets if budget.counts(key_id)] if budgets else ()

    async def _load(self) -> Mapping[str, Sequence[Budget]]:
        async with self._sessions() as session:
            query = select(BudgetRow).where(BudgetRow.deleted_at.is_(None)).order_by(BudgetRow.id)
            rows = (await session.scalars(query)).all()
        found: dict[str, list[Budget]] = {}
        for row in rows:
            found.setdefault(row.tenant_id, []).append(to_budget(row))
        return found


def to_budget(row: BudgetRow) -> Budget:
    """Returns the budget of a row. A time zone that does not exist, which no route writes, counts as UTC."""
    try:
        time_zone = open_time_zone(row.time_zone)
    except ValueError:
        _log.error("unknown_time_zone", budget=row.id)
        time_zone = open_time_zone(_UTC)
    return Budget(
        id=row.id,
        tenant_id=row.tenant_id,
        key_id=row.key_id,
        successor_ids=frozenset(row.successor_ids),
        currency=row.currency,
        kind=PeriodKind(row.period),
        time_zone=time_zone,
        is_hard=row.is_hard,
    )
