"""Finds the assets and draft tasks that a create request refers to, anywhere in the body.

Each must be the tenant's own. Unknown fields are sent upstream unchanged, so the whole body is searched and not only
the members that the spec defines.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.confusables import skeleton
from app.core.strict_json import member_path
from app.errors import MissingParameterError
from app.tasks.validation.confusables import check_member_names, is_asset_like
from app.tasks.validation.errors import check_json_type, not_valid
from app.tasks.validation.media_urls import MEDIA_PAYLOADS, asset_id_of

DRAFT_TASK = "draft_task"
DRAFT_MEMBERS = frozenset({"id"})
_MAX_ID_LENGTH = 128
# Each is looked up in the database. The upstream uses a dozen media and one draft, and ignores all others.
_MAX_REFERENCES = 100


@dataclass(frozen=True, slots=True)
class Reference:
    """An asset or a draft task that the request uses, and the path of its URL or id."""

    id: str
    path: str


@dataclass(frozen=True, slots=True)
class References:
    """All references of a request, in the order of the body."""

    assets: list[Reference] = field(default_factory=list)
    drafts: list[Reference] = field(default_factory=list)

    def check_count(self, path: str) -> None:
        """Checks that one more may be added.

        Raises:
            InvalidParameterError: 400, there are too many.
        """
        if len(self.assets) + len(self.drafts) >= _MAX_REFERENCES:
            raise not_valid(path, f"expected at most {_MAX_REFERENCES} assets and draft tasks")


def find_references(fields: dict[str, Any]) -> References:
    """Returns the assets and draft tasks in a create request.

    ``asset://<id>`` is a reference as the ``url`` of an ``image_url``, ``video_url`` or ``audio_url``, at any depth.
    Prompts (the ``text`` of text items) are not searched.

    Raises:
        InvalidParameterError: 400, another string could be read as an asset reference, or a ``draft_task`` is not
            an object with an id, or there are more than a hundred references.
        MissingParameterError: 400, a ``draft_task`` has no id.
    """
    found = References()
    _search({**fields, "content": [_without_prompt(item) for item in fields["content"]]}, "", found)
    return found


def with_drafts_renamed(value: Any, new_ids: Mapping[str, str]) -> Any:
    """Returns a copy of ``value`` in which the ids of draft tasks are replaced by ``new_ids``."""
    if isinstance(value, list):
        return [with_drafts_renamed(item, new_ids) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: with_drafts_renamed(member, new_ids) for name, member in value.items()}
    draft = copy.get(DRAFT_TASK)
    if draft is not None:
        draft["id"] = new_ids.get(draft["id"], draft["id"])
    return copy


def _without_prompt(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if not (name == "text" and item["type"] == "text")}


def _search(value: Any, path: str, found: References) -> None:
    if isinstance(value, str):
        _check_no_asset(value, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _search(item, f"{path}[{index}]", found)
    elif isinstance(value, dict):
        for name, member in value.items():
            _search_member(name, member, member_path(path, name), found)


def _search_member(name: str, value: Any, path: str, found: References) -> None:
    _check_no_asset(name, path)
    if name in MEDIA_PAYLOADS and isinstance(value, dict):
        asset_id = asset_id_of(value.get("url"))
        if asset_id is not None:
            found.check_count(f"{path}.url")
            found.assets.append(Reference(asset_id, f"{path}.url"))
            value = {other: member for other, member in value.items() if other != "url"}
    elif value is not None and skeleton(name) == DRAFT_TASK:
        found.check_count(path)
        found.drafts.append(_to_draft(name, value, path))
    _search(value, path, found)


def _to_draft(name: str, value: Any, path: str) -> Reference:
    if name != DRAFT_TASK:
        raise not_valid(path, f"the name must be written `{DRAFT_TASK}`")
    check_json_type(value, dict, path)
    check_member_names(value, DRAFT_MEMBERS, path)
    where = f"{path}.id"
    draft_id = value.get("id")
    if draft_id is None or draft_id == "":
        raise MissingParameterError(where)
    check_json_type(draft_id, str, where)
    if len(draft_id) > _MAX_ID_LENGTH:
        raise not_valid(where, "the specified draft task is not found")
    return Reference(draft_id, where)


def _check_no_asset(text: str, path: str) -> None:
    if is_asset_like(text):
        raise not_valid(path, "asset://<ASSET_ID> may only be the `url` of an image, a video or audio")
