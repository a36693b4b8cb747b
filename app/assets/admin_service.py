"""Use cases of the operator for groups, assets and face verifications of all tenants: list, and look at an asset."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from app.assets.admin_repository import AdminAssetRepository, AssetSearch, GroupSearch
from app.assets.context import AssetsContext
from app.assets.models import AssetGroupRow, AssetRow, ValidationSessionRow
from app.assets.refresh import AssetRefresh, Refreshed
from app.audit.log import Actor, Target, record
from app.errors import NotFoundError, SeedgateError
from app.http.paging import PageRequest, Period
from app.upstream.errors import UpstreamError

_log = structlog.get_logger()


@dataclass(frozen=True)
class AssetLook:
    """An asset whose content is going to be shown.

    Attributes:
        row: the asset, as the upstream has just described it, or as last known.
        signed_url: the upstream's link to it; None when the upstream did not answer with one.
    """

    row: AssetRow
    signed_url: str | None


class AssetAdminService:
    """Shows the groups, assets and face verifications of all tenants."""

    def __init__(self, context: AssetsContext) -> None:
        self._context = context
        self._refresh = AssetRefresh(context)

    async def groups(self, page: PageRequest, wanted: GroupSearch) -> Sequence[AssetGroupRow]:
        """Returns groups newest first, one more than asked when there are more; the upstream is not asked.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._context.sessions() as session:
            return await AdminAssetRepository(session).groups(page, wanted)

    async def assets(self, page: PageRequest, wanted: AssetSearch) -> Sequence[AssetRow]:
        """Returns assets newest first, one more than asked when there are more; the upstream is not asked.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._context.sessions() as session:
            return await AdminAssetRepository(session).assets(page, wanted)

    async def asset(self, asset_id: str) -> AssetRow:
        """Returns an asset as last known; the upstream is not asked.

        Raises:
            NotFoundError: 404.
        """
        async with self._context.sessions() as session:
            row = await AdminAssetRepository(session).find_asset(asset_id)
        if row is None:
            raise _not_found()
        return row

    async def verifications(
        self, page: PageRequest, *, tenant_id: str | None, period: Period
    ) -> Sequence[ValidationSessionRow]:
        """Returns face verifications newest first, one more than asked when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._context.sessions() as session:
            return await AdminAssetRepository(session).verifications(page, tenant_id=tenant_id, period=period)

    async def look(self, actor: Actor, asset_id: str) -> AssetLook:
        """Returns an asset with a fresh link if the upstream gives one; the audit log records the look before that.

        Raises:
            NotFoundError: 404, there is none, or it is gone upstream.
        """
        async with self._context.sessions.begin() as session:
            row = await AdminAssetRepository(session).find_asset(asset_id)
            if row is None:
                raise _not_found()
            record(session, actor, "asset.look", Target("asset", row.id, row.tenant_id), at=self._context.clock())
        refreshed = await self._ask(row)
        if refreshed is None:
            return AssetLook(row, None)
        if refreshed.row is None:
            raise _not_found()
        url = (refreshed.item or {}).get("URL")
        return AssetLook(refreshed.row, url if isinstance(url, str) and url else None)

    async def _ask(self, row: AssetRow) -> Refreshed[AssetRow] | None:
        """Asks the upstream about an asset; None when it cannot be asked."""
        try:
            channel = await self._context.upstream.find_usable(row.channel_id)
            return await self._refresh.refresh(row, channel)
        except (UpstreamError, SeedgateError) as error:
            _log.warning("asset_look_without_upstream", object=row.id, channel=row.channel_id, error=repr(error))
            return None


def _not_found() -> NotFoundError:
    return NotFoundError("The specified asset is not found.", field="asset_id", param="asset_id")
