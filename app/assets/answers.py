"""Answers of the Assets actions, built from the mirror's rows.

Source: the response samples of the spec's "Assets" section; ``Error``, ``Moderation``, ``LastInferenceTime`` and
``Title`` are what the upstream adds to the samples (documents 82379/2318274 and neighbours).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import AliasGenerator, BaseModel, ConfigDict

from app.assets.models import AssetGroupRow, AssetRow
from app.assets.schemas import to_wire_name
from app.upstream.error_codes import failure_for_tenant


class WireAnswer(BaseModel):
    """The result of one action. Member names are the upstream's."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_wire_name), frozen=True, populate_by_name=True, serialize_by_alias=True
    )

    def to_wire(self) -> dict[str, Any]:
        """Returns the JSON object; members that are None are left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


@dataclass(frozen=True)
class Reply:
    """What an action answers.

    Attributes:
        body: the result.
        stale_seconds: age of the result when it comes from the mirror because the upstream could not be asked,
            else None.
    """

    body: WireAnswer
    stale_seconds: int | None = None


class NothingAnswer(WireAnswer):
    """``{}``: a deletion."""


class IdAnswer(WireAnswer):
    """The id of what was created or updated."""

    id: str


class GroupItem(WireAnswer):
    """A group as ListAssetGroups shows it."""

    id: str
    name: str
    description: str
    group_type: str
    project_name: str
    create_time: str
    update_time: str


class GroupDetail(GroupItem):
    """A group as GetAssetGroup shows it."""

    title: str | None = None


class GroupPage(WireAnswer):
    """One page of groups."""

    total_count: int
    items: list[GroupItem]
    page_number: int
    page_size: int


class AssetItem(WireAnswer):
    """An asset as ListAssets shows it; ``URL`` is the submitted one."""

    id: str
    name: str
    url: str
    group_id: str
    asset_type: str
    status: str
    project_name: str
    create_time: str
    update_time: str


class AssetDetail(AssetItem):
    """An asset as GetAsset shows it; ``URL`` is the upstream's signed one, good for hours."""

    error: dict[str, Any] | None = None
    moderation: dict[str, Any] | None = None
    last_inference_time: str | None = None


class AssetPage(WireAnswer):
    """One page of assets."""

    items: list[AssetItem]
    total_count: int
    page_number: int
    page_size: int


class SessionAnswer(WireAnswer):
    """A face verification session. The token and the link are secrets of the tenant's."""

    byted_token: str
    callback_url: str
    h5_link: str


class FaceResultAnswer(WireAnswer):
    """The group that a finished face verification yielded."""

    group_id: str


def to_group_item(row: AssetGroupRow) -> GroupItem:
    """Returns a group as lists show it."""
    return GroupItem(**_group_members(row))


def to_group_detail(row: AssetGroupRow) -> GroupDetail:
    """Returns a group with what the upstream adds."""
    return GroupDetail(**_group_members(row), title=row.extra.get("Title"))


def to_asset_item(row: AssetRow) -> AssetItem:
    """Returns an asset as lists show it."""
    return AssetItem(**_asset_members(row))


def to_asset_detail(row: AssetRow, *, signed_url: str | None) -> AssetDetail:
    """Returns an asset with what the upstream adds.

    Args:
        row: the asset.
        signed_url: the upstream's fresh address, or None when it gave none; then the submitted one stands.
    """
    members = _asset_members(row)
    if signed_url:
        members["url"] = signed_url
    return AssetDetail(
        **members,
        error=_error_for_tenant(row.error),
        moderation=row.extra.get("Moderation"),
        last_inference_time=row.extra.get("LastInferenceTime"),
    )


def _error_for_tenant(error: dict[str, Any] | None) -> dict[str, Any] | None:
    """Returns why an asset failed, in the upstream's words unless they name the operator's account."""
    if error is None:
        return None
    code, message = failure_for_tenant(error.get("Code", ""), error.get("Message", ""))
    return {"Code": code, "Message": message}


def to_wire_time(at: datetime) -> str:
    """Returns RFC 3339 in UTC with milliseconds, ``2026-05-20T02:37:10.544Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _group_members(row: AssetGroupRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "group_type": row.group_type,
        "project_name": row.project_name,
        "create_time": to_wire_time(row.created_at),
        "update_time": to_wire_time(row.updated_at),
    }


def _asset_members(row: AssetRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "url": row.url,
        "group_id": row.group_id,
        "asset_type": row.asset_type,
        "status": row.status,
        "project_name": row.project_name,
        "create_time": to_wire_time(row.created_at),
        "update_time": to_wire_time(row.updated_at),
    }
