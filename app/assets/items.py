"""Use cases of assets."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.answers import AssetPage, IdAnswer, NothingAnswer, Reply, to_asset_detail, to_asset_item
from app.assets.calling import AssetsUpstream
from app.assets.changing import Changer
from app.assets.client import Client
from app.assets.creating import Create, Creator
from app.assets.looking import Looker
from app.assets.mirror import MISSING_FOR
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.refusals import unknown_asset, unknown_group
from app.assets.repository import AssetRepository
from app.assets.schemas import AssetIdRequest, CreateAssetRequest, ListAssetsRequest, UpdateAssetRequest
from app.assets.wanted import Kind, asset_members
from app.channels.channel import Channel
from app.errors import InvalidParameterError, NoChannelError
from app.tenants.principal import Principal
from app.upstream.errors import UpstreamError

_log = structlog.get_logger()


class AssetItemService:
    """Assets of any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        upstream: AssetsUpstream,
        creator: Creator,
        looker: Looker,
        changer: Changer,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._upstream = upstream
        self._creator = creator
        self._looker = looker
        self._changer = changer
        self._clock = clock

    async def create(self, principal: Principal, wanted: CreateAssetRequest, client: Client) -> Reply:
        """Creates an asset in one of the tenant's groups, on the group's channel and in its project.

        A retry gets what its first try made.

        Raises:
            NotFoundError: 404, the group is not this tenant's.
            InvalidParameterError: 400, the project is not the group's.
            SeedgateError: see ``Creator.create``.
        """

        async def prepare() -> tuple[Create, Sequence[Channel]]:
            group = await self._load_group(principal, wanted.group_id)
            if wanted.project_name not in {None, group.project_name}:
                text = (
                    f"The parameter `ProjectName` is not valid: it must be the group's project, {group.project_name}."
                )
                raise InvalidParameterError("ProjectName", text)
            channel = await self._upstream.channel_of(principal, group.channel_id)
            return _to_create(group, wanted), [channel]

        return Reply(IdAnswer(id=await self._creator.create(client, prepare)))

    async def page(self, principal: Principal, wanted: ListAssetsRequest) -> Reply:
        """Returns one page of the tenant's assets from the mirror; the upstream is not asked."""
        async with self._sessions.begin() as session:
            rows, total = await AssetRepository(session, principal.tenant_id).assets_page(wanted)
        page = AssetPage(
            items=[to_asset_item(row) for row in rows],
            total_count=total,
            page_number=wanted.page_number,
            page_size=wanted.page_size,
        )
        return Reply(page)

    async def get(self, principal: Principal, wanted: AssetIdRequest) -> Reply:
        """Returns an asset, brought up to date with the upstream when that answers.

        ``URL`` is then the upstream's freshly signed one, otherwise the one that was submitted.

        Raises:
            NotFoundError: 404, it is not this tenant's, or is gone.
        """
        row = await self._load(principal, wanted)
        try:
            channel = await self._upstream.channel_of(principal, row.channel_id)
            seen = await self._looker.look_at_asset(row, channel)
        except (UpstreamError, NoChannelError) as error:
            _log.warning("asset_look_failed", asset=row.id, channel=row.channel_id, error=repr(error))
            return self._from_mirror(row)
        if seen.row is None:
            raise unknown_asset(wanted.id)
        if seen.item is None:
            return self._from_mirror(seen.row)
        url = seen.item.get("URL")
        return Reply(to_asset_detail(seen.row, signed_url=url if isinstance(url, str) else None))

    async def update(self, principal: Principal, wanted: UpdateAssetRequest) -> Reply:
        """Changes an asset's name, upstream first.

        Raises:
            SeedgateError: see ``Changer.update``; 404 also when it is not this tenant's.
        """
        row = await self._load(principal, wanted)
        await self._changer.update(principal, row, "UpdateAsset", wanted.to_upstream())
        async with self._sessions.begin() as session:
            current = await AssetRepository(session, principal.tenant_id).find_asset(row.id, is_locked=True)
            if current is not None:
                current.name = current.name if wanted.name is None else wanted.name
                current.updated_at = current.looked_at = self._clock()
                current.missing_since = None
        return Reply(IdAnswer(id=row.id))

    async def delete(self, principal: Principal, wanted: AssetIdRequest) -> Reply:
        """Deletes an asset; one that the upstream does not know is deleted too.

        Raises:
            SeedgateError: see ``Changer.delete``; 404 when it is not this tenant's.
        """
        row = await self._load(principal, wanted)
        is_confirmed = await self._changer.delete(principal, row, "DeleteAsset")
        now = self._clock()
        async with self._sessions.begin() as session:
            current = await AssetRepository(session, principal.tenant_id).find_asset(row.id, is_locked=True)
            if current is not None:
                current.deleted_at = now
                # An asset so new that the upstream may not have seen it yet is deleted once more later.
                current.next_look_at = None if is_confirmed else now + MISSING_FOR
        return Reply(NothingAnswer())

    async def _load(self, principal: Principal, wanted: AssetIdRequest | UpdateAssetRequest) -> AssetRow:
        async with self._sessions.begin() as session:
            row = await AssetRepository(session, principal.tenant_id).find_asset(wanted.id)
        if row is None or wanted.project_name not in {None, row.project_name}:
            raise unknown_asset(wanted.id)
        return row

    async def _load_group(self, principal: Principal, group_id: str) -> AssetGroupRow:
        async with self._sessions.begin() as session:
            group = await AssetRepository(session, principal.tenant_id).find_group(group_id)
        if group is None:
            raise unknown_group(group_id, param="GroupId")
        return group

    def _from_mirror(self, row: AssetRow) -> Reply:
        age = self._clock() - (row.looked_at or row.created_at)
        return Reply(to_asset_detail(row, signed_url=None), stale_seconds=max(0, int(age.total_seconds())))


def _to_create(group: AssetGroupRow, wanted: CreateAssetRequest) -> Create:
    return Create(
        tenant_id=group.tenant_id,
        kind=Kind.ASSET,
        body=wanted.to_upstream(),
        members=asset_members(wanted, group),
        project_name=group.project_name,
    )
