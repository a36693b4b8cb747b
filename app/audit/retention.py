"""Removes rows of the audit log that are older than the operator keeps them (``app.retention_days``)."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.models import AuditRow
from app.retention_days import RetentionDays

_BATCH = 1000


class AuditRetention:
    """Removes what is too old, in small steps; does nothing if no age is set."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime], days: RetentionDays
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._days = days

    async def run_once(self) -> None:
        """Removes every row that is too old."""
        span = self._days.span("audit")
        if span is None:
            return
        removed = _BATCH
        while removed == _BATCH:
            # Ids grow with time, so the oldest rows are found without an index on the time.
            oldest = select(AuditRow.id, AuditRow.at).order_by(AuditRow.id).limit(_BATCH).subquery()
            wanted = select(oldest.c.id).where(oldest.c.at < self._clock() - span)
            async with self._sessions.begin() as session:
                statement = delete(AuditRow).where(AuditRow.id.in_(wanted)).returning(AuditRow.id)
                removed = len((await session.execute(statement)).all())
