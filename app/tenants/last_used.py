"""Collects when each key was last used, and writes it periodically."""

from datetime import datetime

from sqlalchemy import bindparam, or_, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.tenants.models import ApiKeyRow

_WRITE = (
    update(ApiKeyRow)
    .where(ApiKeyRow.id == bindparam("key"))
    .where(or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < bindparam("at")))
    .values(last_used_at=bindparam("at"))
)


class LastUsedWriter:
    """Keeps the latest use of each key in memory until ``flush`` writes it, every few seconds and at shutdown.

    Every process that serves requests needs one, even without background jobs.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._used: dict[str, datetime] = {}

    def note(self, key_id: str, at: datetime) -> None:
        """Notes the use of a key, without I/O."""
        known = self._used.get(key_id)
        if known is None or known < at:
            self._used[key_id] = at

    async def flush(self) -> None:
        """Writes the noted times, unless the stored one is later. After a failure they are kept for the next call.

        Rows are updated in the order of their ids, so that two processes cannot deadlock.
        """
        taken, self._used = self._used, {}
        if not taken:
            return
        try:
            async with self._sessions.begin() as session:
                connection = await session.connection()
                await connection.execute(_WRITE, [{"key": key, "at": at} for key, at in sorted(taken.items())])
        except BaseException:
            for key, at in taken.items():
                self.note(key, at)
            raise
