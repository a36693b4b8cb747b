"""Requests of the twelve Assets actions: their members, which are required, and their bounds.

Source: the parameter tables of the spec's "Assets" section; members that only the upstream documents
(``Moderation``, ``Id`` with ``ProjectName``) follow its own documents 82379/2318271 and neighbours.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AliasGenerator, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_pascal
from pydantic_core import PydanticCustomError

from app.assets.models import GroupType
from app.core.confusables import skeleton
from app.core.strict_json import member_path, to_json_bytes
from app.errors import EMPTY, InvalidParameterError
from app.http.dry_run import find_dry_run, is_dry_run_name
from app.http.schemas import RequestModel, parse_model
from app.urls import MAX_WEB_URL_LENGTH, fault_of_web_url

DEFAULT_PROJECT = "default"

_MAX_PAGE_NUMBER = 1_000_000
_MAX_FORWARDED_BYTES = 16 * 1024
# Far more than any action has; checking an unknown name is costly.
_MAX_MEMBERS = 100
_UPSTREAM_ACRONYMS = {"Url": "URL", "CallbackUrl": "CallbackURL"}
_FORMS_OF_A_TASK = ("data:", "asset:")
_OTHER_PAGING = frozenset({"NextToken", "MaxResults"})


@cache
def to_wire_name(name: str) -> str:
    """Returns the upstream's spelling of a member: ``project_name`` gives ``ProjectName``, ``url`` gives ``URL``."""
    pascal = to_pascal(name)
    return _UPSTREAM_ACRONYMS.get(pascal, pascal)


def _to_integer(value: object) -> object:
    """Accepts ``10.0`` for 10: some languages have one type of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _empty_to_none(value: object) -> object:
    return None if value == "" else value


def _refuse_empty(value: object) -> object:
    """Refuses an empty text where it would otherwise count as absent."""
    if value == "":
        raise ValueError(EMPTY)
    return value


def _require(value: object) -> object:
    if value == "":
        raise PydanticCustomError("missing", "it is empty")
    return value


def _check_http_url(url: str) -> str:
    """Checks a URL by the rule of tasks, but takes only web URLs."""
    fault = fault_of_web_url(url)
    if fault is not None:
        is_other_form = url.startswith(_FORMS_OF_A_TASK)
        raise ValueError(f"{fault}; Base64 and asset:// are not supported here" if is_other_form else fault)
    return url


def _refuse_commas(text: str) -> str:
    if "," in text:
        raise ValueError("it should be one id; more of them are elements of their own")
    return text


def _refuse_liveness(value: object) -> object:
    if value == GroupType.LIVENESS_FACE:
        raise ValueError(
            "a LivenessFace group cannot be created directly; it arises from face verification "
            "(CreateVisualValidateSession, then GetVisualValidateResult)"
        )
    return value


ObjectId = Annotated[str, Field(min_length=1, max_length=128)]
ListedId = Annotated[ObjectId, AfterValidator(_refuse_commas)]
Name = Annotated[str, Field(max_length=64)]
RequiredName = Annotated[str, Field(min_length=1, max_length=64)]
GroupName = Annotated[str, Field(min_length=1, max_length=64), BeforeValidator(_refuse_empty)]
Description = Annotated[str, Field(max_length=300)]
HttpUrl = Annotated[
    str,
    # The length is only documented here: the validator reports it in words that tasks use, too.
    Field(min_length=1, json_schema_extra={"format": "uri", "maxLength": MAX_WEB_URL_LENGTH}),
    AfterValidator(_check_http_url),
]
ProjectName = Annotated[Annotated[str, Field(max_length=128)] | None, BeforeValidator(_empty_to_none)]
PageNumber = Annotated[int, BeforeValidator(_to_integer), Field(ge=1, le=_MAX_PAGE_NUMBER)]
PageSize = Annotated[int, BeforeValidator(_to_integer), Field(ge=1, le=100)]
CreatableGroupType = Annotated[Literal["AIGC"], BeforeValidator(_refuse_liveness), BeforeValidator(_require)]
AnyGroupType = Annotated[Literal["AIGC", "LivenessFace"], BeforeValidator(_require)]
AssetTypeText = Literal["Image", "Video", "Audio"]
AssetType = Annotated[AssetTypeText, BeforeValidator(_require)]
SortGroupsBy = Annotated[Literal["CreateTime", "UpdateTime"], BeforeValidator(_refuse_empty)]
SortAssetsBy = Annotated[Literal["CreateTime", "UpdateTime", "GroupId"], BeforeValidator(_refuse_empty)]
SortOrder = Annotated[Literal["Desc", "Asc"], BeforeValidator(_refuse_empty)]
Strategy = Annotated[Literal["Default", "Skip"], BeforeValidator(_refuse_empty)]


class ActionRequest(RequestModel):
    """The body of one action. Member names are the upstream's; unknown members are refused."""

    model_config = ConfigDict(alias_generator=AliasGenerator(alias=to_wire_name))

    def to_upstream(self) -> dict[str, Any]:
        """Returns the members that the client sent, under their wire names."""
        return self.model_dump(by_alias=True, exclude_none=True)


class ForwardingRequest(ActionRequest):
    """The body of a create: members that only the upstream knows are forwarded to it, up to 16 KiB."""

    model_config = ConfigDict(extra="allow")


class CreateAssetGroupRequest(ForwardingRequest):
    """Body of CreateAssetGroup."""

    name: RequiredName
    description: Description | None = None
    group_type: CreatableGroupType
    project_name: ProjectName = None


class GroupFilter(ActionRequest):
    """Selects groups; ``Name`` matches substrings in any case."""

    group_type: AnyGroupType
    group_ids: list[ListedId] | None = None
    name: Name | None = None


class ListAssetGroupsRequest(ActionRequest):
    """Body of ListAssetGroups."""

    filter: GroupFilter
    page_number: PageNumber = 1
    page_size: PageSize = 20
    sort_by: SortGroupsBy = "CreateTime"
    sort_order: SortOrder = "Desc"
    project_name: ProjectName = None


class IdRequest(ActionRequest):
    """Body of an action on one group or asset: GetAsset, DeleteAsset, GetAssetGroup, DeleteAssetGroup."""

    id: ObjectId
    project_name: ProjectName = None


class UpdateAssetGroupRequest(ActionRequest):
    """Body of UpdateAssetGroup: only ``Name`` and ``Description`` can be changed."""

    id: ObjectId
    name: GroupName | None = None
    description: Description | None = None
    project_name: ProjectName = None


class Moderation(ActionRequest):
    """How the upstream moderates an asset."""

    strategy: Strategy | None = None


class CreateAssetRequest(ForwardingRequest):
    """Body of CreateAsset."""

    group_id: ObjectId
    url: HttpUrl
    name: Name | None = None
    asset_type: AssetType
    moderation: Moderation | None = None
    project_name: ProjectName = None


class AssetFilter(GroupFilter):
    """Selects assets."""

    statuses: list[Literal["Active", "Processing", "Failed"]] | None = None


class ListAssetsRequest(ActionRequest):
    """Body of ListAssets; unlike in ListAssetGroups, the page is required."""

    filter: AssetFilter
    page_number: PageNumber
    page_size: PageSize
    sort_by: SortAssetsBy = "CreateTime"
    sort_order: SortOrder = "Desc"
    project_name: ProjectName = None


class UpdateAssetRequest(ActionRequest):
    """Body of UpdateAsset: only ``Name`` can be changed."""

    id: ObjectId
    name: Name | None = None
    project_name: ProjectName = None


class CreateVisualValidateSessionRequest(ForwardingRequest):
    """Body of CreateVisualValidateSession. ``CallbackURL`` is opened by the person's browser, not by us."""

    callback_url: HttpUrl
    project_name: ProjectName = None


class GetVisualValidateResultRequest(ActionRequest):
    """Body of GetVisualValidateResult."""

    byted_token: Annotated[str, Field(min_length=1, max_length=1024)]
    project_name: ProjectName = None


RequestT = TypeVar("RequestT", bound=ActionRequest)


def parse_request(model: type[RequestT], members: Mapping[str, Any]) -> RequestT:
    """Returns a checked request; null counts as absent, at any depth of objects.

    Raises:
        MissingParameterError: 400, a required member is absent or empty.
        InvalidParameterError: 400, a member is wrong or unknown, or its name is confusable with a known one. The
            upstream reads names case-insensitively, so ``groupid`` beside ``GroupId`` would bypass the checks.
    """
    present = _without_nulls(members)
    _check_names(model, present)
    request = parse_model(model, present)
    _check_forwarded(request)
    return request


def _without_nulls(members: Mapping[str, Any]) -> dict[str, Any]:
    if len(members) > _MAX_MEMBERS:
        raise InvalidParameterError(None, f"An object of the request body has more than {_MAX_MEMBERS} members.")
    return {
        name: _without_nulls(value) if isinstance(value, dict) else value
        for name, value in members.items()
        if value is not None
    }


def _check_forwarded(request: ActionRequest) -> None:
    """Checks the members that are forwarded to the upstream, their total length first.

    The parsed request is kept in memory after the body has been released from the budget, so its size is bounded.
    """
    left = _MAX_FORWARDED_BYTES
    for name, value in (request.model_extra or {}).items():
        left -= len(name) + len(to_json_bytes(value))
        if left < 0:
            text = f"Parameters that are passed on to the upstream may have {_MAX_FORWARDED_BYTES} bytes altogether."
            raise InvalidParameterError(member_path("", name), text)
    # After the length check, because it is costly for each name.
    dry_run = find_dry_run(request.model_extra or {})
    if dry_run is not None:
        raise _no_dry_run(dry_run)


def _no_dry_run(path: str) -> InvalidParameterError:
    text = f"The parameter `{path}` is not supported: the actions have no dry run. Nothing was done."
    return InvalidParameterError(path, text)


def _check_names(model: type[ActionRequest], members: Mapping[str, Any]) -> None:
    known = {field.alias or name for name, field in model.model_fields.items()}
    unknown = [name for name in members if name not in known]
    plain = {skeleton(name): name for name in known} if unknown else {}
    for name in unknown:
        plain_name = skeleton(name)
        meant = plain.get(plain_name)
        if meant is not None:
            raise InvalidParameterError(meant, f"The parameter `{meant}` must be written exactly so.")
        if is_dry_run_name(plain_name):
            raise _no_dry_run(member_path("", name))
        if name in _OTHER_PAGING and "PageNumber" in known:
            text = f"The parameter `{name}` is not supported; lists are paged by `PageNumber` and `PageSize`."
            raise InvalidParameterError(name, text)
