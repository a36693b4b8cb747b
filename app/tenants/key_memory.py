"""API keys as the database knows them, each trusted for a moment.

A busy client costs one query a second, and a key that was revoked or changed stops within a second on every process,
with no message between them to lose.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.engine import is_unavailable
from app.errors import RateLimitedError, ServiceUnavailableError
from app.tenants.lookups import Lookup, UnknownLane
from app.tenants.short_memory import ShortMemory
from app.turns import leave_turn

NameT = TypeVar("NameT", bound=Hashable)
FoundT = TypeVar("FoundT")

MOST_PER_NETWORK = 256
"""How many unknown keys of one network are looked up or wait for it at a time."""

MOST_WAITING = 2048
"""How many of all networks together."""

# Counted from before the query starts; with the time that a request then takes it stays under the promised second.
_TRUST_SECONDS = 0.9
_QUERY_SECONDS = 5.0
_SEEN_SECONDS = 3600.0
_KNOWN_CAPACITY = 20_000
_UNKNOWN_CAPACITY = 2_000
_RETRY_AFTER_SECONDS = 1


class KeyMemory(Generic[NameT, FoundT]):
    """Finds keys of one kind by what a request names. One per process and kind, shared by all requests.

    What is proven by being found must be all of the name: a wrong secret never meets an entry that the right one made.
    Keys that do not exist have a memory of their own, so that guesses cannot push out real ones.

    A name that was found within the last hour is looked up at once. Every other one may be a guess, also when its
    public part is right, and takes the lane for unknown names (``app.tenants.lookups``).
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        load: Callable[[AsyncSession, Sequence[NameT]], Awaitable[Mapping[NameT, FoundT]]],
        *,
        most_unknown_queries: int = 2,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes a memory that knows nothing yet.

        Args:
            sessions: for the look-ups.
            load: asks the database for several names at once; its answer lacks those that do not exist.
            most_unknown_queries: queries for unknown names at a time.
            monotonic: seconds that never go back, which decide how long an answer is trusted.
        """
        self._sessions = sessions
        self._load = load
        self._monotonic = monotonic
        self._known: ShortMemory[NameT, FoundT] = ShortMemory(capacity=_KNOWN_CAPACITY)
        self._unknown: ShortMemory[NameT, bool] = ShortMemory(capacity=_UNKNOWN_CAPACITY)
        self._seen: ShortMemory[NameT, bool] = ShortMemory(capacity=_KNOWN_CAPACITY)
        self._lookups: dict[NameT, Lookup[NameT, FoundT]] = {}
        self._lane: UnknownLane[NameT, FoundT] = UnknownLane(
            self._look_up,
            most_queries=most_unknown_queries,
            most_waiting=MOST_WAITING,
            most_per_network=MOST_PER_NETWORK,
        )
        self._direct: set[asyncio.Task[None]] = set()

    async def find(self, name: NameT, network: str) -> FoundT | None:
        """Returns the key as it was less than a second ago, or None when there is none.

        Args:
            name: what the request names.
            network: where it comes from (``network_of``); the unknown names of each network wait for themselves.

        Raises:
            RateLimitedError: 429, too many unknown names are waiting.
            ServiceUnavailableError: 503, the database cannot be asked.
        """
        now = self._monotonic()
        known = self._known.get(name, now=now)
        if known is not None or self._unknown.get(name, now=now):
            return known
        lookup = self._lookups.get(name)
        # A slow query may have read the row long ago, so only a young one is joined, or one that has not begun.
        if lookup is None or (lookup.begun_at is not None and now - lookup.begun_at >= _TRUST_SECONDS):
            lookup = self._start(name, network, now)
        elif lookup.begun_at is None:
            # An access key id is public: a stranger may have put it behind guesses. Without room it waits there.
            self._lane.add(lookup, network)
        if not self._seen.get(name, now=now):
            leave_turn()  # or known keys from the same network would wait behind guesses
        # Whoever gives up waiting must not end the query of the others.
        return await asyncio.shield(lookup.answer)

    def _start(self, name: NameT, network: str, now: float) -> Lookup[NameT, FoundT]:
        lookup: Lookup[NameT, FoundT] = Lookup(name)
        if self._seen.get(name, now=now):
            lookup.begun_at = now
            task = asyncio.create_task(self._look_up([lookup]))
            self._direct.add(task)
            task.add_done_callback(self._direct.discard)
        elif not self._lane.add(lookup, network):
            # Whether the key exists is not told.
            raise RateLimitedError(
                "Too many API keys that were not used lately are being checked. Please try again.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        self._lookups[name] = lookup
        return lookup

    async def _look_up(self, lookups: list[Lookup[NameT, FoundT]]) -> None:
        """Asks for all of them in one query, and answers each."""
        begun_at = self._monotonic()
        for lookup in lookups:
            lookup.begun_at = begun_at
        try:
            found = await self._ask([lookup.name for lookup in lookups])
        except BaseException as error:
            is_cancelled = isinstance(error, asyncio.CancelledError)
            told = ServiceUnavailableError(internal="the process is stopping") if is_cancelled else error
            for lookup in lookups:
                lookup.fail(told)
            if is_cancelled:
                raise
        else:
            for lookup in lookups:
                self._answer(lookup, found.get(lookup.name), begun_at)
        finally:
            for lookup in lookups:
                if self._lookups.get(lookup.name) is lookup:
                    del self._lookups[lookup.name]

    async def _ask(self, names: Sequence[NameT]) -> Mapping[NameT, FoundT]:
        try:
            async with asyncio.timeout(_QUERY_SECONDS), self._sessions() as session:
                return await self._load(session, names)
        except TimeoutError as error:
            raise ServiceUnavailableError(internal="the look-up of an API key took too long") from error
        except Exception as error:
            if is_unavailable(error):
                raise ServiceUnavailableError(internal=f"no database to look up an API key: {error!r}") from error
            raise

    def _answer(self, lookup: Lookup[NameT, FoundT], found: FoundT | None, begun_at: float) -> None:
        until, now = begun_at + _TRUST_SECONDS, self._monotonic()
        if found is None:
            self._unknown.put(lookup.name, True, until=until, now=now)  # noqa: FBT003 - the value is a mark
        else:
            self._known.put(lookup.name, found, until=until, now=now)
            self._seen.put(lookup.name, True, until=begun_at + _SEEN_SECONDS, now=now)  # noqa: FBT003 - likewise
        if not lookup.answer.done():
            lookup.answer.set_result(found)
