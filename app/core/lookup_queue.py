"""Look-ups of names that may be guesses: batched, with few queries at a time, and fair between networks.

Such names are API keys that were not seen valid lately, which after a restart are all of them, and callback tokens.
Guesses must not occupy the database connections that other requests need, and guesses from one network must not delay
the names from another.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

MAX_PER_QUERY = 64
"""How many names one query looks up."""

NameT = TypeVar("NameT")
FoundT = TypeVar("FoundT")


class Lookup(Generic[NameT, FoundT]):
    """The look-up of one name.

    Attributes:
        name: the name.
        networks: the networks in whose queues it is.
        begun_at: when its query began, in seconds of a monotonic clock; None while it waits.
        is_taken: whether it has left the queues.
        answer: what the name belongs to, or None.
    """

    def __init__(self, name: NameT) -> None:
        self.name = name
        self.networks: set[str] = set()
        self.begun_at: float | None = None
        self.is_taken = False
        self.answer: asyncio.Future[FoundT | None] = asyncio.get_running_loop().create_future()

    def fail(self, error: BaseException) -> None:
        """Raises ``error`` in all waiting callers, of which there may be none."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # marks it as retrieved: without a caller asyncio would log it


class LookupQueue(Generic[NameT, FoundT]):
    """Runs look-ups in batches, which it takes from the networks in turn.

    Args:
        run: answers or fails every look-up of a batch; does not raise.
        max_queries: concurrent batches.
        max_waiting: waiting and running look-ups of all networks.
        max_per_network: the same of one network. Requests of unknown network, as on a Unix socket, share half of
            ``max_waiting``.
    """

    def __init__(
        self,
        run: Callable[[list[Lookup[NameT, FoundT]]], Awaitable[None]],
        *,
        max_queries: int,
        max_waiting: int,
        max_per_network: int,
    ) -> None:
        self._run = run
        self._max_queries = max_queries
        self._max_waiting = max_waiting
        self._max_per_network = max_per_network
        self._workers: set[asyncio.Task[None]] = set()
        self._waiting: OrderedDict[str, deque[Lookup[NameT, FoundT]]] = OrderedDict()
        self._open = 0
        self._open_by_network: Counter[str] = Counter()

    def add(self, lookup: Lookup[NameT, FoundT], network: str) -> bool:
        """Adds a look-up to the queue of a network, besides the queues in which it is already.

        So a name that several networks ask for waits no longer than the shortest of their queues.

        Args:
            lookup: runs when it is first in one of its queues.
            network: the network of the client; empty when unknown.

        Returns:
            False if too many are waiting, of this network or of all; then nothing has changed.
        """
        if network in lookup.networks:
            return True
        share = self._max_per_network if network else self._max_waiting // 2
        if self._open_by_network[network] >= share or self._open >= self._max_waiting:
            return False
        self._open += 1
        self._open_by_network[network] += 1
        lookup.networks.add(network)
        self._waiting.setdefault(network, deque()).append(lookup)
        if len(self._workers) < self._max_queries:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return True

    async def aclose(self) -> None:
        """Cancels the running batches."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._run([lookup for _, lookup in batch])
            finally:
                for network, _ in batch:
                    self._release(network)

    def _next_batch(self) -> list[tuple[str, Lookup[NameT, FoundT]]]:
        """Returns the next look-ups, each with the network from whose queue it was taken."""
        batch: list[tuple[str, Lookup[NameT, FoundT]]] = []
        while self._waiting and len(batch) < MAX_PER_QUERY:
            network, queue = next(iter(self._waiting.items()))
            lookup = queue.popleft()
            if queue:
                self._waiting.move_to_end(network)
            else:
                del self._waiting[network]
            if lookup.is_taken:  # from the queue of another network
                self._release(network)
            else:
                lookup.is_taken = True
                batch.append((network, lookup))
        return batch

    def _release(self, network: str) -> None:
        self._open -= 1
        self._open_by_network[network] -= 1
        if not self._open_by_network[network]:
            del self._open_by_network[network]
