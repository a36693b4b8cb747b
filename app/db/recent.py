"""Rows that every request needs and that seldom change, kept in memory for less than a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.db.engine import is_unavailable
from app.errors import ServiceUnavailableError

T = TypeVar("T")

# With the time that a request then takes it stays under the promised second.
TRUST_SECONDS = 0.9
_QUERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T]):
    """A read, under way or done. It shows the rows as they were when it began, or later."""

    began_at_seconds: float
    task: asyncio.Task[T]


class RecentRead(Generic[T]):
    """Shares one read among all who ask within 0.9 seconds, counted from before the query.

    However many ask at once, the database gets one query. A failed read is not kept.
    """

    def __init__(self, load: Callable[[], Awaitable[T]], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Makes a reader that has read nothing yet.

        Args:
            load: reads the rows.
            monotonic: seconds that never go back.
        """
        self._load = load
        self._monotonic = monotonic
        self._latest: _Reading[T] | None = None

    async def get(self) -> T:
        """Returns what ``load`` returned, now or a moment ago.

        Raises:
            ServiceUnavailableError: 503, the database cannot be asked.
        """
        reading = self._latest
        now = self._monotonic()
        if reading is None or now - reading.began_at_seconds >= TRUST_SECONDS:
            reading = self._latest = _Reading(now, asyncio.create_task(self._run()))
        try:
            # Whoever gives up waiting must not end the query of the others.
            return await asyncio.shield(reading.task)
        except Exception as error:
            if self._latest is reading:
                self._latest = None
            if isinstance(error, TimeoutError) or is_unavailable(error):
                raise ServiceUnavailableError(internal=f"database unavailable: {type(error).__name__}") from error
            raise

    def forget(self) -> None:
        """Makes the next ``get`` read anew; called by who has just changed the rows."""
        self._latest = None

    async def _run(self) -> T:
        async with asyncio.timeout(_QUERY_SECONDS):
            return await self._load()
