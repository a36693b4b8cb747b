"""The one table of Assets actions that stands behind every entry: name, request, answer, use case."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from app.assets import answers, schemas
from app.assets.answers import Reply, WireAnswer
from app.assets.client import Client
from app.assets.schemas import ActionRequest, parse_request
from app.assets.service import AssetService
from app.errors import UnknownActionError
from app.tenants.principal import Principal

VERSION = "2024-01-01"


class KeyUse(Enum):
    """What an ``Idempotency-Key`` means to an action."""

    IGNORED = "it makes nothing, or the same again however often it is carried out"
    HONOURED = "a second request with the key gets what the first one made"
    REFUSED = "it makes a secret, which is not kept and so cannot be answered twice"


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        name: as it is called, case matters.
        summary: what it does, for the documentation.
        request: what its body holds.
        answer: what its result holds.
        example: a body of it.
        use_case: carries it out.
        errors: statuses that it can answer beside those that every action can.
        key_use: what it does with an ``Idempotency-Key``.
    """

    name: str
    summary: str
    request: type[ActionRequest]
    answer: type[WireAnswer]
    example: Mapping[str, Any]
    use_case: Callable[[AssetService, Principal, Any, Client], Awaitable[Reply]]
    errors: tuple[int, ...] = ()
    key_use: KeyUse = KeyUse.IGNORED

    def parse(self, members: Mapping[str, Any]) -> ActionRequest:
        """Checks a body.

        Raises:
            MissingParameterError: 400. InvalidParameterError: 400.
        """
        return parse_request(self.request, members)

    async def run(self, service: AssetService, principal: Principal, wanted: ActionRequest, client: Client) -> Reply:
        """Carries the action out, as ``wanted`` from ``parse`` says.

        Raises:
            SeedgateError: whatever the use case raises.
        """
        return await self.use_case(service, principal, wanted, client)


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
        answers.IdAnswer,
        {"Name": "kittens", "Description": "characters of one story", "GroupType": "AIGC"},
        lambda service, principal, wanted, client: service.groups.create(principal, wanted, client),
        errors=(409,),
        key_use=KeyUse.HONOURED,
    ),
    Action(
        "ListAssetGroups",
        "List asset groups",
        schemas.ListAssetGroupsRequest,
        answers.GroupPage,
        {"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 20},
        lambda service, principal, wanted, _client: service.groups.page(principal, wanted),
    ),
    Action(
        "GetAssetGroup",
        "Show an asset group",
        schemas.GroupIdRequest,
        answers.GroupDetail,
        {"Id": _GROUP_ID},
        lambda service, principal, wanted, _client: service.groups.get(principal, wanted),
    ),
    Action(
        "UpdateAssetGroup",
        "Change an asset group's name or description",
        schemas.UpdateAssetGroupRequest,
        answers.IdAnswer,
        {"Id": _GROUP_ID, "Name": "cats"},
        lambda service, principal, wanted, _client: service.groups.update(principal, wanted),
    ),
    Action(
        "DeleteAssetGroup",
        "Delete an asset group and all its assets",
        schemas.GroupIdRequest,
        answers.NothingAnswer,
        {"Id": _GROUP_ID},
        lambda service, principal, wanted, _client: service.groups.delete(principal, wanted),
    ),
    Action(
        "CreateAsset",
        "Create an asset from a URL",
        schemas.CreateAssetRequest,
        answers.IdAnswer,
        {"GroupId": _GROUP_ID, "Name": "kitten", "AssetType": "Image", "URL": "https://example.com/kitten.png"},
        lambda service, principal, wanted, client: service.items.create(principal, wanted, client),
        errors=(409,),
        key_use=KeyUse.HONOURED,
    ),
    Action(
        "ListAssets",
        "List assets",
        schemas.ListAssetsRequest,
        answers.AssetPage,
        {"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 20},
        lambda service, principal, wanted, _client: service.items.page(principal, wanted),
    ),
    Action(
        "GetAsset",
        "Show an asset, with a freshly signed URL",
        schemas.AssetIdRequest,
        answers.AssetDetail,
        {"Id": _ASSET_ID},
        lambda service, principal, wanted, _client: service.items.get(principal, wanted),
    ),
    Action(
        "UpdateAsset",
        "Change an asset's name",
        schemas.UpdateAssetRequest,
        answers.IdAnswer,
        {"Id": _ASSET_ID, "Name": "cat"},
        lambda service, principal, wanted, _client: service.items.update(principal, wanted),
    ),
    Action(
        "DeleteAsset",
        "Delete an asset",
        schemas.AssetIdRequest,
        answers.NothingAnswer,
        {"Id": _ASSET_ID},
        lambda service, principal, wanted, _client: service.items.delete(principal, wanted),
    ),
    Action(
        "CreateVisualValidateSession",
        "Open a face verification",
        schemas.CreateVisualValidateSessionRequest,
        answers.SessionAnswer,
        {"CallbackURL": "https://example.com/verified"},
        lambda service, principal, wanted, _client: service.faces.create_session(principal, wanted),
        key_use=KeyUse.REFUSED,
    ),
    Action(
        "GetVisualValidateResult",
        "Fetch the group that a face verification yielded",
        schemas.GetVisualValidateResultRequest,
        answers.FaceResultAnswer,
        {"BytedToken": "the BytedToken that CreateVisualValidateSession answered"},
        lambda service, principal, wanted, _client: service.faces.get_result(principal, wanted),
    ),
)

ACTIONS: Mapping[str, Action] = {action.name: action for action in _TABLE}
