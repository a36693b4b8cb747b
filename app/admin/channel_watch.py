"""A look at the URLs of every active channel at the start and now and then, whether or not the channel is used.

A start does not wait for the upstream, so what the environment names is asked here. What is found wrong is in the log,
``app.channels.faults`` keeps it as it keeps every refusal, and a channel whose data plane is something else is given no
creates until a list succeeds there.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.admin.channel_probe import ChannelProbe
from app.channels.channel import ALL_PLANES, Channel
from app.channels.circuit_breaker import open_breaker
from app.channels.directory import ChannelDirectory
from app.core.leases import Leases
from app.observability.metrics import BREAKERS_OPENED
from app.upstream.rate_limits import RateClass, RateLimiter

INTERVAL_SECONDS = 600.0
# Never released, so that the other processes do not look again; shorter than the pause, so that none is left out.
_LEASE_SECONDS = INTERVAL_SECONDS - 30.0

_log = structlog.get_logger()


class ChannelWatch:
    """Asks the active channels for a list of one, within the account's rate, each from one process at a time."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        directory: ChannelDirectory,
        probe: ChannelProbe,
        rates: RateLimiter,
        leases: Leases,
        clock: Callable[[], datetime],
        token_timeout_seconds: float = 5.0,
    ) -> None:
        """Makes a watch.

        Args:
            sessions: of the database.
            directory: the channels.
            probe: asks them.
            rates: of the accounts.
            leases: keep two processes from asking one channel.
            clock: the time, UTC-aware.
            token_timeout_seconds: how long a list may wait for the account's rate.
        """
        self._sessions = sessions
        self._directory = directory
        self._probe = probe
        self._rates = rates
        self._leases = leases
        self._clock = clock
        self._token_timeout_seconds = token_timeout_seconds

    async def run_once(self) -> None:
        """Looks at each active channel once, one after another."""
        of_tasks = await self._directory.candidates(None, needs="ark")
        of_assets = await self._directory.candidates(None, needs="openapi")
        for channel in {channel.id: channel for channel in (*of_tasks, *of_assets)}.values():
            try:
                if await self._leases.claim("watch", _subject(channel), seconds=_LEASE_SECONDS) is not None:
                    await self._look(channel)
            except Exception as error:  # noqa: BLE001 - one channel must not keep the others from being looked at
                _log.warning("watch_failed", channel=channel.name, error=repr(error))

    async def _look(self, channel: Channel) -> None:
        planes = ALL_PLANES
        if channel.ark is not None and not await self._rates.acquire(
            channel.id, RateClass.LIST, timeout_seconds=self._token_timeout_seconds
        ):
            planes = planes - {"ark"}
        foreign = await self._probe.find_foreign(channel, planes)
        for name, what in foreign.items():
            _log.error("channel_leads_elsewhere", channel=channel.name, url=name, reason=what)
        if "ark_base_url" in foreign:
            await self._open_breaker(channel)

    async def _open_breaker(self, channel: Channel) -> None:
        async with self._sessions.begin() as session:
            is_opened = await open_breaker(session, channel.id, now=self._clock())
        if is_opened:
            BREAKERS_OPENED.inc()
            _log.error("breaker_opened", channel=channel.id)
            self._directory.invalidate()


def _subject(channel: Channel) -> str:
    """Returns what is looked at: a channel that leads somewhere else since the last look is looked at again."""
    urls = [channel.ark.base_url if channel.ark else "", channel.openapi.url if channel.openapi else ""]
    return f"{channel.id}:{hashlib.sha256(' '.join(urls).encode()).hexdigest()[:16]}"
