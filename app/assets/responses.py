"""Results of the Assets actions, read from the rows.

Source: the response samples of the spec's "Assets" section; ``Error``, ``Moderation``, ``LastInferenceTime`` and
``Title`` are what the upstream adds to the samples (documents 82379/2318274 and neighbours).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Protocol, Self, get_args

from pydantic import AfterValidator, AliasGenerator, AliasPath, BaseModel, ConfigDict, Field, PlainSerializer

from app.assets.models import AssetRow
from app.assets.schemas import to_wire_name
from app.upstream.error_codes import failure_for_tenant


def _to_wire_time(at: datetime) -> str:
    """Returns RFC 3339 in UTC with milliseconds, ``2026-05-20T02:37:10.544Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def _for_tenant(error: dict[str, Any] | None) -> dict[str, Any] | None:
    """Returns why an asset failed, in the upstream's words unless they name the operator's account."""
    if error is None:
        return None
    code, message = failure_for_tenant(error.get("Code", ""), error.get("Message", ""))
    return {"Code": code, "Message": message}


WireTime = Annotated[datetime, PlainSerializer(_to_wire_time, return_type=str)]


class ActionResponse(BaseModel):
    """The result of one action. Member names are the upstream's."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(serialization_alias=to_wire_name), frozen=True, from_attributes=True
    )

    def to_wire(self) -> dict[str, Any]:
        """Returns the JSON object; members that are None are left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Result(Protocol):
    """What an action answers, but for its envelope."""

    def to_wire(self) -> Mapping[str, Any]:
        """Returns the JSON object."""


@dataclass(frozen=True)
class Reply:
    """What an action answers.

    Attributes:
        body: the result.
        stale_seconds: age of the result when the upstream could not be asked, else None.
    """

    body: Result
    stale_seconds: int | None = None


class NothingResponse(ActionResponse):
    """``{}``: a deletion."""


class IdResponse(ActionResponse):
    """The id of what was created or updated."""

    id: str


class GroupItem(ActionResponse):
    """A group as ListAssetGroups shows it."""

    id: str
    name: str
    description: str
    group_type: str
    project_name: str
    create_time: WireTime = Field(validation_alias="created_at")
    update_time: WireTime = Field(validation_alias="updated_at")


class GroupDetail(GroupItem):
    """A group as GetAssetGroup shows it."""

    title: str | None = Field(default=None, validation_alias=AliasPath("extra", "Title"))


class GroupPage(ActionResponse):
    """One page of groups."""

    total_count: int
    items: list[GroupItem]
    page_number: int
    page_size: int


class AssetItem(ActionResponse):
    """An asset as ListAssets shows it; ``URL`` is the submitted one."""

    id: str
    name: str
    url: str
    group_id: str
    asset_type: str
    status: str
    project_name: str
    create_time: WireTime = Field(validation_alias="created_at")
    update_time: WireTime = Field(validation_alias="updated_at")


class AssetDetail(AssetItem):
    """An asset as GetAsset shows it; ``URL`` is the upstream's signed one, valid for hours, or the submitted one."""

    error: Annotated[dict[str, Any] | None, AfterValidator(_for_tenant)] = None
    moderation: dict[str, Any] | None = Field(default=None, validation_alias=AliasPath("extra", "Moderation"))
    last_inference_time: str | None = Field(default=None, validation_alias=AliasPath("extra", "LastInferenceTime"))

    @classmethod
    def of(cls, row: AssetRow, *, signed_url: object = None) -> Self:
        """Returns an asset; ``signed_url`` is shown instead of the submitted one if it is a text."""
        shown = cls.model_validate(row)
        return shown.model_copy(update={"url": signed_url}) if isinstance(signed_url, str) and signed_url else shown


class AssetPage(ActionResponse):
    """One page of assets."""

    items: list[AssetItem]
    total_count: int
    page_number: int
    page_size: int


class SessionResponse(ActionResponse):
    """A face verification session. The token and the link are secrets of the tenant's."""

    byted_token: str
    callback_url: str
    h5_link: str


class FaceResultResponse(ActionResponse):
    """The group that a finished face verification yielded."""

    group_id: str


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page whose items are made of rows; a model of each would cost 2 µs more.

    Attributes:
        members: the JSON object.
    """

    members: Mapping[str, Any]

    def to_wire(self) -> Mapping[str, Any]:
        """Returns the JSON object."""
        return self.members


@cache
def columns_of(page: type[GroupPage | AssetPage]) -> Sequence[str]:
    """Returns the columns that the items of a page show, in this order."""
    fields = _item_of(page).model_fields
    return tuple(str(field.validation_alias or name) for name, field in fields.items())


def to_page(page: type[GroupPage | AssetPage], rows: Sequence[Any], *, page_number: int, page_size: int) -> ListedPage:
    """Returns a page of the rows of ``select_counted_page``.

    Args:
        page: the class of the page.
        rows: each with the number of items on all pages and ``columns_of`` the page.
        page_number: of the request.
        page_size: of the request.
    """
    names, times = _names_of(page)
    # A page without items is one row without them.
    shown = rows if rows[0][1] is not None else ()
    items = [dict(zip(names, tuple(row)[1:], strict=True)) for row in shown]
    for item in items:
        for name in times:
            item[name] = _to_wire_time(item[name])
    members = {"items": items, "total_count": rows[0][0], "page_number": page_number, "page_size": page_size}
    return ListedPage({to_wire_name(name): members[name] for name in page.model_fields})


@cache
def _names_of(page: type[GroupPage | AssetPage]) -> tuple[Sequence[str], Sequence[str]]:
    """Returns the names of an item's members, and those that are times."""
    fields = _item_of(page).model_fields
    names = {name: to_wire_name(name) for name in fields}
    return tuple(names.values()), tuple(names[name] for name, field in fields.items() if field.annotation is datetime)


def _item_of(page: type[GroupPage | AssetPage]) -> type[ActionResponse]:
    (item,) = get_args(page.model_fields["items"].annotation)
    found: type[ActionResponse] = item
    return found
