"""Polls groups and assets in the background, so that their rows are right whether or not clients ask.

Polled are Processing assets until they have ended, objects that the upstream did not find a minute ago, and objects
that were changed without a clear answer. An object that was deleted before the upstream may have known it is deleted
there once more.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from app.assets.context import AssetsContext
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.refresh import AssetRefresh
from app.assets.repository import AllAssets
from app.assets.state import next_poll_after
from app.channels.channel import Channel
from app.upstream.errors import UpstreamRejectedError

_BATCH_SIZE = 25
_MAX_CONCURRENT = 5
_LEASE = timedelta(seconds=60)

_log = structlog.get_logger()


class AssetPoller:
    """Polls what is due. Any number of processes may run one: rows are claimed by a lease."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context
        self._refresh = AssetRefresh(context)

    async def run_once(self) -> int:
        """Polls at most 25 groups and 25 assets that are due; returns how many there were."""
        rows = await self._claim()
        slots = asyncio.Semaphore(_MAX_CONCURRENT)

        async def poll(row: AssetGroupRow | AssetRow) -> None:
            async with slots:
                await self._poll(row)

        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(poll(row))
        return len(rows)

    async def _claim(self) -> Sequence[AssetGroupRow | AssetRow]:
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            rows = AllAssets(session)
            groups = await rows.claim_due(AssetGroupRow, now=now, lease=_LEASE, limit=_BATCH_SIZE)
            assets = await rows.claim_due(AssetRow, now=now, lease=_LEASE, limit=_BATCH_SIZE)
        return [*groups, *assets]

    async def _poll(self, row: AssetGroupRow | AssetRow) -> None:
        """Polls one object; an error only delays its next poll, not those of the others."""
        try:
            channel = await self._context.upstream.find_usable(row.channel_id)
            if row.deleted_at is not None:
                await self._delete_again(row, channel)
            else:
                await self._refresh.refresh(row, channel)
        except Exception as error:  # noqa: BLE001 - see the docstring
            _log.warning("asset_poll_failed", object=row.id, channel=row.channel_id, error=repr(error))
            await self._set_next_poll(row, next_poll_after(row.created_at, self._context.clock()))

    async def _delete_again(self, row: AssetGroupRow | AssetRow, channel: Channel) -> None:
        action = "DeleteAssetGroup" if isinstance(row, AssetGroupRow) else "DeleteAsset"
        try:
            await self._context.upstream.call(channel, action, {"Id": row.id, "ProjectName": row.project_name})
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise
        await self._set_next_poll(row, None)

    async def _set_next_poll(self, row: AssetGroupRow | AssetRow, at: datetime | None) -> None:
        async with self._context.sessions.begin() as session:
            await AllAssets(session).set_next_poll(row, at)
