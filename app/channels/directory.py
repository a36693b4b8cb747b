"""The channels that can take a request, best first."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.accounts import UNREADABLE, open_channel
from app.channels.channel import Channel, Plane
from app.channels.health import load_open_breakers
from app.channels.repository import ChannelRepository
from app.channels.selection import order_candidates
from app.crypto import SecretBox
from app.db.recent import RecentRead

__all__ = ["Channel", "ChannelDirectory"]

_log = structlog.get_logger()


class ChannelDirectory:
    """Finds channels. What it tells is less than a second old; see ``app.db.recent``."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        box: SecretBox,
        *,
        rng: Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes a directory.

        Args:
            sessions: of the database.
            box: opens the secrets.
            rng: spreads requests over channels of equal priority.
            monotonic: seconds that never go back, which decide how long a read is trusted.
        """
        self._sessions = sessions
        self._box = box
        self._rng = rng or Random()  # noqa: S311 - it spreads load and guards nothing
        self._channels = RecentRead(self._load, monotonic=monotonic)
        self._unreadable: set[str] = set()
        self._keepers: dict[str, str] = {}

    async def candidates(self, allowed: frozenset[str] | None, *, needs: Plane) -> list[Channel]:
        """Returns the channels that may be tried, best first.

        Args:
            allowed: ids; None allows all.
            needs: the plane whose credentials they must have.

        Raises:
            ServiceUnavailableError: 503, the database is away.
        """
        channels = (await self._channels.get()).values()
        fit = [channel for channel in channels if channel.is_ready_for(needs) and channel.is_in(allowed)]
        return order_candidates(fit, self._rng)

    async def find(self, channel_id: str) -> Channel | None:
        """Returns a channel of any status, or None when it is deleted or never was.

        Raises:
            ServiceUnavailableError: 503, the database is away.
        """
        return (await self._channels.get()).get(channel_id)

    async def sharing(self, channel: Channel) -> set[str]:
        """Returns the ids of all channels of any status, this one included, that use the same data plane key.

        Raises:
            ServiceUnavailableError: 503, the database is away.
        """
        key = _data_plane_key(channel)
        return {other.id for other in (await self._channels.get()).values() if _data_plane_key(other) == key}

    def rate_limit_owner(self, channel_id: str) -> str:
        """Returns the oldest channel with the same data plane key, as of the last read; it keeps the account's rates.

        A channel that was not there then is its own keeper.
        """
        return self._keepers.get(channel_id, channel_id)

    async def all(self, allowed: frozenset[str] | None) -> list[Channel]:
        """Returns those of ``allowed`` that are channels at all, of whatever status; None allows all.

        Raises:
            ServiceUnavailableError: 503, the database is away.
        """
        return [channel for channel in (await self._channels.get()).values() if channel.is_in(allowed)]

    def forget(self) -> None:
        """Makes this process see a change of its own at once; the others see it within a second."""
        self._channels.forget()

    async def _load(self) -> dict[str, Channel]:
        async with self._sessions() as session:
            rows = await ChannelRepository(session).all()
            open_breakers = await load_open_breakers(session)
        channels = {
            row.id: replace(open_channel(self._box, row), is_breaker_open=row.id in open_breakers) for row in rows
        }
        unreadable = {channel.id for channel in channels.values() if channel.status_reason == UNREADABLE}
        for channel_id in unreadable - self._unreadable:
            _log.error("channel_unusable", channel=channels[channel_id].name, reason=UNREADABLE)
        self._unreadable = unreadable
        self._keepers = _keepers(channels)
        return channels


def _keepers(channels: Mapping[str, Channel]) -> dict[str, str]:
    """Returns, for each channel with a data plane key, the first one that has the same."""
    first_of: dict[tuple[str, str], str] = {}
    keys = {channel.id: key for channel in channels.values() if (key := _data_plane_key(channel)) is not None}
    return {channel_id: first_of.setdefault(key, channel_id) for channel_id, key in keys.items()}


def _data_plane_key(channel: Channel) -> tuple[str, str] | None:
    return (channel.ark.base_url, channel.ark.api_key) if channel.ark is not None else None
