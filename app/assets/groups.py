"""The actions on asset groups."""

from app.assets.context import AssetsContext
from app.assets.create import AssetCreation, Prepared
from app.assets.create_spec import group_spec
from app.assets.lists import AssetLists
from app.assets.models import AssetGroupRow
from app.assets.refresh import AssetRefresh, load
from app.assets.responses import GroupDetail, IdResponse, Reply
from app.assets.schemas import CreateAssetGroupRequest, IdRequest, ListAssetGroupsRequest
from app.creates.attempts import Client
from app.tenants.principal import Principal


class GroupActions:
    """Asset groups of any tenant; every method takes the principal on whose behalf it acts."""

    def __init__(self, context: AssetsContext, creation: AssetCreation) -> None:
        self._context = context
        self._creation = creation
        self._refresh = AssetRefresh(context)

    async def create(self, principal: Principal, request: CreateAssetGroupRequest, client: Client) -> Reply:
        """Creates a group on the best channel that has its project; a retry gets what the first attempt made.

        Raises:
            SeedgateError: see ``AssetsUpstream.candidates`` and ``AssetCreation.create``.
        """

        async def prepare() -> Prepared:
            candidates = await self._context.upstream.candidates(principal, request.project_name)
            return group_spec(principal.tenant_id, request), candidates

        return Reply(IdResponse(id=await self._creation.create(client, prepare)))

    async def page(self, principal: Principal, request: ListAssetGroupsRequest) -> Reply:
        """Returns one page of the tenant's groups as last known; the upstream is not asked."""
        return Reply(await AssetLists(self._context.reads, principal.tenant_id).groups(request))

    async def get(self, principal: Principal, request: IdRequest) -> Reply:
        """Returns a group, refreshed from the upstream if that answers.

        Raises:
            NotFoundError: 404, it is not this tenant's, or is gone.
        """
        row = await load(self._context, principal, AssetGroupRow, request)
        shown = await self._refresh.show(principal, row)
        return Reply(GroupDetail.model_validate(shown.row), stale_seconds=shown.stale_seconds)
