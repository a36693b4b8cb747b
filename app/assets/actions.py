"""The table of Assets actions that all entries share: name, request, response, use case."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from app.assets import responses, schemas
from app.assets.assets import AssetActions
from app.assets.context import AssetsContext
from app.assets.create import AssetCreation
from app.assets.faces import FaceActions
from app.assets.groups import GroupActions
from app.assets.models import AssetGroupRow, AssetRow
from app.assets.mutations import Mutations
from app.assets.responses import ActionResponse, Reply
from app.assets.schemas import ActionRequest
from app.creates.attempts import Client
from app.errors import UnknownActionError
from app.tenants.permissions import Permission
from app.tenants.principal import Principal

VERSION = "2024-01-01"


class KeyUse(Enum):
    """What an action does with an ``Idempotency-Key``."""

    IGNORED = "the action makes nothing, or may be repeated safely"
    HONOURED = "a second request with the key gets what the first one made"
    REFUSED = "the action makes a secret, which is not kept and so cannot be answered twice"


class AssetService:
    """The use cases of all actions.

    Attributes:
        groups: creating and showing asset groups.
        assets: creating and showing assets.
        mutations: changing and deleting both.
        faces: face verification.
    """

    def __init__(self, context: AssetsContext) -> None:
        self._creation = AssetCreation(context)
        self.groups = GroupActions(context, self._creation)
        self.assets = AssetActions(context, self._creation)
        self.mutations = Mutations(context)
        self.faces = FaceActions(context)

    async def drain(self) -> None:
        """Waits for the creates that are under way; called before the database is closed."""
        await self._creation.drain()


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        name: case-sensitive.
        summary: for the documentation.
        request: the class of its body.
        response: the class of its result.
        example: an example of a body.
        use_case: carries it out.
        errors: statuses that it can answer in addition to those of every action.
        key_use: what it does with an ``Idempotency-Key``.
        permission: the permission that its callers need.
    """

    name: str
    summary: str
    request: type[ActionRequest]
    response: type[ActionResponse]
    example: Mapping[str, Any]
    use_case: Callable[[AssetService, Principal, Any, Client], Awaitable[Reply]]
    errors: tuple[int, ...] = ()
    key_use: KeyUse = KeyUse.IGNORED
    permission: Permission = Permission.ASSETS


def find_action(name: str, version: str) -> Action:
    """Returns an action.

    Raises:
        UnknownActionError: 404, there is none of that name, or not in that version.
    """
    action = ACTIONS.get(name)
    if action is None or version != VERSION:
        raise UnknownActionError(name, version)
    return action


_GROUP_ID = "group-20260520103710-f2hzc"
_ASSET_ID = "asset-20260520105344-gk4kd"

_TABLE = (
    Action(
        "CreateAssetGroup",
        "Create an asset group",
        schemas.CreateAssetGroupRequest,
        responses.IdResponse,
        {"Name": "kittens", "Description": "characters of one story", "GroupType": "AIGC"},
        lambda service, principal, request, client: service.groups.create(principal, request, client),
        errors=(409,),
        key_use=KeyUse.HONOURED,
    ),
    Action(
        "ListAssetGroups",
        "List asset groups",
        schemas.ListAssetGroupsRequest,
        responses.GroupPage,
        {"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 20},
        lambda service, principal, request, _client: service.groups.page(principal, request),
        permission=Permission.READ,
    ),
    Action(
        "GetAssetGroup",
        "Show an asset group",
        schemas.IdRequest,
        responses.GroupDetail,
        {"Id": _GROUP_ID},
        lambda service, principal, request, _client: service.groups.get(principal, request),
        permission=Permission.READ,
    ),
    Action(
        "UpdateAssetGroup",
        "Change an asset group's name or description",
        schemas.UpdateAssetGroupRequest,
        responses.IdResponse,
        {"Id": _GROUP_ID, "Name": "cats"},
        lambda service, principal, request, _client: service.mutations.update(principal, AssetGroupRow, request),
    ),
    Action(
        "DeleteAssetGroup",
        "Delete an asset group and all its assets",
        schemas.IdRequest,
        responses.NothingResponse,
        {"Id": _GROUP_ID},
        lambda service, principal, request, _client: service.mutations.delete(principal, AssetGroupRow, request),
    ),
    Action(
        "CreateAsset",
        "Create an asset from a URL",
        schemas.CreateAssetRequest,
        responses.IdResponse,
        {"GroupId": _GROUP_ID, "Name": "kitten", "AssetType": "Image", "URL": "https://example.com/kitten.png"},
        lambda service, principal, request, client: service.assets.create(principal, request, client),
        errors=(409,),
        key_use=KeyUse.HONOURED,
    ),
    Action(
        "ListAssets",
        "List assets",
        schemas.ListAssetsRequest,
        responses.AssetPage,
        {"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 20},
        lambda service, principal, request, _client: service.assets.page(principal, request),
        permission=Permission.READ,
    ),
    Action(
        "GetAsset",
        "Show an asset, with a freshly signed URL",
        schemas.IdRequest,
        responses.AssetDetail,
        {"Id": _ASSET_ID},
        lambda service, principal, request, _client: service.assets.get(principal, request),
        permission=Permission.READ,
    ),
    Action(
        "UpdateAsset",
        "Change an asset's name",
        schemas.UpdateAssetRequest,
        responses.IdResponse,
        {"Id": _ASSET_ID, "Name": "cat"},
        lambda service, principal, request, _client: service.mutations.update(principal, AssetRow, request),
    ),
    Action(
        "DeleteAsset",
        "Delete an asset",
        schemas.IdRequest,
        responses.NothingResponse,
        {"Id": _ASSET_ID},
        lambda service, principal, request, _client: service.mutations.delete(principal, AssetRow, request),
    ),
    Action(
        "CreateVisualValidateSession",
        "Open a face verification",
        schemas.CreateVisualValidateSessionRequest,
        responses.SessionResponse,
        {"CallbackURL": "https://example.com/verified"},
        lambda service, principal, request, _client: service.faces.create_session(principal, request),
        key_use=KeyUse.REFUSED,
    ),
    Action(
        "GetVisualValidateResult",
        "Fetch the group that a face verification yielded",
        schemas.GetVisualValidateResultRequest,
        responses.FaceResultResponse,
        {"BytedToken": "the BytedToken that CreateVisualValidateSession answered"},
        lambda service, principal, request, _client: service.faces.get_result(principal, request),
    ),
)

ACTIONS: Mapping[str, Action] = {action.name: action for action in _TABLE}
