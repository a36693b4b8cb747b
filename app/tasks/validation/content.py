"""Checks ``content``: each item, and which items may be combined.

Source: the spec's tables "content Parameter", "role Values" and "Supported content combinations"; the
upstream's wording is used where it exists.
"""

from collections import defaultdict
from enum import StrEnum
from typing import Any

from app.catalog.model_spec import ModelSpec
from app.create_parameters import CONTENT_TYPES
from app.errors import InvalidParameterError, MissingParameterError
from app.tasks.validation.confusables import check_member_names
from app.tasks.validation.errors import check_json_type, check_not_empty, not_valid
from app.tasks.validation.media_urls import MEDIA_PAYLOADS, check_media_url
from app.tasks.validation.references import DRAFT_MEMBERS, DRAFT_TASK

ROLES: dict[str, tuple[str, ...]] = {name: type_.roles for name, type_ in CONTENT_TYPES.items()}
"""The roles that each type of content item may have."""

_ITEM_MEMBERS = frozenset({"type", "role", *ROLES})
_MEDIA_MEMBERS = frozenset({"url"})
_REFERENCE_ROLES = ("reference_image", "reference_video", "reference_audio")

_BAD_ROLE = {
    "text": "a text has no role",
    "image_url": "invalid role specified for image content",
    "video_url": "reference media mode requires video role to be reference_video",
    "audio_url": "reference media mode requires audio role to be reference_audio",
    DRAFT_TASK: "a draft task has no role",
}


class Mode(StrEnum):
    """How a video is made; the values are the upstream's abbreviations, except ``draft``."""

    TEXT = "t2v"
    FRAMES = "i2v"
    REFERENCES = "r2v"
    DRAFT = "draft"


def check_content(content: list[Any], model: ModelSpec) -> Mode:
    """Checks each item, then their combination, and returns the mode that they ask for.

    Raises:
        MissingParameterError: 400, an item lacks its type or payload, or all items are empty texts.
        InvalidParameterError: 400, an item is not valid, or the items may not be combined.
    """
    for index, item in enumerate(content):
        _check_item(item, f"content[{index}]")
    mode = _check_combination(_by_role(content), model)
    if mode is Mode.TEXT and not any(item["text"].strip() for item in content):
        raise MissingParameterError("content[0].text")
    return mode


def _check_item(item: Any, path: str) -> None:
    check_json_type(item, dict, path)
    check_member_names(item, _ITEM_MEMBERS, path)
    item_type = _check_type(item, path)
    if item_type not in item:
        raise MissingParameterError(f"{path}.{_required_member(item_type)}")
    _check_payload(item[item_type], f"{path}.{item_type}", item_type)
    for other in ROLES:
        # The upstream may use it, and then the video costs more than the estimate, which goes by the types.
        if other != item_type and other in item:
            raise not_valid(f"{path}.{other}", f"an item of type {item_type} must not have it")
    if "role" in item and item["role"] not in ROLES[item_type]:
        check_not_empty(item["role"], f"{path}.role")
        raise not_valid(f"{path}.role", _BAD_ROLE[item_type])


def _check_payload(payload: Any, path: str, item_type: str) -> None:
    if item_type in MEDIA_PAYLOADS:
        _check_media(payload, path, item_type)
    elif item_type == DRAFT_TASK:
        check_json_type(payload, dict, path)
        check_member_names(payload, DRAFT_MEMBERS, path)
    else:
        check_json_type(payload, str, path)


def _check_type(item: dict[str, Any], path: str) -> str:
    where = f"{path}.type"
    item_type = item.get("type")
    if item_type is None or item_type == "":
        raise MissingParameterError(where)
    if not isinstance(item_type, str) or item_type not in ROLES:
        raise not_valid(where, f"expected one of {', '.join(ROLES)}")
    return item_type


def _required_member(item_type: str) -> str:
    member = CONTENT_TYPES[item_type].member
    return item_type if member is None else f"{item_type}.{member}"


def _check_media(payload: Any, path: str, name: str) -> None:
    check_json_type(payload, dict, path)
    check_member_names(payload, _MEDIA_MEMBERS, path)
    url = payload.get("url")
    if url is None or url == "":
        raise MissingParameterError(f"{path}.url")
    check_json_type(url, str, f"{path}.url")
    check_media_url(url, f"{path}.url", name)


def has_video(content: list[dict[str, Any]]) -> bool:
    """Says whether checked content has a reference video, for which the upstream has a price of its own."""
    return any(item["type"] == "video_url" for item in content)


def _by_role(content: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Returns the positions of items by role, ``text`` and ``draft_task``; ``""`` is for images without a role.

    A single image without a role is a first frame. Videos and audio clips are references, with or without a role.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(content):
        match item["type"]:
            case "image_url":
                role = item.get("role", "")
            case "video_url":
                role = "reference_video"
            case "audio_url":
                role = "reference_audio"
            case other:
                role = other
        places[role].append(index)
    images = places["first_frame"] + places["last_frame"] + places["reference_image"]
    if len(places[""]) == 1 and not images:
        places["first_frame"] = places.pop("")
    return places


def _check_combination(places: dict[str, list[int]], model: ModelSpec) -> Mode:
    frames = places["first_frame"] + places["last_frame"]
    references = [index for role in _REFERENCE_ROLES for index in places[role]]
    if places[DRAFT_TASK]:
        _check_draft(places, [*frames, *references, *places[""]])
        return Mode.DRAFT
    if places[""]:
        raise _content_error(places[""][0], "role", "role must be specified for image contents")
    if frames and references:
        reason = "first/last frame content cannot be mixed with reference media content"
        raise _content_error(references[0], "", reason)
    if frames:
        _check_frames(places)
        return Mode.FRAMES
    if references:
        _check_references(places, model)
        return Mode.REFERENCES
    return Mode.TEXT


def _check_draft(places: dict[str, list[int]], media: list[int]) -> None:
    """Allows only texts beside a draft: the final video takes its images from the draft."""
    drafts = places[DRAFT_TASK]
    if len(drafts) > 1:
        raise _content_error(drafts[1], "", f"expected at most one draft task content but got {len(drafts)} instead")
    if media:
        raise _content_error(media[0], "", "draft task content cannot be mixed with media content")


def _check_frames(places: dict[str, list[int]]) -> None:
    for role, name in (("first_frame", "first frame"), ("last_frame", "last frame")):
        found = places[role]
        if len(found) > 1:
            reason = f"expected at most one {name} image content but got {len(found)} instead"
            raise _content_error(found[1], "role", reason)
    if not places["first_frame"]:
        raise _content_error(places["last_frame"][0], "role", "last frame content requires a first frame content")


def _check_references(places: dict[str, list[int]], model: ModelSpec) -> None:
    limits = (
        ("reference_image", "images", model.max_reference_images),
        ("reference_video", "videos", model.max_reference_videos),
        ("reference_audio", "audios", model.max_reference_audios),
    )
    for role, name, max_count in limits:
        found = places[role]
        if len(found) > max_count:
            reason = f"expected at most {max_count} reference {name} but got {len(found)} instead"
            raise _content_error(found[max_count], "", reason)
    is_audio_alone = not places["reference_image"] and not places["reference_video"]
    if is_audio_alone and not model.is_audio_alone_allowed:
        reason = "reference audio requires at least one reference image or reference video"
        raise _content_error(places["reference_audio"][0], "", reason)


def _content_error(index: int, member: str, reason: str) -> InvalidParameterError:
    """Returns an error that names the item in ``param`` and ``content`` in its message, as the upstream does."""
    path = f"content[{index}].{member}" if member else f"content[{index}]"
    return not_valid(path, reason, named="content")
