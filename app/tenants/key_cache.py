"""API keys cached for less than a second, or while unchanged, and the look-up of unknown ones.

See ``app.core.ttl_cache`` and ``app.core.watched_rows``.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.lookup_queue import Lookup, LookupQueue
from app.core.ttl_cache import FRESH_SECONDS, TtlCache, read_or_503
from app.core.turns import leave_turn
from app.core.watched_rows import HELD_SECONDS, WatchedRows
from app.errors import RateLimitedError, ServiceUnavailableError

NameT = TypeVar("NameT", bound=Hashable)
FoundT = TypeVar("FoundT")

MAX_PENDING_PER_NETWORK = 256
"""How many unknown keys of one network may be in look-up, or wait for it, at a time."""

MAX_PENDING = 2048
"""How many of all networks together."""

_SEEN_SECONDS = 3600.0
_KNOWN_CAPACITY = 20_000
_UNKNOWN_CAPACITY = 2_000
_RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True, eq=False)
class _Known(Generic[FoundT]):
    """A key as it was read.

    Attributes:
        found: the key.
        mark: of its rows before the read.
        fresh_until: until when it is used in any case.
        held_until: until when it is used while it is unchanged.
    """

    found: FoundT
    mark: int | None
    fresh_until: float
    held_until: float


class KeyCache(Generic[NameT, FoundT]):
    """Finds keys of one kind by the name in a request. One per process and kind, shared by all requests.

    The name must contain everything that finding it proves: a wrong secret must never hit the entry of the right one.
    Keys that do not exist have a cache of their own, so that guesses cannot evict real keys.

    A name that was found within the last hour is looked up at once. Any other may be a guess, even when its public
    part is right, and waits in a queue (``app.core.lookup_queue``).

    Args:
        sessions: for the look-ups.
        load: looks up several names at once; the result lacks those that do not exist.
        max_unknown_queries: concurrent queries for unknown names.
        rows: the rows that keys are read from; a key that is known to be unchanged is used for ``HELD_SECONDS``.
        tenant_of: whose a key is: the name under which its changes are announced.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        load: Callable[[AsyncSession, Sequence[NameT]], Awaitable[Mapping[NameT, FoundT]]],
        *,
        max_unknown_queries: int = 2,
        rows: WatchedRows | None = None,
        tenant_of: Callable[[FoundT], str] = lambda _: "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._load = load
        self._monotonic = monotonic
        self._rows = rows
        self._tenant_of = tenant_of
        self._known: TtlCache[NameT, _Known[FoundT]] = TtlCache(capacity=_KNOWN_CAPACITY)
        self._unknown: TtlCache[NameT, bool] = TtlCache(capacity=_UNKNOWN_CAPACITY)
        self._seen: TtlCache[NameT, bool] = TtlCache(capacity=_KNOWN_CAPACITY)
        self._lookups: dict[NameT, Lookup[NameT, FoundT]] = {}
        self._queue: LookupQueue[NameT, FoundT] = LookupQueue(
            self._look_up,
            max_queries=max_unknown_queries,
            max_waiting=MAX_PENDING,
            max_per_network=MAX_PENDING_PER_NETWORK,
        )
        self._direct: set[asyncio.Task[None]] = set()

    async def find(self, name: NameT, network: str) -> FoundT | None:
        """Returns the key as it was less than a second ago, or as it still is, or None when there is none.

        Args:
            name: the name in the request.
            network: the client's (``network_of``); the unknown names of each network have a queue of their own.

        Raises:
            RateLimitedError: 429, too many unknown names are waiting.
            ServiceUnavailableError: 503, the database is not available.
        """
        now = self._monotonic()
        known = self._recall(name, now)
        if known is not None or self._unknown.get(name, now=now):
            return None if known is None else known[0]
        lookup = self._lookups.get(name)
        # A slow query may have read the row long ago: join only a recent query, or one that has not begun.
        if lookup is None or (lookup.begun_at is not None and now - lookup.begun_at >= FRESH_SECONDS):
            lookup = self._start(name, network, now)
        elif lookup.begun_at is None:
            # An access key id is public: another network may have queued it behind guesses. Queue it here, too.
            self._queue.add(lookup, network)
        if not self._seen.get(name, now=now):
            leave_turn()  # otherwise known keys from the same network would wait behind guesses
        # Shielded, so that a caller that is cancelled does not cancel the query of the others.
        return await asyncio.shield(lookup.answer)

    def recall(self, name: NameT) -> FoundT | None:
        """Returns what ``find`` would return without a query, or None.

        A key in use is read again before it expires, so that its requests do not all wait for that at once.
        """
        now = self._monotonic()
        known = self._recall(name, now)
        if known is None:
            return None
        found, until = known
        if until - now < FRESH_SECONDS / 2:
            self._read_ahead(name, now)
        return found

    def _recall(self, name: NameT, now: float) -> tuple[FoundT, float] | None:
        """Returns a key that may be used now, and until when without a change."""
        known = self._known.get(name, now=now)
        if known is None:
            return None
        # Also asked while the key is fresh, so that the answer is known when it no longer is.
        is_held = self._rows is not None and self._rows.is_unchanged(known.mark, self._tenant_of(known.found))
        until = known.held_until if is_held else known.fresh_until
        return (known.found, until) if now < until else None

    def recall_later(self, name: NameT, on_looked_up: Callable[[], None]) -> bool:
        """Looks up a key that is not in memory, for the next ``recall``, without the wait of ``find``.

        Args:
            name: as for ``find``.
            on_looked_up: called afterwards, in any case; must not raise.

        Returns:
            False when it is in memory, or may be a guess, which only ``find`` looks up: there will be no call.
        """
        now = self._monotonic()
        if self._recall(name, now) is not None or not self._seen.get(name, now=now):
            return False
        lookup = self._lookups.get(name)
        if lookup is None or lookup.begun_at is None or now - lookup.begun_at >= FRESH_SECONDS:
            lookup = self._start(name, "", now)
        lookup.answer.add_done_callback(lambda _: on_looked_up())
        return True

    def _read_ahead(self, name: NameT, now: float) -> None:
        if name not in self._lookups and self._seen.get(name, now=now):
            self._start(name, "", now)

    def _start(self, name: NameT, network: str, now: float) -> Lookup[NameT, FoundT]:
        lookup: Lookup[NameT, FoundT] = Lookup(name)
        if self._seen.get(name, now=now):
            lookup.begun_at = now
            task = asyncio.create_task(self._look_up([lookup]))
            self._direct.add(task)
            task.add_done_callback(self._direct.discard)
        elif not self._queue.add(lookup, network):
            # The answer does not reveal whether the key exists.
            raise RateLimitedError(
                "Too many API keys that were not used lately are being checked. Please try again.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        self._lookups[name] = lookup
        return lookup

    async def _look_up(self, lookups: list[Lookup[NameT, FoundT]]) -> None:
        """Looks all of them up in one query, and resolves each."""
        begun_at = self._monotonic()
        mark = None if self._rows is None else self._rows.mark()
        for lookup in lookups:
            lookup.begun_at = begun_at
        try:
            found = await read_or_503(lambda: self._load_in_session([lookup.name for lookup in lookups]))
        except BaseException as error:
            is_cancelled = isinstance(error, asyncio.CancelledError)
            failure = ServiceUnavailableError(internal="the process is stopping") if is_cancelled else error
            for lookup in lookups:
                lookup.fail(failure)
            if is_cancelled:
                raise
        else:
            for lookup in lookups:
                self._answer(lookup, found.get(lookup.name), begun_at, mark)
        finally:
            for lookup in lookups:
                if self._lookups.get(lookup.name) is lookup:
                    del self._lookups[lookup.name]

    async def _load_in_session(self, names: Sequence[NameT]) -> Mapping[NameT, FoundT]:
        async with self._sessions() as session:
            return await self._load(session, names)

    def _answer(self, lookup: Lookup[NameT, FoundT], found: FoundT | None, begun_at: float, mark: int | None) -> None:
        until, now = begun_at + FRESH_SECONDS, self._monotonic()
        if found is None:
            self._unknown.put(lookup.name, True, until=until, now=now)  # noqa: FBT003 - the value is a mark
        else:
            held_until = until if mark is None else begun_at + HELD_SECONDS
            self._known.put(lookup.name, _Known(found, mark, until, held_until), until=held_until, now=now)
            self._seen.put(lookup.name, True, until=begun_at + _SEEN_SECONDS, now=now)  # noqa: FBT003 - likewise
        if not lookup.answer.done():
            lookup.answer.set_result(found)
