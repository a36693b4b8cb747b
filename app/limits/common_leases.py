"""Leases for requests that need a unit of each of several quotas, and leave none in a process that spends none.

A unit that stays in a process is missing in all others: fewer requests are answered than the limit. Therefore all
quotas are asked in one call, for as many units as there are requests, and what no request takes is given back: that of
one that was cancelled while it waited.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from app.limits.quotas import Quota
from app.limits.store import Lease


class Grant(NamedTuple):
    """The answer to one request.

    Attributes:
        is_granted: whether the request has a unit of each quota.
        lease: by which it was answered; if it was refused, one of the windows has none left.
    """

    is_granted: bool
    lease: Lease


_Waiters = list[asyncio.Future[Grant | None]]


class CommonLeases:
    """Leases units for the requests of one process; those that wait in the same moment lease together.

    Args:
        lease: as ``Store.lease``, but returns None when the store is away.
        give_back: as ``Store.give_back``; must not raise.
    """

    def __init__(
        self,
        lease: Callable[[Sequence[Quota], int], Awaitable[Lease | None]],
        give_back: Callable[[Sequence[Quota], Lease, int], Coroutine[Any, Any, None]],
    ) -> None:
        self._lease = lease
        self._give_back = give_back
        self._waiters: dict[tuple[str, ...], _Waiters] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def take(self, quotas: Sequence[Quota]) -> Grant | None:
        """Takes a unit of each quota, or of none; returns None when the store is away."""
        name = tuple(quota.id for quota in quotas)
        waiters = self._waiters.get(name)
        if waiters is None:
            waiters = self._waiters[name] = []
            self._run(self._serve(name, quotas))
        answer: asyncio.Future[Grant | None] = asyncio.get_running_loop().create_future()
        waiters.append(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            # Cancelled after the answer, which the request will not use.
            grant = None if answer.cancelled() or not answer.done() else answer.result()
            if grant is not None and grant.is_granted:
                self._run(self._give_back(quotas, grant.lease, 1))
            raise

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, name: tuple[str, ...], quotas: Sequence[Quota]) -> None:
        """Answers the requests that wait, and those that come meanwhile by one more call."""
        waiters = self._waiters[name]
        asked: _Waiters = []
        try:
            # Requests that begin in the same moment lease together.
            await asyncio.sleep(0)
            while asked := _still_waiting(waiters):
                waiters.clear()
                lease = await self._lease(quotas, len(asked))
                unused = _answer(asked, lease)
                if lease is not None and unused:
                    await self._give_back(quotas, lease, unused)
        finally:
            # Nothing is left to answer, unless the call has failed.
            del self._waiters[name]
            _answer([*asked, *waiters], None)


def _still_waiting(waiters: _Waiters) -> _Waiters:
    return [answer for answer in waiters if not answer.done()]


def _answer(waiters: _Waiters, lease: Lease | None) -> int:
    """Answers all requests that still wait; returns how many units none of them has taken."""
    unused = 0 if lease is None else lease.granted
    for answer in _still_waiting(waiters):
        answer.set_result(None if lease is None else Grant(unused > 0, lease))
        unused = max(0, unused - 1)
    return unused
