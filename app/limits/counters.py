"""Counts requests against quotas, in memory; what may be spent here comes from a store that all processes share.

A window of a quota begins with its first request and has a fixed length. A process spends units of the current window
that it has leased before, without waiting: most requests cost a lookup and a subtraction. When it has none left, it
leases some more. What a process has leased and not spent at the end of the window is lost, so that never more than
the limit are answered. Creates are counted by the store one by one (``app.limits.common_leases``), so that the number
of all processes together is exact.

Without a store, or while it does not answer, each process takes its share of a quota: the limit divided by the number
of processes, at least one.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from app.errors import RateLimitedError
from app.limits.common_leases import CommonLeases
from app.limits.quotas import Quota, Quotas
from app.limits.store import Lease, LeasedWindow, Store, StoreError
from app.observability.counters import RATE_LIMITED, SHARED_LIMIT_FAILURES

_MAX_WINDOWS = 50_000
_LEASES_PER_WINDOW = 20
_RETRY_STORE_SECONDS = 1.0
_COUNT_SECONDS = 10.0

_log = structlog.get_logger()


class _Window:
    """The current window of a quota in this process."""

    __slots__ = ("ends_at", "held", "is_used_up", "left", "share_ends_at", "waiting")

    def __init__(self) -> None:
        self.held = 0
        self.left = 0
        self.ends_at = float("-inf")
        self.share_ends_at = float("-inf")
        self.is_used_up = False
        self.waiting = 0


class RateLimits:
    """The counters of one process.

    Args:
        store: counts for all processes; None: there is none.
        count_processes: returns the number of processes that share a quota without a store, at least one.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        store: Store | None,
        count_processes: Callable[[], Awaitable[int]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._count_processes = count_processes
        self._monotonic = monotonic
        self._windows: dict[str, _Window] = {}
        self._refills: dict[str, asyncio.Task[None]] = {}
        self._common_leases = CommonLeases(self._lease_exactly, self._give_back_to_store)
        self._is_store_away = False
        self._ask_store_at = float("-inf")
        self._processes = 1
        self._count_at = float("-inf")

    def spend(self, quotas: Sequence[Quota]) -> bool:
        """Spends one unit of each quota if that is possible without waiting; else changes nothing."""
        now = self._monotonic()
        windows = self._windows
        for quota in quotas:
            window = windows.get(quota.id)
            if window is None or window.held <= 0 or now >= window.ends_at:
                return False
        for quota in quotas:
            windows[quota.id].held -= 1
        return True

    def give_back(self, quotas: Sequence[Quota]) -> None:
        """Gives back what ``spend`` took for a request that is counted again elsewhere."""
        now = self._monotonic()
        for quota in quotas:
            window = self._windows.get(quota.id)
            if window is not None and now < window.ends_at:
                window.held += 1

    async def acquire(self, quotas: Sequence[Quota], *, is_exact: bool = False) -> None:
        """Spends one unit of each quota, of none if one is used up.

        Args:
            quotas: the quotas of a request.
            is_exact: has the store count this request, if there is one and it answers.

        Raises:
            RateLimitedError: 429, a quota is used up until the end of its window.
        """
        if is_exact and quotas and self._store is not None:
            grant = await self._common_leases.take(quotas)
            if grant is not None:
                if not grant.is_granted:
                    windows = zip(quotas, grant.lease.windows, strict=True)
                    raise next(_refused(quota, window.seconds) for quota, window in windows if not window.left)
                return
        while not self.spend(quotas):
            for quota in quotas:
                window = self._window(quota)
                if self._may_be_spent(window):
                    continue
                if window.is_used_up and self._monotonic() < window.ends_at:
                    raise _refused(quota, window.ends_at - self._monotonic())
                window.waiting += 1
                try:
                    await self._refill(quota, window, is_exact=is_exact)
                finally:
                    window.waiting -= 1
                if window.held <= 0 and window.is_used_up:
                    raise _refused(quota, window.ends_at - self._monotonic())

    def state(self, quotas: Quotas) -> str:
        """Returns the value of ``RateLimit``: how many requests are left, and for how many seconds."""
        now = self._monotonic()
        shown = []
        for quota in quotas.all:
            window = self._windows.get(quota.id)
            if window is None or now >= window.ends_at:
                shown.append(f'"{quota.name}";r={quota.limit};t={quota.seconds}')
            else:
                seconds = math.ceil(window.ends_at - now)
                shown.append(f'"{quota.name}";r={window.held + window.left};t={seconds}')
        return ", ".join(shown)

    def left(self, quota: Quota) -> tuple[int, int]:
        """Returns how many requests are left of a quota, and for how many seconds; leases of others count as used."""
        now = self._monotonic()
        window = self._windows.get(quota.id)
        if window is None or now >= window.ends_at:
            return quota.limit, quota.seconds
        return window.held + window.left, math.ceil(window.ends_at - now)

    def _window(self, quota: Quota) -> _Window:
        window = self._windows.get(quota.id)
        if window is None:
            if len(self._windows) >= _MAX_WINDOWS:
                self._remove_ended()
            window = self._windows[quota.id] = _Window()
        return window

    def _remove_ended(self) -> None:
        now = self._monotonic()
        for name in [name for name, window in self._windows.items() if window.ends_at <= now and not window.waiting]:
            del self._windows[name]

    def _may_be_spent(self, window: _Window) -> bool:
        return window.held > 0 and self._monotonic() < window.ends_at

    async def _refill(self, quota: Quota, window: _Window, *, is_exact: bool) -> None:
        """Leases units once for all requests that wait for them."""
        task = self._refills.get(quota.id)
        if task is None:
            task = self._refills[quota.id] = asyncio.create_task(self._lease(quota, window, is_exact=is_exact))
            task.add_done_callback(lambda _task: self._refills.pop(quota.id, None))
        # Shielded, so that a client that disconnects does not cancel the lease of the others.
        await asyncio.shield(task)

    async def _lease(self, quota: Quota, window: _Window, *, is_exact: bool) -> None:
        # Requests that begin in the same moment lease together.
        await asyncio.sleep(0)
        wanted = max(1, window.waiting, quota.limit // _LEASES_PER_WINDOW)
        # Of a request that the store has to count, it was asked before.
        lease = None if is_exact else await self._lease_of_store([quota], wanted)
        if lease is None:
            lease = await self._local_share(quota, window)
        [leased] = lease.windows
        now = self._monotonic()
        if now >= window.ends_at:
            window.held = 0
        window.held += lease.granted
        window.left = leased.left
        window.ends_at = now + leased.seconds
        window.is_used_up = lease.granted == 0

    async def _lease_exactly(self, quotas: Sequence[Quota], wanted: int) -> Lease | None:
        """Leases units that are spent at once, and notes what is left; returns None when the store is away."""
        lease = await self._lease_of_store(quotas, wanted)
        if lease is not None:
            now = self._monotonic()
            for quota, leased in zip(quotas, lease.windows, strict=True):
                window = self._window(quota)
                window.held, window.left, window.ends_at = 0, leased.left, now + leased.seconds
                window.is_used_up = not leased.left
        return lease

    async def _give_back_to_store(self, quotas: Sequence[Quota], lease: Lease, count: int) -> None:
        if self._store is not None:
            # A unit that cannot be given back is lost until the end of the window.
            with contextlib.suppress(StoreError):
                await self._store.give_back(quotas, lease, count)

    async def _lease_of_store(self, quotas: Sequence[Quota], wanted: int) -> Lease | None:
        if self._store is None or self._monotonic() < self._ask_store_at:
            return None
        try:
            lease = await self._store.lease(quotas, wanted)
        except StoreError as error:
            SHARED_LIMIT_FAILURES.inc()
            self._ask_store_at = self._monotonic() + _RETRY_STORE_SECONDS
            if not self._is_store_away:
                self._is_store_away = True
                _log.warning("shared_limits_unavailable", error=str(error))
            return None
        if self._is_store_away:
            self._is_store_away = False
            _log.warning("shared_limits_available_again")
        return lease

    async def _local_share(self, quota: Quota, window: _Window) -> Lease:
        now = self._monotonic()
        # Once in its time, however often the store answers in between.
        if now < window.share_ends_at:
            return Lease(0, (LeasedWindow(0, window.share_ends_at - now, 0),))
        if now >= self._count_at:
            self._count_at = now + _COUNT_SECONDS
            self._processes = max(1, await self._count_processes())
        window.share_ends_at = now + quota.seconds
        return Lease(max(1, quota.limit // self._processes), (LeasedWindow(0, float(quota.seconds), 0),))


def _refused(quota: Quota, seconds: float) -> RateLimitedError:
    """Returns the 429 for a request beyond a quota whose window ends in so many seconds."""
    RATE_LIMITED.labels(quota.name).inc()
    unit = "second" if quota.seconds == 1 else "minute"
    text = f"There are too many requests: the limit `{quota.name}` is {quota.limit} a {unit}. Please try again later."
    return RateLimitedError(text, retry_after_seconds=max(1, math.ceil(seconds)))
