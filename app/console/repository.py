"""Queries on console sessions."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.console.models import ConsoleSessionRow


class AllConsoleSessions:
    """The sessions of all admins and keys."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def end(self, session_id: str) -> bool:
        """Removes a session; says whether it was there."""
        statement = delete(ConsoleSessionRow).where(ConsoleSessionRow.id == session_id)
        return await self._session.scalar(statement.returning(ConsoleSessionRow.id)) is not None

    async def end_oldest(self, row: ConsoleSessionRow, *, keep: int) -> None:
        """Removes the oldest sessions of an owner but for a number of them."""
        owner = (
            ConsoleSessionRow.admin_id.is_not_distinct_from(row.admin_id),
            ConsoleSessionRow.key_id.is_not_distinct_from(row.key_id),
        )
        newest_first = select(ConsoleSessionRow.id).where(*owner).order_by(ConsoleSessionRow.created_at.desc())
        surplus = newest_first.offset(keep).subquery()
        await self._session.execute(delete(ConsoleSessionRow).where(ConsoleSessionRow.id.in_(select(surplus.c.id))))

    async def prolong(self, session_id: str, expires_at: datetime) -> None:
        """Lets a session that exists end later."""
        statement = update(ConsoleSessionRow).where(ConsoleSessionRow.id == session_id)
        later = statement.where(ConsoleSessionRow.expires_at < expires_at).values(expires_at=expires_at)
        await self._session.execute(later)

    async def remove_expired(self, now: datetime, *, limit: int) -> int:
        """Removes sessions that have ended; returns their number."""
        ended = select(ConsoleSessionRow.id).where(ConsoleSessionRow.expires_at <= now).limit(limit)
        statement = delete(ConsoleSessionRow).where(ConsoleSessionRow.id.in_(ended.with_for_update(skip_locked=True)))
        return len((await self._session.scalars(statement.returning(ConsoleSessionRow.id))).all())
