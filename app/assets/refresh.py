"""Asks the upstream about one group or asset and applies its answer; for requests and the poller alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.context import AssetsContext
from app.assets.errors import unknown_object
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.repository import AssetRepository, ObjectT
from app.assets.schemas import IdRequest, UpdateAssetGroupRequest, UpdateAssetRequest
from app.assets.state import apply_not_found, apply_upstream_asset, apply_upstream_group
from app.channels.channel import Channel
from app.errors import NoChannelError
from app.tenants.principal import Principal
from app.upstream.errors import UpstreamError, UpstreamRejectedError

_log = structlog.get_logger()


@dataclass(frozen=True)
class Refreshed(Generic[ObjectT]):
    """A group or asset after a refresh.

    Attributes:
        row: None when the object is gone.
        item: the upstream's answer; None for "not found".
    """

    row: ObjectT | None
    item: dict[str, Any] | None


@dataclass(frozen=True)
class Shown(Generic[ObjectT]):
    """A group or asset as a client is shown it.

    Attributes:
        row: up to date, or as last known.
        item: the upstream's answer, or None when there was none.
        stale_seconds: the age of ``row``; None when it is up to date.
    """

    row: ObjectT
    item: dict[str, Any] | None = None
    stale_seconds: int | None = None


class AssetRefresh:
    """Brings the row of one object up to date with the upstream."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context

    async def show(self, principal: Principal, row: ObjectT) -> Shown[ObjectT]:
        """Returns an object, refreshed if the upstream answers and knows it, otherwise as last known.

        Raises:
            NotFoundError: 404, it is gone.
            AccessDeniedError: 403, the key may not use its channel.
        """
        try:
            channel = await self._context.upstream.channel_of(principal, row.channel_id)
            refreshed = await self.refresh(row, channel)
        except (UpstreamError, NoChannelError) as error:
            _log.warning("asset_refresh_failed", object=row.id, channel=row.channel_id, error=repr(error))
            return self._as_last_known(row)
        if refreshed.row is None:
            raise unknown_object(type(row), row.id)
        if refreshed.item is None:
            return self._as_last_known(refreshed.row)
        return Shown(refreshed.row, refreshed.item)

    async def refresh(self, row: ObjectT, channel: Channel) -> Refreshed[ObjectT]:
        """Asks about an object now and applies the answer.

        Raises:
            UpstreamError: there is no usable answer; the row is unchanged.
        """
        asked_at = self._context.clock()
        item = await self._ask(row, channel)
        async with self._context.sessions.begin() as session:
            current = await _lock(session, row)
            if current is None:
                return Refreshed(None, item)
            if item is None:
                await self._apply_not_found(session, current, asked_at)
            elif isinstance(current, AssetGroupRow):
                apply_upstream_group(current, item, asked_at=asked_at, now=self._context.clock())
            else:
                apply_upstream_asset(current, item, asked_at=asked_at, now=self._context.clock())
        return Refreshed(current if current.deleted_at is None else None, item)

    async def apply_not_found(self, row: AssetGroupRow | AssetRow, *, asked_at: datetime) -> None:
        """Applies a "not found" that answered another question than a refresh, such as an update."""
        async with self._context.sessions.begin() as session:
            current = await _lock(session, row)
            if current is not None:
                await self._apply_not_found(session, current, asked_at)

    async def schedule(self, row: AssetGroupRow | AssetRow) -> None:
        """Makes the poller ask soon, because a change was sent and not clearly answered."""
        async with self._context.sessions.begin() as session:
            current = await _lock(session, row)
            if current is not None:
                current.next_poll_at = self._context.clock()

    def _as_last_known(self, row: ObjectT) -> Shown[ObjectT]:
        age = self._context.clock() - (row.polled_at or row.created_at)
        return Shown(row, stale_seconds=max(0, int(age.total_seconds())))

    async def _apply_not_found(
        self, session: AsyncSession, current: AssetGroupRow | AssetRow, asked_at: datetime
    ) -> None:
        apply_not_found(current, asked_at=asked_at, now=self._context.clock())
        if current.deleted_at is not None:
            await AssetRepository(session, current.tenant_id).delete(current, at=current.deleted_at)

    async def _ask(self, row: AssetGroupRow | AssetRow, channel: Channel) -> dict[str, Any] | None:
        action = "GetAssetGroup" if isinstance(row, AssetGroupRow) else "GetAsset"
        try:
            return await self._context.upstream.call(channel, action, {"Id": row.id, "ProjectName": row.project_name})
        except UpstreamRejectedError as error:
            if error.is_not_found:
                return None
            raise


async def load(
    context: AssetsContext,
    principal: Principal,
    table: type[ObjectT],
    request: IdRequest | UpdateAssetGroupRequest | UpdateAssetRequest,
) -> ObjectT:
    """Returns the object that a request names.

    Raises:
        NotFoundError: 404, it is not the tenant's, or is in another project.
    """
    async with context.sessions.begin() as session:
        row = await AssetRepository(session, principal.tenant_id).find(table, request.id)
    if row is None or request.project_name not in {None, row.project_name}:
        raise unknown_object(table, request.id)
    return row


async def _lock(session: AsyncSession, row: ObjectT) -> ObjectT | None:
    return await AssetRepository(session, row.tenant_id).find(type(row), row.id, is_locked=True)
