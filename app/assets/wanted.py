"""What a create asks for: how it is found again upstream, and the row that it becomes. Pure: no session, no network.

All of it is kept as JSON with the intent (``CreateIntentRow.members``), under the upstream's names, so that another
process can finish the job.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.assets.mirror import FIRST_LOOK, from_wire_time
from app.assets.models import AssetGroupRow, AssetRow, AssetStatus, CreateIntentRow
from app.assets.schemas import CreateAssetGroupRequest, CreateAssetRequest

OPEN_FOR = timedelta(minutes=10)
"""How long after its beginning a create may still bring forth an object; far above the read timeout of a call."""

_CLOCK_SKEW = timedelta(seconds=60)
_PROJECT = "ProjectName"


class Kind(StrEnum):
    """The two creates, by the action's name."""

    GROUP = "CreateAssetGroup"
    ASSET = "CreateAsset"


# Which members an object upstream must share with the create: not an asset's URL, since lists show a signed one.
_SHOWN: Mapping[Kind, tuple[str, ...]] = {
    Kind.GROUP: ("Name", "Description", "GroupType", _PROJECT),
    Kind.ASSET: ("Name", "GroupId", "AssetType", _PROJECT),
}
LIST_ACTIONS: Mapping[Kind, str] = {Kind.GROUP: "ListAssetGroups", Kind.ASSET: "ListAssets"}
"""The action that lists what each create makes."""


@dataclass(frozen=True)
class Found:
    """An object upstream that a create may have made."""

    id: str
    created_at: datetime


def group_members(wanted: CreateAssetGroupRequest) -> dict[str, str]:
    """Returns what a group will look like, but for its project, which depends on the channel."""
    return {"Name": wanted.name, "Description": wanted.description or "", "GroupType": wanted.group_type}


def asset_members(wanted: CreateAssetRequest, group: AssetGroupRow) -> dict[str, str]:
    """Returns what an asset will look like in its group, but for its project."""
    return {
        "Name": wanted.name or "",
        "GroupId": group.id,
        "GroupType": group.group_type,
        "AssetType": wanted.asset_type,
        "URL": wanted.url,
    }


def with_project(members: Mapping[str, str], project_name: str) -> dict[str, str]:
    """Returns the members of an object in a project."""
    return {**members, _PROJECT: project_name}


def to_row(intent: CreateIntentRow, found: Found, now: datetime) -> AssetGroupRow | AssetRow:
    """Returns the row of what a create made, on the channel that was asked last."""
    members = _members(intent)
    common: dict[str, Any] = {
        "tenant_id": intent.tenant_id,
        "id": found.id,
        "channel_id": intent.channel_id,
        "name": members["Name"],
        "project_name": members[_PROJECT],
        "extra": {},
        "created_at": found.created_at,
        "updated_at": found.created_at,
    }
    if Kind(intent.kind) is Kind.GROUP:
        return AssetGroupRow(**common, description=members["Description"], group_type=members["GroupType"])
    return AssetRow(
        **common,
        group_id=members["GroupId"],
        url=members["URL"],
        asset_type=members["AssetType"],
        status=AssetStatus.PROCESSING.value,
        next_look_at=now + FIRST_LOOK,
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
    wanted: dict[str, Any] = {"GroupType": members["GroupType"]}
    if "GroupId" in members:
        wanted["GroupIds"] = [members["GroupId"]]
    if members["Name"] and not any_name:
        wanted["Name"] = members["Name"]
    body = {
        "Filter": wanted,
        "PageNumber": page_number,
        "PageSize": page_size,
        "SortBy": "CreateTime",
        "SortOrder": "Desc",
        _PROJECT: members[_PROJECT],
    }
    return LIST_ACTIONS[Kind(intent.kind)], body


def find_like(intent: CreateIntentRow, items: list[dict[str, Any]]) -> list[Found]:
    """Returns those of the listed objects that look like what a create asked for, and were made while it was open."""
    members = _members(intent)
    shown = {name: members[name] for name in _SHOWN[Kind(intent.kind)]}
    found = []
    for item in items:
        created_at = from_wire_time(item.get("CreateTime"))
        if created_at is None or not _is_while_open(intent, created_at):
            continue
        if all((item.get(name) or "") == value for name, value in shown.items()):
            found.append(Found(item["Id"], created_at))
    return found


def ids_while_open(intent: CreateIntentRow, items: list[dict[str, Any]]) -> list[str]:
    """Returns the ids of listed objects, whatever they look like, that may have been made while a create was open."""
    times = [(item["Id"], from_wire_time(item.get("CreateTime"))) for item in items]
    return [object_id for object_id, at in times if at is None or _is_while_open(intent, at)]


def reaches_back(intent: CreateIntentRow, items: list[dict[str, Any]]) -> bool:
    """Says whether a list, newest first, ends with an object from before the create began."""
    oldest = from_wire_time(items[-1].get("CreateTime")) if items else None
    return oldest is not None and oldest < intent.started_at - _CLOCK_SKEW


def _is_while_open(intent: CreateIntentRow, moment: datetime) -> bool:
    return intent.started_at - _CLOCK_SKEW <= moment <= intent.started_at + OPEN_FOR


def _members(intent: CreateIntentRow) -> dict[str, str]:
    if intent.members is None:
        raise ValueError(f"the create {intent.id} was written without its members")
    return intent.members
