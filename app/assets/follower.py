"""The background look at groups and assets, so that the mirror is right whether or not clients ask.

It follows Processing assets to their end, looks again at what the upstream did not know a minute ago, at what was
changed without a clear answer, and deletes once more what the upstream may not have seen when it was deleted.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream
from app.assets.looking import Looker
from app.assets.mirror import next_look_after
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.repository import AllAssets
from app.channels.directory import Channel, ChannelDirectory
from app.upstream.errors import UpstreamRejectedError
from app.upstream.openapi import OpenApiClient

_BATCH = 25
_AT_ONCE = 5
_LEASE = timedelta(seconds=60)

_log = structlog.get_logger()


class AssetFollower:
    """Looks at what is due. Any number of processes may run one: rows are claimed by a lease."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        directory: ChannelDirectory,
        control: OpenApiClient,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._upstream = AssetsUpstream(directory, control)
        self._looker = Looker(sessions, self._upstream, clock)
        self._clock = clock

    async def run_once(self) -> int:
        """Looks at everything that is due, at most 25 groups and 25 assets; returns how many that were."""
        rows = await self._claim()
        turns = asyncio.Semaphore(_AT_ONCE)

        async def follow(row: AssetGroupRow | AssetRow) -> None:
            async with turns:
                await self._follow(row)

        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(follow(row))
        return len(rows)

    async def _claim(self) -> Sequence[AssetGroupRow | AssetRow]:
        now = self._clock()
        async with self._sessions.begin() as session:
            everything = AllAssets(session)
            groups = await everything.claim_due_groups(now=now, lease=_LEASE, limit=_BATCH)
            assets = await everything.claim_due_assets(now=now, lease=_LEASE, limit=_BATCH)
        return [*groups, *assets]

    async def _follow(self, row: AssetGroupRow | AssetRow) -> None:
        """One object's failure must not keep the others from being looked at."""
        try:
            channel = await self._upstream.find_usable(row.channel_id)
            if row.deleted_at is not None:
                await self._delete_again(row, channel)
            elif isinstance(row, AssetGroupRow):
                await self._looker.look_at_group(row, channel)
            else:
                await self._looker.look_at_asset(row, channel)
        except Exception as error:  # noqa: BLE001 - see above
            _log.warning("asset_follow_failed", object=row.id, channel=row.channel_id, error=repr(error))
            await self._set_next_look(row, next_look_after(row.created_at, self._clock()))

    async def _delete_again(self, row: AssetGroupRow | AssetRow, channel: Channel) -> None:
        action = "DeleteAssetGroup" if isinstance(row, AssetGroupRow) else "DeleteAsset"
        try:
            await self._upstream.call(channel, action, {"Id": row.id, "ProjectName": row.project_name})
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise
        await self._set_next_look(row, None)

    async def _set_next_look(self, row: AssetGroupRow | AssetRow, at: datetime | None) -> None:
        async with self._sessions.begin() as session:
            await AllAssets(session).set_next_look(row, at)
