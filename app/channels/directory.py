"""A cached view of the channels, and the choice among them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.channel import Channel, Plane, order_candidates
from app.channels.channel_secrets import UNREADABLE, open_channel
from app.channels.circuit_breaker import load_open_breakers
from app.channels.media_hosts import may_fetch
from app.channels.repository import ChannelRepository
from app.core.change_feed import ChangeFeed
from app.core.sealing import SecretBox
from app.core.ttl_cache import CachedRead
from app.core.watched_rows import WatchedRows
from app.upstream.downloads import OriginRule

_log = structlog.get_logger()


class ChannelDirectory:
    """Finds channels. A change counts within a second; see ``app.core.ttl_cache`` and ``app.core.watched_rows``.

    Args:
        sessions: makes sessions of the database.
        box: opens the secrets.
        feed: hears the changes of other processes.
        rng: spreads requests over channels of equal priority.
        monotonic: seconds of a clock that never goes back; it decides how long a read is cached.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        box: SecretBox,
        *,
        feed: ChangeFeed | None = None,
        rng: Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._box = box
        self._rng = rng or Random()  # noqa: S311 - it spreads load, no secret depends on it
        rows = None if feed is None else WatchedRows(feed, "channels")
        self._channels = CachedRead(self._load, rows=rows, monotonic=monotonic)
        self._unreadable: set[str] = set()
        self._rate_limit_owners: dict[str, str] = {}

    async def candidates(self, allowed: frozenset[str] | None, *, needs: Plane) -> list[Channel]:
        """Returns the active channels with the credentials of a plane, in the order of trying; None allows all ids.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        channels = (await self._channels.get()).values()
        usable = [channel for channel in channels if channel.is_ready_for(needs) and channel.is_in(allowed)]
        return order_candidates(usable, self._rng)

    async def find(self, channel_id: str) -> Channel | None:
        """Returns a channel of any status, or None when there is none or it was deleted.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        return (await self._channels.get()).get(channel_id)

    async def media_rule(self, channel_id: str) -> OriginRule | None:
        """Returns from which servers the clips of a channel may be fetched; None when there is no such channel.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        channel = await self.find(channel_id)
        if channel is None or channel.ark is None:
            return None
        return partial(may_fetch, entries=channel.media_hosts, ark_base_url=channel.ark.base_url)

    async def sharing(self, channel: Channel) -> set[str]:
        """Returns the ids of all channels of any status, this one included, that use the same data plane key.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        key = _data_plane_key(channel)
        return {other.id for other in (await self._channels.get()).values() if _data_plane_key(other) == key}

    def rate_limit_owner(self, channel_id: str) -> str:
        """Returns the channel whose rows hold the rate limits of a channel's account, as of the last read.

        It is the oldest one with the same data plane key. A channel unknown at the time of the read is its own owner.
        """
        return self._rate_limit_owners.get(channel_id, channel_id)

    async def all(self, allowed: frozenset[str] | None) -> list[Channel]:
        """Returns the channels among ``allowed``, of any status; None allows all.

        Raises:
            ServiceUnavailableError: 503, the database is not available.
        """
        return [channel for channel in (await self._channels.get()).values() if channel.is_in(allowed)]

    def invalidate(self) -> None:
        """Makes this process see its own change at once; other processes see it within a second."""
        self._channels.invalidate()

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
        self._rate_limit_owners = _find_rate_limit_owners(channels)
        return channels


def _find_rate_limit_owners(channels: Mapping[str, Channel]) -> dict[str, str]:
    """Returns, for each channel with a data plane key, the first one with the same key."""
    first_of: dict[tuple[str, str], str] = {}
    keys = {channel.id: key for channel in channels.values() if (key := _data_plane_key(channel)) is not None}
    return {channel_id: first_of.setdefault(key, channel_id) for channel_id, key in keys.items()}


def _data_plane_key(channel: Channel) -> tuple[str, str] | None:
    return (channel.ark.base_url, channel.ark.api_key) if channel.ark is not None else None
