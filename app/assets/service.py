"""The three use case classes of Assets, built together."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream
from app.assets.changing import Changer
from app.assets.creating import Creator
from app.assets.faces import FaceService
from app.assets.groups import GroupService
from app.assets.intents import IntentLog
from app.assets.items import AssetItemService
from app.assets.joining import Joiner
from app.assets.looking import Looker
from app.assets.search_turns import SearchTurns
from app.channels.directory import ChannelDirectory
from app.creates.retry_dedup import RetryDedup
from app.db.presence import Presence
from app.upstream.openapi import OpenApiClient

SEARCH_SECONDS = 10.0


class AssetService:
    """What the action table calls.

    Attributes:
        groups: asset groups.
        items: assets.
        faces: face verification.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        directory: ChannelDirectory,
        control: OpenApiClient,
        clock: Callable[[], datetime],
        *,
        retry_dedup: RetryDedup,
        presence: Presence,
        search_seconds: float = SEARCH_SECONDS,
    ) -> None:
        """Makes the service.

        Args:
            sessions: of the database.
            directory: the channels.
            control: the client of the upstream's control plane.
            clock: the time in UTC.
            retry_dedup: recognises creates that are sent again.
            presence: this process.
            search_seconds: how long the upstream is searched for what a create of unknown outcome made.
        """
        upstream = AssetsUpstream(directory, control)
        looker = Looker(sessions, upstream, clock)
        changer = Changer(upstream, looker, clock)
        intents = IntentLog(sessions, retry_dedup, clock)
        joiner = Joiner(
            sessions,
            upstream,
            intents=intents,
            retry_dedup=retry_dedup,
            presence=presence,
            turns=SearchTurns(sessions, clock, instance_id=presence.id),
            search_seconds=search_seconds,
        )
        self._creator = Creator(
            sessions,
            upstream,
            clock,
            intents=intents,
            joiner=joiner,
            retry_dedup=retry_dedup,
            presence=presence,
            search_seconds=search_seconds,
        )
        self.groups = GroupService(
            sessions,
            upstream=upstream,
            creator=self._creator,
            looker=looker,
            changer=changer,
            clock=clock,
        )
        self.items = AssetItemService(
            sessions,
            upstream=upstream,
            creator=self._creator,
            looker=looker,
            changer=changer,
            clock=clock,
        )
        self.faces = FaceService(sessions, upstream, clock)

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await self._creator.drain()
