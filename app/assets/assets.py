"""The actions on assets, and the assets that a task refers to."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.context import AssetsContext
from app.assets.create import AssetCreation, Prepared
from app.assets.create_spec import asset_spec
from app.assets.errors import unknown_group
from app.assets.lists import AssetLists
from app.assets.models import AssetGroupRow, AssetRow, AssetStatus
from app.assets.refresh import AssetRefresh, load
from app.assets.repository import AssetRepository
from app.assets.responses import AssetDetail, IdResponse, Reply
from app.assets.schemas import CreateAssetRequest, IdRequest, ListAssetsRequest
from app.creates.attempts import Client
from app.errors import InvalidParameterError
from app.tenants.principal import Principal


@dataclass(frozen=True)
class ResolvedAsset:
    """An asset of the tenant that asked for it.

    Attributes:
        id: the upstream's id.
        channel_id: the only channel on which a task can use it.
        status: as last known.
    """

    id: str
    channel_id: str
    status: AssetStatus


async def resolve_assets(session: AsyncSession, tenant_id: str, asset_ids: Iterable[str]) -> dict[str, ResolvedAsset]:
    """Returns those of the assets that the tenant owns and has not deleted, by id."""
    ids = set(asset_ids)
    if not ids:
        return {}
    rows = await AssetRepository(session, tenant_id).find_assets(ids)
    return {row.id: ResolvedAsset(row.id, row.channel_id, AssetStatus(row.status)) for row in rows}


class AssetActions:
    """Assets of any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(self, context: AssetsContext, creation: AssetCreation) -> None:
        self._context = context
        self._creation = creation
        self._refresh = AssetRefresh(context)

    async def create(self, principal: Principal, request: CreateAssetRequest, client: Client) -> Reply:
        """Creates an asset in one of the tenant's groups, on the group's channel and in its project.

        A retry gets what the first attempt made.

        Raises:
            NotFoundError: 404, the group is not this tenant's.
            InvalidParameterError: 400, the project is not the group's.
            SeedgateError: see ``AssetCreation.create``.
        """

        async def prepare() -> Prepared:
            group = await self._load_group(principal, request.group_id)
            if request.project_name not in {None, group.project_name}:
                text = (
                    f"The parameter `ProjectName` is not valid: it must be the group's project, {group.project_name}."
                )
                raise InvalidParameterError("ProjectName", text)
            channel = await self._context.upstream.channel_of(principal, group.channel_id)
            return asset_spec(group, request), [channel]

        return Reply(IdResponse(id=await self._creation.create(client, prepare)))

    async def page(self, principal: Principal, request: ListAssetsRequest) -> Reply:
        """Returns one page of the tenant's assets as last known; the upstream is not asked."""
        return Reply(await AssetLists(self._context.reads, principal.tenant_id).assets(request))

    async def get(self, principal: Principal, request: IdRequest) -> Reply:
        """Returns an asset, refreshed from the upstream if that answers.

        ``URL`` is then the upstream's freshly signed one, otherwise the one that was submitted.

        Raises:
            NotFoundError: 404, it is not this tenant's, or is gone.
        """
        row = await load(self._context, principal, AssetRow, request)
        shown = await self._refresh.show(principal, row)
        signed_url = None if shown.item is None else shown.item.get("URL")
        return Reply(AssetDetail.of(shown.row, signed_url=signed_url), stale_seconds=shown.stale_seconds)

    async def _load_group(self, principal: Principal, group_id: str) -> AssetGroupRow:
        async with self._context.sessions.begin() as session:
            group = await AssetRepository(session, principal.tenant_id).find(AssetGroupRow, group_id)
        if group is None:
            raise unknown_group(group_id, param="GroupId")
        return group
