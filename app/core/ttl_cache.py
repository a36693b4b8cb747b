"""Values cached for less than a second, so that a busy client does not cost a query per request.

A change made by another process (a revoked key, a suspended channel) is seen within a second, without any messages
between processes. With such messages a value is held for longer (``app.core.watched_rows``).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.core.watched_rows import HELD_SECONDS, WatchedRows
from app.db.engine import is_unavailable
from app.errors import ServiceUnavailableError

T = TypeVar("T")
KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")

FRESH_SECONDS = 0.9
"""How long a read is used, counted from before its query. With the duration of a request it stays below one second."""

_QUERY_TIMEOUT_SECONDS = 5.0


class TtlCache(Generic[KeyT, ValueT]):
    """Values that expire, at most ``capacity`` of them; the oldest are evicted first.

    The caller passes the time, in seconds of a clock that never goes back.
    """

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[KeyT, tuple[ValueT, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: KeyT, *, now: float) -> ValueT | None:
        """Returns the value of ``key``, or None when there is none or it has expired."""
        entry = self._entries.get(key)
        return entry[0] if entry is not None and now < entry[1] else None

    def put(self, key: KeyT, value: ValueT, *, until: float, now: float) -> None:
        """Stores a value that expires at ``until``, and evicts expired and surplus ones."""
        self._entries.pop(key, None)
        while self._entries and (len(self._entries) >= self._capacity or next(iter(self._entries.values()))[1] <= now):
            self._entries.popitem(last=False)
        self._entries[key] = (value, until)


class CachedRead(Generic[T]):
    """One value read from the database, shared by all callers within ``FRESH_SECONDS``.

    Concurrent callers share one query. A failed read is not cached.

    Args:
        load: reads the value.
        rows: the rows that it is read from; while they are known to be unchanged it is used for ``HELD_SECONDS``.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        load: Callable[[], Awaitable[T]],
        *,
        rows: WatchedRows | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._rows = rows
        self._monotonic = monotonic
        self._latest: _Read[T] | None = None

    async def get(self) -> T:
        """Returns the value of a read that began less than ``FRESH_SECONDS`` ago, or that is known to be unchanged.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        latest = self._latest
        now = self._monotonic()
        if latest is None or not self._is_usable(latest, now):
            mark = None if self._rows is None else self._rows.mark()
            latest = self._latest = _Read(now, mark, asyncio.create_task(read_or_503(self._load)))
        try:
            if latest.task.done():
                return latest.task.result()
            # Shielded, so that a caller that is cancelled does not cancel the query of the others.
            return await asyncio.shield(latest.task)
        except Exception:
            if self._latest is latest:
                self._latest = None
            raise

    def _is_usable(self, latest: "_Read[T]", now: float) -> bool:
        age = now - latest.begun_at
        is_unchanged = self._rows is not None and self._rows.is_unchanged(latest.mark)
        # A running read that began earlier is not joined: it may return what the rows were then.
        return age < FRESH_SECONDS or (is_unchanged and age < HELD_SECONDS and latest.task.done())

    def invalidate(self) -> None:
        """Makes the next ``get`` read again; call it after changing the rows."""
        self._latest = None


@dataclass(frozen=True, slots=True, eq=False)
class _Read(Generic[T]):
    begun_at: float
    mark: int | None
    task: asyncio.Task[T]


async def read_or_503(load: Callable[[], Awaitable[T]]) -> T:
    """Returns what ``load`` reads from the database within five seconds.

    Raises:
        ServiceUnavailableError: 503, the database is not available or too slow.
    """
    try:
        async with asyncio.timeout(_QUERY_TIMEOUT_SECONDS):
            return await load()
    except Exception as error:
        if isinstance(error, TimeoutError) or is_unavailable(error):
            raise ServiceUnavailableError(internal=f"database unavailable: {error!r}") from error
        raise
