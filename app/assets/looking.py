"""Asking the upstream about one group or asset and writing what it says; for requests and the follower alike."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.calling import AssetsUpstream
from app.assets.mirror import apply_absence, apply_upstream_asset, apply_upstream_group
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.repository import AssetRepository
from app.channels.channel import Channel
from app.upstream.errors import UpstreamRejectedError


@dataclass(frozen=True)
class SeenGroup:
    """A group after a look: its row, or None when it is gone, and whether the upstream knew it."""

    row: AssetGroupRow | None
    is_known: bool


@dataclass(frozen=True)
class SeenAsset:
    """An asset after a look: its row, or None when it is gone, and the upstream's answer, or None for "not found"."""

    row: AssetRow | None
    item: dict[str, Any] | None


class Looker:
    """Brings the mirror of one object to the upstream's state."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        upstream: AssetsUpstream,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._clock = clock

    async def look_at_group(self, group: AssetGroupRow, channel: Channel) -> SeenGroup:
        """Asks about a group now and applies the answer.

        Raises:
            UpstreamError: no usable answer; the mirror is as it was.
        """
        asked_at = self._clock()
        item = await self._ask(channel, "GetAssetGroup", group)
        now = self._clock()
        async with self._sessions.begin() as session:
            groups = AssetRepository(session, group.tenant_id)
            row = await groups.find_group(group.id, is_locked=True)
            if row is None:
                return SeenGroup(None, is_known=False)
            if item is not None:
                apply_upstream_group(row, item, asked_at=asked_at, now=now)
                return SeenGroup(row, is_known=True)
            apply_absence(row, asked_at=asked_at, now=now)
            if row.deleted_at is None:
                return SeenGroup(row, is_known=False)
            await groups.delete_group(row, at=now)
        return SeenGroup(None, is_known=False)

    async def look_at_asset(self, asset: AssetRow, channel: Channel) -> SeenAsset:
        """Asks about an asset now and applies the answer.

        Raises:
            UpstreamError: no usable answer; the mirror is as it was.
        """
        asked_at = self._clock()
        item = await self._ask(channel, "GetAsset", asset)
        async with self._sessions.begin() as session:
            row = await AssetRepository(session, asset.tenant_id).find_asset(asset.id, is_locked=True)
            if row is None:
                return SeenAsset(None, item)
            if item is None:
                apply_absence(row, asked_at=asked_at, now=self._clock())
            else:
                apply_upstream_asset(row, item, asked_at=asked_at, now=self._clock())
        return SeenAsset(row if row.deleted_at is None else None, item)

    async def note_absence(self, row: AssetGroupRow | AssetRow, *, asked_at: datetime) -> None:
        """Writes that the upstream said "not found" to another question than a look, such as an update."""
        async with self._sessions.begin() as session:
            current = await self._locked(session, row)
            if current is not None:
                apply_absence(current, asked_at=asked_at, now=self._clock())
                if isinstance(current, AssetGroupRow) and current.deleted_at is not None:
                    await AssetRepository(session, row.tenant_id).delete_group(current, at=current.deleted_at)

    async def note_doubt(self, row: AssetGroupRow | AssetRow) -> None:
        """Has the follower look soon: a change was sent, and nobody knows whether it was made."""
        async with self._sessions.begin() as session:
            current = await self._locked(session, row)
            if current is not None:
                current.next_look_at = self._clock()

    async def _locked(self, session: AsyncSession, row: AssetGroupRow | AssetRow) -> AssetGroupRow | AssetRow | None:
        mine = AssetRepository(session, row.tenant_id)
        if isinstance(row, AssetGroupRow):
            return await mine.find_group(row.id, is_locked=True)
        return await mine.find_asset(row.id, is_locked=True)

    async def _ask(self, channel: Channel, action: str, row: AssetGroupRow | AssetRow) -> dict[str, Any] | None:
        try:
            return await self._upstream.call(channel, action, {"Id": row.id, "ProjectName": row.project_name})
        except UpstreamRejectedError as error:
            if error.is_not_found:
                return None
            raise
