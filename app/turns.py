"""Turns: how many requests of one party a process works on at a time, so that another party's need not wait for many.

A process answers all requests in one thread and with a few database connections. A party that sends many requests at
once would be ahead of everybody else with all of them. The party is the client's network until it is known who calls,
and then the tenant. A turn is for work and ends where a request waits, for the upstream above all: however long that
thinks, it delays no other request.
"""

import asyncio
from collections import deque
from contextvars import ContextVar

_MOST_SECONDS = 30.0

_turn: ContextVar["Turn | None"] = ContextVar("turn_of_request", default=None)


class Turn:
    """One request's turn, from when it began until it is ended."""

    def __init__(self, turns: "Turns", party: str) -> None:
        self._turns = turns
        self._party = party
        # Whatever a request waits for, it does not stop its tenant's other ones.
        self._timer = asyncio.get_running_loop().call_later(_MOST_SECONDS, self.end)
        self._has_ended = False

    def end(self) -> None:
        """Lets the next request of the same party begin; a second time nothing happens."""
        if not self._has_ended:
            self._has_ended = True
            self._timer.cancel()
            # In the loop's next round: a request that never waits for anything would otherwise be followed by all the
            # others of its party within this one.
            asyncio.get_running_loop().call_soon(self._turns.pass_on, self._party)


class Turns:
    """Hands out turns, to each party in the order of asking. One per process."""

    def __init__(self, *, most_at_once: int) -> None:
        """Makes it.

        Args:
            most_at_once: turns of one party.
        """
        self._most_at_once = most_at_once
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def take(self, party: str) -> Turn:
        """Waits for a turn and returns it; ``leave_turn`` ends it from below, the caller at the latest."""
        running = self._running.get(party, 0)
        if running < self._most_at_once:
            self._running[party] = running + 1
        else:
            await self._wait(party)
        turn = Turn(self, party)
        _turn.set(turn)
        return turn

    def pass_on(self, party: str) -> None:
        """Gives a turn that has ended to who has waited longest."""
        line = self._waiting.get(party)
        while line:
            waiter = line.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._waiting.pop(party, None)
        running = self._running.pop(party) - 1
        if running:
            self._running[party] = running

    async def _wait(self, party: str) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(party, deque()).append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.pass_on(party)
            raise


def leave_turn() -> None:
    """Ends the turn of the request on whose behalf this runs, which is about to wait; without one nothing happens."""
    turn = _turn.get()
    if turn is not None:
        turn.end()
