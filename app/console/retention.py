"""Removes the rows of console sessions that have ended."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.console.repository import AllConsoleSessions

_BATCH = 1000


class SessionRetention:
    """Removes what has ended, in small steps."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def run_once(self) -> None:
        """Removes every session that has ended."""
        removed = _BATCH
        while removed == _BATCH:
            async with self._sessions.begin() as session:
                removed = await AllConsoleSessions(session).remove_expired(self._clock(), limit=_BATCH)
