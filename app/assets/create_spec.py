"""What a create asks for: how its object is recognised upstream, and the row that it becomes. Pure.

What is needed for that is kept as JSON with the intent (``CreateIntentRow.members``), under the upstream's names, so
that another process can complete the create.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.assets.models import AssetGroupRow, AssetRow, AssetStatus, CreateIntentRow
from app.assets.schemas import CreateAssetGroupRequest, CreateAssetRequest
from app.assets.state import MIN_POLL_INTERVAL, parse_time

CREATE_WINDOW = timedelta(minutes=10)
"""How long after it began a create may make its object; far above the read timeout of a call."""

_MAX_CLOCK_SKEW = timedelta(seconds=60)
_PROJECT = "ProjectName"


class Kind(StrEnum):
    """The two creates, by the name of their action."""

    GROUP = "CreateAssetGroup"
    ASSET = "CreateAsset"


# The members in which an object upstream must equal the create; not an asset's URL, since lists show a signed one.
_COMPARED: Mapping[Kind, tuple[str, ...]] = {
    Kind.GROUP: ("Name", "Description", "GroupType", _PROJECT),
    Kind.ASSET: ("Name", "GroupId", "AssetType", _PROJECT),
}
# The upstream might show them otherwise than they were sent.
_TEXTS = ("Name", "Description")
LIST_ACTIONS: Mapping[Kind, str] = {Kind.GROUP: "ListAssetGroups", Kind.ASSET: "ListAssets"}
"""The action that lists what each create makes."""


@dataclass(frozen=True)
class CreateSpec:
    """One create, ready to be sent.

    Attributes:
        tenant_id: the tenant that creates.
        kind: group or asset.
        body: the parameters of the action.
        members: the members of the object and its row, without its project.
        project_name: as the client named it, or None.
    """

    tenant_id: str
    kind: Kind
    body: Mapping[str, Any]
    members: Mapping[str, str]
    project_name: str | None


@dataclass(frozen=True)
class UpstreamObject:
    """A group or asset as the upstream names it."""

    id: str
    created_at: datetime


def group_spec(tenant_id: str, request: CreateAssetGroupRequest) -> CreateSpec:
    """Returns the create of a group."""
    members = {"Name": request.name, "Description": request.description or "", "GroupType": request.group_type}
    return CreateSpec(tenant_id, Kind.GROUP, request.to_upstream(), members, request.project_name)


def asset_spec(group: AssetGroupRow, body: CreateAssetRequest) -> CreateSpec:
    """Returns the create of an asset in its group."""
    members = {
        "Name": body.name or "",
        "GroupId": group.id,
        "GroupType": group.group_type,
        "AssetType": body.asset_type,
        "URL": body.url,
    }
    return CreateSpec(group.tenant_id, Kind.ASSET, body.to_upstream(), members, group.project_name)


def with_project(members: Mapping[str, str], project_name: str) -> dict[str, str]:
    """Returns the members of an object in a project."""
    return {**members, _PROJECT: project_name}


def to_row(intent: CreateIntentRow, made: UpstreamObject, now: datetime) -> AssetGroupRow | AssetRow:
    """Returns the row of what a create made, on the channel that was asked last."""
    members = _members(intent)
    common: dict[str, Any] = {
        "tenant_id": intent.tenant_id,
        "id": made.id,
        "channel_id": intent.channel_id,
        "name": members["Name"],
        "project_name": members[_PROJECT],
        "extra": {},
        "created_at": made.created_at,
        "updated_at": made.created_at,
    }
    if Kind(intent.kind) is Kind.GROUP:
        return AssetGroupRow(**common, description=members["Description"], group_type=members["GroupType"])
    return AssetRow(
        **common,
        group_id=members["GroupId"],
        group_type=members["GroupType"],
        url=members["URL"],
        asset_type=members["AssetType"],
        status=AssetStatus.PROCESSING.value,
        next_poll_at=now + MIN_POLL_INTERVAL,
    )


def list_call(
    intent: CreateIntentRow, *, page_number: int, page_size: int, any_name: bool = False
) -> tuple[str, dict[str, Any]]:
    """Returns the action and the body that list what a create may have made, newest first.

    Args:
        intent: the create.
        page_number: from 1.
        page_size: at most 100.
        any_name: lists objects of other names as well.
    """
    members = _members(intent)
    filter_: dict[str, Any] = {"GroupType": members["GroupType"]}
    if "GroupId" in members:
        filter_["GroupIds"] = [members["GroupId"]]
    if members["Name"] and not any_name:
        filter_["Name"] = members["Name"]
    body = {
        "Filter": filter_,
        "PageNumber": page_number,
        "PageSize": page_size,
        "SortBy": "CreateTime",
        "SortOrder": "Desc",
        _PROJECT: members[_PROJECT],
    }
    return LIST_ACTIONS[Kind(intent.kind)], body


def matches(intent: CreateIntentRow, items: list[dict[str, Any]]) -> list[UpstreamObject]:
    """Returns the listed objects that have the members of the create and were made in its window."""
    found = []
    for item in items:
        created_at = parse_time(item.get("CreateTime"))
        if created_at is not None and _is_in_window(intent, created_at) and _has_members(intent, item):
            found.append(UpstreamObject(item["Id"], created_at))
    return found


def _has_members(intent: CreateIntentRow, item: Mapping[str, Any]) -> bool:
    """Says whether a listed object has the members of the create, whenever it was made."""
    members = _members(intent)
    return all((item.get(name) or "") == members[name] for name in _COMPARED[Kind(intent.kind)])


def may_be_of(intent: CreateIntentRow, item: Mapping[str, Any]) -> bool:
    """Says whether a create may have made a listed object, whenever it was and however the upstream shows its texts."""
    members = _members(intent)
    compared = [name for name in _COMPARED[Kind(intent.kind)] if name not in _TEXTS]
    return all((item.get(name) or "") == members[name] for name in compared)


def ids_in_window(intent: CreateIntentRow, items: list[dict[str, Any]]) -> list[str]:
    """Returns the ids of listed objects with any members that may have been made in the window of a create."""
    times = [(item["Id"], parse_time(item.get("CreateTime"))) for item in items]
    return [object_id for object_id, at in times if at is None or _is_in_window(intent, at)]


def reaches_back(intent: CreateIntentRow, items: list[dict[str, Any]]) -> bool:
    """Says whether a list, newest first, ends with an object from before the create began."""
    oldest = parse_time(items[-1].get("CreateTime")) if items else None
    return oldest is not None and oldest < intent.started_at - _MAX_CLOCK_SKEW


def _is_in_window(intent: CreateIntentRow, moment: datetime) -> bool:
    return intent.started_at - _MAX_CLOCK_SKEW <= moment <= intent.started_at + CREATE_WINDOW


def _members(intent: CreateIntentRow) -> dict[str, str]:
    if intent.members is None:
        raise ValueError(f"the create {intent.id} was written without its members")
    return intent.members
