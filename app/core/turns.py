"""A limit on how many requests of one party a process works on at a time, so that no party delays the others.

A process handles all requests in one thread and with a few database connections. Without a limit a party with many
concurrent requests would be ahead of all others with each of them. The party is the client's network until the request
is authenticated, and then the tenant. A turn covers only work: it ends when the request starts to wait, above all for
the upstream, so that a slow upstream delays no other request.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

_MAX_TURN_SECONDS = 30.0

_current_turn: ContextVar["Turn | None"] = ContextVar("current_turn", default=None)


class Turn:
    """One request's turn."""

    def __init__(self, turns: "Turns", party: str) -> None:
        self._turns = turns
        self._party = party
        self._begin()

    def _begin(self) -> None:
        # A request that hangs must not block the party's other ones.
        self._timer = asyncio.get_running_loop().call_later(_MAX_TURN_SECONDS, self.end)
        self._has_ended = False

    async def resume(self, *, is_first: bool) -> None:
        """Waits for a turn again if this one has ended; ``is_first``: before all that wait."""
        if self._has_ended:
            await self._turns.wait_for(self._party, is_first=is_first)
            self._begin_again()

    def _begin_again(self) -> None:
        if self._has_ended:
            self._begin()
        else:  # another task of the request has waited, too
            self._turns.pass_on(self._party)

    def end(self) -> None:
        """Lets the party's next request begin; later calls have no effect."""
        if not self._has_ended:
            self._has_ended = True
            self._timer.cancel()
            # In the next iteration of the loop: a chain of requests that never wait would otherwise run in this one.
            asyncio.get_running_loop().call_soon(self._turns.pass_on, self._party)


class Turns:
    """Grants turns, to each party in the order of asking. One per process."""

    def __init__(self, *, max_per_party: int) -> None:
        self._max_per_party = max_per_party
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def acquire(self, party: str) -> Turn:
        """Waits for a turn. End it at the end of the request; ``leave_turn`` may have ended it before."""
        await self.wait_for(party)
        turn = Turn(self, party)
        _current_turn.set(turn)
        return turn

    async def wait_for(self, party: str, *, is_first: bool = False) -> None:
        """Waits until one more request of a party may work; ``pass_on`` must follow.

        Args:
            party: whose request it is.
            is_first: before all that wait.
        """
        running = self._running.get(party, 0)
        if running < self._max_per_party:
            self._running[party] = running + 1
        else:
            await self._wait(party, is_first=is_first)

    def pass_on(self, party: str) -> None:
        """Passes a turn that has ended to the request that has waited longest."""
        queue = self._waiting.get(party)
        while queue:
            waiter = queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._waiting.pop(party, None)
        running = self._running.pop(party) - 1
        if running:
            self._running[party] = running

    async def _wait(self, party: str, *, is_first: bool) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(party, deque())
        queue.appendleft(waiter) if is_first else queue.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.pass_on(party)
            raise


def leave_turn() -> None:
    """Ends the current request's turn, because it is about to wait; without a turn it does nothing."""
    turn = _current_turn.get()
    if turn is not None:
        turn.end()


async def resume_turn() -> None:
    """Waits for the current request's turn again if it has ended, because work follows that takes a connection.

    Without a turn it does nothing.
    """
    turn = _current_turn.get()
    if turn is not None:
        await turn.resume(is_first=False)


@asynccontextmanager
async def turn_resumed() -> AsyncIterator[None]:
    """Gives the current request its turn again while the block runs, before those that have not begun."""
    turn = _current_turn.get()
    if turn is not None:
        await turn.resume(is_first=True)
    try:
        yield
    finally:
        leave_turn()
