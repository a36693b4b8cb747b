"""Whose turn it is to search for what a create of unknown outcome made.

A search costs a call of the account a second, so for each create there is one at a time over all processes, be it on
behalf of a request or in the background, and a pause after each that grows with the age of the create.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.models import CreateIntentRow
from app.assets.open_creates import OpenCreates

_LEASE = timedelta(seconds=120)
_SHORTEST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=10)
_AGE_SHARE = 4

_log = structlog.get_logger()


class SearchTurns:
    """The turns that one process takes."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime], *, instance_id: str
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._instance_id = instance_id

    def is_due(self, intent: CreateIntentRow) -> bool:
        """Says whether a search may begin, as far as the row shows."""
        return intent.next_look_at is None or intent.next_look_at <= self._clock()

    def is_searched(self, intent: CreateIntentRow) -> bool:
        """Says whether some process is searching, as far as the row shows."""
        return intent.cut_at is not None and intent.instance_id is not None and not self.is_due(intent)

    async def take(self, intent: CreateIntentRow, *, left_at: datetime) -> bool:
        """Claims the search for a create that its process left at that time; False: it is not due any more."""
        async with self._sessions.begin() as session:
            return await OpenCreates(session).claim(
                intent, left_at=left_at, by=self._instance_id, now=self._clock(), lease=_LEASE
            )

    async def take_due(self, *, limit: int) -> Sequence[CreateIntentRow]:
        """Claims the searches that are due, the oldest first."""
        async with self._sessions.begin() as session:
            return await OpenCreates(session).claim_due(
                by=self._instance_id, now=self._clock(), lease=_LEASE, limit=limit
            )

    async def end(self, intent: CreateIntentRow, *, is_complete: bool = True) -> None:
        """Gives a claimed search up; the next one is due after the pause, or at once when it was broken off."""
        now = self._clock()
        pause = min(max((now - cut_at(intent)) / _AGE_SHARE, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        next_look_at = now + pause if is_complete else now
        try:
            async with self._sessions.begin() as session:
                await OpenCreates(session).release(intent, by=self._instance_id, next_look_at=next_look_at)
        except Exception as error:  # noqa: BLE001 - the lease ends by itself
            _log.warning("create_search_not_released", intent=intent.id, error=repr(error))


def cut_at(intent: CreateIntentRow) -> datetime:
    """Returns since when the outcome of a create is unknown."""
    return intent.cut_at or intent.started_at
