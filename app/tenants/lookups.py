"""Look-ups of names that may be guesses: many in one query, few queries at a time, and fair to each network.

Such names are the keys that were not seen valid lately, which is every key after a restart, and the tokens of
callbacks. Guesses may not take the connections that others need, and those from one network must not keep the names of
another one waiting.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

MOST_PER_QUERY = 64
"""How many names are looked up together."""

NameT = TypeVar("NameT")
FoundT = TypeVar("FoundT")


class Lookup(Generic[NameT, FoundT]):
    """The question what a name belongs to.

    Attributes:
        name: what a request names.
        networks: where the requests come from in whose lines it was put.
        begun_at: when its query began, in seconds of a monotonic clock; None while it waits.
        is_taken: whether it has left the lines to be carried out.
        answer: what the name belongs to, or None when there is nothing.
    """

    def __init__(self, name: NameT) -> None:
        self.name = name
        self.networks: set[str] = set()
        self.begun_at: float | None = None
        self.is_taken = False
        self.answer: asyncio.Future[FoundT | None] = asyncio.get_running_loop().create_future()

    def fail(self, error: BaseException) -> None:
        """Tells those who wait that there is no answer; it is no mistake when none of them is left."""
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()


class UnknownLane(Generic[NameT, FoundT]):
    """Carries look-ups out in batches. The networks that have some waiting take turns."""

    def __init__(
        self,
        carry_out: Callable[[list[Lookup[NameT, FoundT]]], Awaitable[None]],
        *,
        most_queries: int,
        most_waiting: int,
        most_per_network: int,
    ) -> None:
        """Makes a lane in which nothing waits.

        Args:
            carry_out: answers every look-up of a batch, or fails it; raises nothing.
            most_queries: batches at a time.
            most_waiting: places of all networks together, for what waits or is carried out.
            most_per_network: places of one network. Requests whose network is not known, as on a Unix socket, have
                half of all places together.
        """
        self._carry_out = carry_out
        self._most_queries = most_queries
        self._most_waiting = most_waiting
        self._most_per_network = most_per_network
        self._workers: set[asyncio.Task[None]] = set()
        self._waiting: OrderedDict[str, deque[Lookup[NameT, FoundT]]] = OrderedDict()
        self._open = 0
        self._open_by_network: Counter[str] = Counter()

    def add(self, lookup: Lookup[NameT, FoundT], network: str) -> bool:
        """Puts a look-up in the line of a network, beside those that it stands in already.

        Several networks may ask for one name; each of them then waits no longer than its own line.

        Args:
            lookup: waits, and is carried out when it is first in one of its lines.
            network: where the request comes from; empty when not known.

        Returns:
            False when too many wait, of this network or altogether, and nothing has changed.
        """
        if network in lookup.networks:
            return True
        share = self._most_per_network if network else self._most_waiting // 2
        if self._open_by_network[network] >= share or self._open >= self._most_waiting:
            return False
        self._open += 1
        self._open_by_network[network] += 1
        lookup.networks.add(network)
        self._waiting.setdefault(network, deque()).append(lookup)
        if len(self._workers) < self._most_queries:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return True

    async def aclose(self) -> None:
        """Cancels what is being carried out."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._carry_out([lookup for _, lookup in batch])
            finally:
                for network, _ in batch:
                    self._give_back(network)

    def _next_batch(self) -> list[tuple[str, Lookup[NameT, FoundT]]]:
        """Returns the next look-ups, each with the network whose place it has; its places in other lines are void."""
        batch: list[tuple[str, Lookup[NameT, FoundT]]] = []
        while self._waiting and len(batch) < MOST_PER_QUERY:
            network, line = next(iter(self._waiting.items()))
            lookup = line.popleft()
            if line:
                self._waiting.move_to_end(network)
            else:
                del self._waiting[network]
            if lookup.is_taken:
                self._give_back(network)
            else:
                lookup.is_taken = True
                batch.append((network, lookup))
        return batch

    def _give_back(self, network: str) -> None:
        self._open -= 1
        self._open_by_network[network] -= 1
        if not self._open_by_network[network]:
            del self._open_by_network[network]
