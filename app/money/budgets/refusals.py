"""Which periods of budgets have refused a create, for the operator."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.money.budgets.budget import PeriodKey
from app.money.models import BudgetPeriodRow

_MAX_KNOWN = 10_000
_KEY = (BudgetPeriodRow.budget_id, BudgetPeriodRow.starts_at)


class BudgetRefusals:
    """Notes refusals in memory and writes the first one of each period. One per process.

    A refused create costs no write of its own. What a dying process has not written is noted again with the next
    refusal, and so is what a change of the amount has reset (``app.money.budgets.notices.forget_marks``).
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock
        self._new: set[PeriodKey] = set()

    def note(self, period: PeriodKey) -> None:
        """Notes that a period had no room for a create."""
        if len(self._new) < _MAX_KNOWN:
            self._new.add(period)

    async def flush(self) -> None:
        """Writes what was noted since the last time."""
        if not self._new:
            return
        noted = sorted(self._new)
        # Locked in the order of creates and settlements first, so that none of them and this wait for each other.
        new = select(*_KEY).where(tuple_(*_KEY).in_(noted), BudgetPeriodRow.refused_at.is_(None))
        async with self._sessions.begin() as session:
            rows = await session.execute(new.order_by(*_KEY).with_for_update())
            if keys := [(budget_id, starts_at) for budget_id, starts_at in rows]:
                change = update(BudgetPeriodRow).where(tuple_(*_KEY).in_(keys)).values(refused_at=self._clock())
                await session.execute(change.execution_options(synchronize_session=False))
        self._new.difference_update(noted)
