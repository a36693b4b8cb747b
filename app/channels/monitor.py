"""Periodic check of the URLs of all active channels, used or not.

The start of a process does not wait for the upstream, so the URLs from the environment are checked here. A failure is
logged and kept by ``app.channels.faults``. A channel whose data plane is another API gets no creates until a list
succeeds there.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.channel import ALL_PLANES, Channel
from app.channels.circuit_breaker import open_breaker
from app.channels.directory import ChannelDirectory
from app.channels.probe import ChannelProbe
from app.core.leases import Leases
from app.observability.counters import BREAKERS_OPENED
from app.upstream.rate_limits import RateClass, RateLimiter

INTERVAL_SECONDS = 600.0
# Never released, so that other processes skip the channel; shorter than the interval, so that every round can claim it.
_LEASE_SECONDS = INTERVAL_SECONDS - 30.0

_log = structlog.get_logger()


class ChannelMonitor:
    """Makes a free list call to each active channel, within the account's rate limit, from one process at a time.

    ``token_timeout_seconds`` is how long a list call may wait for the rate limit.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        directory: ChannelDirectory,
        probe: ChannelProbe,
        rates: RateLimiter,
        clock: Callable[[], datetime],
        token_timeout_seconds: float = 5.0,
    ) -> None:
        self._sessions = sessions
        self._directory = directory
        self._probe = probe
        self._rates = rates
        self._leases = Leases(sessions)
        self._clock = clock
        self._token_timeout_seconds = token_timeout_seconds

    async def run_once(self) -> None:
        """Checks each active channel once, one after another."""
        of_tasks = await self._directory.candidates(None, needs="ark")
        of_assets = await self._directory.candidates(None, needs="openapi")
        for channel in {channel.id: channel for channel in (*of_tasks, *of_assets)}.values():
            try:
                if await self._leases.claim("watch", _lease_subject(channel), seconds=_LEASE_SECONDS) is not None:
                    await self._check(channel)
            except Exception as error:  # noqa: BLE001 - one channel must not stop the check of the others
                _log.warning("channel_monitor_failed", channel=channel.name, error=repr(error))

    async def _check(self, channel: Channel) -> None:
        planes = ALL_PLANES
        if channel.ark is not None and not await self._rates.acquire(
            channel.id, RateClass.LIST, timeout_seconds=self._token_timeout_seconds
        ):
            planes = planes - {"ark"}
        foreign = await self._probe.find_foreign(channel, planes)
        for name, what in foreign.items():
            _log.error("channel_account_mismatch", channel=channel.name, url=name, reason=what)
        if "ark_base_url" in foreign:
            await self._open_breaker(channel)

    async def _open_breaker(self, channel: Channel) -> None:
        async with self._sessions.begin() as session:
            is_opened = await open_breaker(session, channel.id, now=self._clock())
        if is_opened:
            BREAKERS_OPENED.inc()
            _log.error("breaker_opened", channel=channel.id)
            self._directory.invalidate()


def _lease_subject(channel: Channel) -> str:
    """Returns the channel and its URLs as one name, so that a channel with a new URL is checked at once."""
    urls = [channel.ark.base_url if channel.ark else "", channel.openapi.url if channel.openapi else ""]
    return f"{channel.id}:{hashlib.sha256(' '.join(urls).encode()).hexdigest()[:16]}"
