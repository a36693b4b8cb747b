"""Look-ups of keys that were not seen valid lately: many in one query, few queries at a time, and fair to each network.

Guesses are such keys, and so is every key after a restart. Neither may take the connections that known keys need, and
guesses from one network must not keep the keys of another one waiting.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from app.errors import RateLimitedError

MOST_PER_NETWORK = 256
"""How many unknown keys of one network are looked up or wait for it at a time."""

MOST_WAITING = 2048
"""How many of all networks together."""

_MOST_PER_QUERY = 64
_RETRY_AFTER_SECONDS = 1

NameT = TypeVar("NameT")
FoundT = TypeVar("FoundT")


class Lookup(Generic[NameT, FoundT]):
    """The question which key a name belongs to.

    Attributes:
        name: what a request names.
        network: where the request comes from; empty when not known.
        begun_at: when its query began, in seconds of a monotonic clock; None while it waits.
        answer: the key, or None when there is none.
    """

    def __init__(self, name: NameT, network: str) -> None:
        self.name = name
        self.network = network
        self.begun_at: float | None = None
        self.answer: asyncio.Future[FoundT | None] = asyncio.get_running_loop().create_future()

    def fail(self, error: BaseException) -> None:
        """Tells those who wait that there is no answer; it is no mistake when none of them is left."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()


class UnknownLane(Generic[NameT, FoundT]):
    """Carries look-ups out in batches. The networks that have some waiting take turns."""

    def __init__(
        self, carry_out: Callable[[list[Lookup[NameT, FoundT]]], Awaitable[None]], *, most_queries: int
    ) -> None:
        """Makes a lane in which nothing waits.

        Args:
            carry_out: answers every look-up of a batch, or fails it; raises nothing.
            most_queries: batches at a time.
        """
        self._carry_out = carry_out
        self._most_queries = most_queries
        self._workers: set[asyncio.Task[None]] = set()
        self._waiting: OrderedDict[str, deque[Lookup[NameT, FoundT]]] = OrderedDict()
        self._open = 0
        self._open_by_network: Counter[str] = Counter()

    def add(self, lookup: Lookup[NameT, FoundT]) -> None:
        """Puts a look-up in line.

        Raises:
            RateLimitedError: 429, too many wait, of this network or altogether; whether the key exists is not told.
        """
        is_network_full = bool(lookup.network) and self._open_by_network[lookup.network] >= MOST_PER_NETWORK
        if is_network_full or self._open >= MOST_WAITING:
            raise RateLimitedError(
                "Too many API keys that were not used lately are being checked. Please try again.",
                retry_after_seconds=_RETRY_AFTER_SECONDS,
            )
        self._open += 1
        self._open_by_network[lookup.network] += 1
        self._waiting.setdefault(lookup.network, deque()).append(lookup)
        if len(self._workers) < self._most_queries:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._carry_out(batch)
            finally:
                self._close(batch)

    def _next_batch(self) -> list[Lookup[NameT, FoundT]]:
        batch: list[Lookup[NameT, FoundT]] = []
        while self._waiting and len(batch) < _MOST_PER_QUERY:
            network, line = next(iter(self._waiting.items()))
            batch.append(line.popleft())
            if line:
                self._waiting.move_to_end(network)
            else:
                del self._waiting[network]
        return batch

    def _close(self, batch: list[Lookup[NameT, FoundT]]) -> None:
        self._open -= len(batch)
        self._open_by_network.subtract(lookup.network for lookup in batch)
        for network in {lookup.network for lookup in batch}:
            if not self._open_by_network[network]:
                del self._open_by_network[network]
