"""API keys as the database knows them, each trusted for a moment.

A busy client costs one query a second, and a key that was revoked or changed stops within a second on every process,
with no message between them to lose.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.engine import is_unavailable
from app.errors import ServiceUnavailableError
from app.tenants.short_memory import ShortMemory

NameT = TypeVar("NameT", bound=Hashable)
FoundT = TypeVar("FoundT")

# Counted from before the query starts; with the time that a request then takes it stays under the promised second.
_TRUST_SECONDS = 0.9
_QUERY_SECONDS = 5.0
_KNOWN_CAPACITY = 20_000
_UNKNOWN_CAPACITY = 2_000


@dataclass(frozen=True)
class _Lookup(Generic[FoundT]):
    """A query under way, and when it began."""

    task: asyncio.Task[FoundT | None]
    started_at: float


class KeyMemory(Generic[NameT, FoundT]):
    """Finds keys of one kind by what a request names. One per process and kind, shared by all requests.

    What is proven by being found must be all of the name: a wrong secret never meets an entry that the right one made.
    Keys that do not exist have a memory of their own, so that guesses cannot push out real ones.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        load: Callable[[AsyncSession, NameT], Awaitable[FoundT | None]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes a memory that knows nothing yet.

        Args:
            sessions: for the look-ups.
            load: asks the database.
            monotonic: seconds that never go back, which decide how long an answer is trusted.
        """
        self._sessions = sessions
        self._load = load
        self._monotonic = monotonic
        self._known: ShortMemory[NameT, FoundT] = ShortMemory(capacity=_KNOWN_CAPACITY)
        self._unknown: ShortMemory[NameT, bool] = ShortMemory(capacity=_UNKNOWN_CAPACITY)
        self._lookups: dict[NameT, _Lookup[FoundT]] = {}

    async def find(self, name: NameT) -> FoundT | None:
        """Returns the key as it was less than a second ago, or None when there is none.

        Raises:
            ServiceUnavailableError: 503, the database cannot be asked.
        """
        now = self._monotonic()
        known = self._known.get(name, now=now)
        if known is not None or self._unknown.get(name, now=now):
            return known
        lookup = self._lookups.get(name)
        # A slow query may have read the row long ago, so only a young one is joined.
        if lookup is None or now - lookup.started_at >= _TRUST_SECONDS:
            lookup = self._start_lookup(name, now)
        # Whoever gives up waiting must not end the query of the others.
        return await asyncio.shield(lookup.task)

    def _start_lookup(self, name: NameT, now: float) -> _Lookup[FoundT]:
        lookup = _Lookup(asyncio.create_task(self._look_up(name, now)), now)
        self._lookups[name] = lookup

        def forget(task: asyncio.Task[FoundT | None]) -> None:
            if self._lookups.get(name) is lookup:
                del self._lookups[name]
            if not task.cancelled():
                task.exception()  # seen, also when nobody waits any more

        lookup.task.add_done_callback(forget)
        return lookup

    async def _look_up(self, name: NameT, started_at: float) -> FoundT | None:
        try:
            async with asyncio.timeout(_QUERY_SECONDS), self._sessions() as session:
                stored = await self._load(session, name)
        except TimeoutError as error:
            raise ServiceUnavailableError(internal="the look-up of an API key took too long") from error
        except Exception as error:
            if is_unavailable(error):
                raise ServiceUnavailableError(internal=f"no database to look up an API key: {error!r}") from error
            raise
        until, now = started_at + _TRUST_SECONDS, self._monotonic()
        if stored is None:
            self._unknown.put(name, True, until=until, now=now)  # noqa: FBT003 - the value is a mark
        else:
            self._known.put(name, stored, until=until, now=now)
        return stored
