"""Validation of the ``content`` array of a create-task request.

Source: reference ``upstream.md`` §1.2 and the live messages of §4.3; ``docs/sandbox.md`` lists the guessed ones.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.create_parameters import CONTENT_TYPES
from app.sandbox.catalog import VideoModel
from app.sandbox.errors import RefusedError, invalid, missing
from app.sandbox.test_triggers import MediaInfo, is_web_url, read_media_info

FindAsset = Callable[[str], str | None]
"""Returns the submitted URL of an asset; None unless the account may use it now."""

_ASSET_SCHEME = "asset://"
_NO_TEXT = "content"
_ROLES = {name: (*type_.roles, *type_.upstream_roles) for name, type_ in CONTENT_TYPES.items() if type_.roles}
_FRAME_ROLES = ("first_frame", "last_frame")
_DATA_URI = re.compile(r"data:(?P<kind>image|audio)/(?P<format>[a-z0-9.+-]+);base64,", re.ASCII)
_IMAGE_FORMATS = frozenset({"jpeg", "jpg", "png", "webp", "bmp", "tiff", "gif", "heic", "heif"})
_AUDIO_FORMATS = frozenset({"wav", "mp3", "mpeg", "x-wav"})
_MIN_SIDE = 300
_MAX_SIDE = 6000
_MIN_CLIP_SECONDS = 2
_MAX_CLIP_SECONDS = 15
_MAX_CLIP_SECONDS_LATEST = 30


@dataclass(frozen=True, slots=True)
class Medium:
    """One image, video or audio item.

    Attributes:
        type: ``image_url``, ``video_url`` or ``audio_url``.
        path: ``content[1].image_url``.
        role: None when absent.
        info: properties of the file.
    """

    type: str
    path: str
    role: str | None
    info: MediaInfo


@dataclass(frozen=True, slots=True)
class Content:
    """A parsed ``content`` array.

    Attributes:
        prompt: all text items, joined by line breaks.
        prompt_path: path of the first text item, ``content`` without one.
        media: in the order of the request.
        draft_task_id: the task id of a ``draft_task`` item, or None.
        asset_ids: the referenced assets.
    """

    prompt: str
    prompt_path: str
    media: tuple[Medium, ...]
    draft_task_id: str | None
    asset_ids: tuple[str, ...]

    @property
    def has_text(self) -> bool:
        """Whether there is a text item, even an empty one."""
        return self.prompt_path != _NO_TEXT

    def of_type(self, type_: str) -> tuple[Medium, ...]:
        """Returns the media of one type."""
        return tuple(medium for medium in self.media if medium.type == type_)


def read_content(items: object, find_asset: FindAsset) -> Content:
    """Parses the array and validates each item.

    Args:
        items: the value of ``content``.
        find_asset: resolves ``asset://`` ids.

    Raises:
        RefusedError: 400, with the path of the item.
    """
    if items is None or items == []:
        raise missing("content")
    if not isinstance(items, list):
        raise invalid("content", "expected an array.")
    texts: list[str] = []
    text_paths: list[str] = []
    media: list[Medium] = []
    asset_ids: list[str] = []
    draft_task_id: str | None = None
    for index, item in enumerate(items):
        path = f"content[{index}]"
        if not isinstance(item, dict):
            raise invalid(path, "expected an object.")
        match item.get("type"):
            case "text":
                texts.append(_text(item, "text", path))
                text_paths.append(f"{path}.text")
            case "draft_task":
                if draft_task_id is not None:
                    raise invalid("content", "expected at most one draft_task content.")
                draft_task_id = _payload(item, "draft_task", "id", path)
            case ("image_url" | "video_url" | "audio_url") as type_:
                url = _payload(item, type_, "url", path)
                media.append(_read_medium(item, type_, url, path, find_asset))
                asset_ids += [url.removeprefix(_ASSET_SCHEME)] if url.startswith(_ASSET_SCHEME) else []
            case None:
                raise missing(f"{path}.type")
            case other:
                raise invalid(f"{path}.type", f"unknown content type {other}.")
    text_path = text_paths[0] if text_paths else _NO_TEXT
    return Content("\n".join(texts), text_path, tuple(media), draft_task_id, tuple(asset_ids))


def check_mode(content: Content, model: VideoModel) -> str:
    """Validates roles, counts and combinations, and returns the mode.

    Returns:
        ``t2v`` for text without media, ``i2v`` for first and last frames, ``r2v`` for reference media.

    Raises:
        RefusedError: 400.
    """
    images = content.of_type("image_url")
    if len(images) > 1 and any(image.role is None for image in images):
        raise invalid("content", "role must be specified for image contents.")
    for role in _FRAME_ROLES:
        count = sum(image.role == role for image in images)
        if count > 1:
            what = role.replace("_", " ")
            raise invalid("content", f"expected at most one {what} image content but got {count} instead")
    is_framed = any(image.role in (None, *_FRAME_ROLES) for image in images)
    has_references = len(content.media) > len(images) or any(image.role == "reference_image" for image in images)
    if is_framed and has_references:
        raise invalid("content", "first/last frame content cannot be mixed with reference media content.")
    mode = "r2v" if has_references else "i2v" if images else "t2v"
    if mode not in model.modes:
        raise RefusedError("InvalidParameter", not_valid_for("content", model, mode), param="content")
    if mode == "i2v" and not any(image.role in (None, "first_frame") for image in images):
        raise invalid("content", "last frame image content requires a first frame image content.")
    if mode == "r2v":
        _check_references(content, model)
    if mode == "t2v" and not content.prompt.strip() and content.draft_task_id is None:
        raise missing("content.text")
    return mode


def not_valid_for(parameter: str, model: VideoModel, mode: str) -> str:
    """Returns the upstream's message for a parameter that a model does not accept in a mode."""
    return f"the parameter {parameter} specified in the request is not valid for model {model.name} in {mode}"


def _check_references(content: Content, model: VideoModel) -> None:
    images, videos, audios = (content.of_type(type_) for type_ in _ROLES)
    for medium in (*videos, *audios):
        word = medium.type.removesuffix("_url")
        if medium.role != f"reference_{word}":
            raise invalid("content", f"reference media mode requires {word} role to be reference_{word}.")
    for found, limit, what in (
        (images, model.references.images or 0, "images"),
        (videos, model.references.videos, "videos"),
        (audios, model.references.audios, "audios"),
    ):
        if len(found) > limit:
            raise invalid("content", f"expected at most {limit} reference {what} but got {len(found)} instead.")
    if audios and not (images or videos) and not model.references.is_audio_alone_allowed:
        raise invalid("content", "audio content must be accompanied by image or video content.")
    longest = _MAX_CLIP_SECONDS_LATEST if model.generation == "2.5" else _MAX_CLIP_SECONDS
    for word, clips in (("video", videos), ("audio", audios)):
        for clip in clips:
            if not _MIN_CLIP_SECONDS <= clip.info.seconds <= longest:
                text = f"expected the duration to be {_MIN_CLIP_SECONDS} to {longest} seconds, but received a"
                raise invalid(clip.path, f"{text} {clip.info.seconds:g}s {word} instead.")
        if sum(clip.info.seconds for clip in clips) > model.max_media_seconds:
            text = f"the parameter {word} total duration (seconds) specified in the request must be less than or equal"
            message = f"{text} to {model.max_media_seconds:g} for model {model.name} in r2v"
            raise RefusedError("InvalidParameter", message, param="content")


def _read_medium(item: dict[str, Any], type_: str, url: str, path: str, find_asset: FindAsset) -> Medium:
    role = item.get("role")
    word = type_.removesuffix("_url")
    if role is not None and role not in _ROLES[type_]:
        if type_ == "image_url":
            raise invalid("content", "invalid role specified for image content")
        raise invalid("content", f"reference media mode requires {word} role to be reference_{word}.")
    media_path = f"{path}.{type_}"
    if url.startswith(_ASSET_SCHEME):
        asset_id = url.removeprefix(_ASSET_SCHEME)
        submitted = find_asset(asset_id)
        if submitted is None:
            raise invalid(f"{media_path}.url", f"The specified asset {asset_id} is not found.")
        return Medium(type_, media_path, role, read_media_info(submitted))
    _check_url(url, type_, media_path)
    info = read_media_info(url)
    if info.failure:
        raise _media_failure(info.failure, word, path, media_path)
    if type_ != "audio_url":
        _check_sides(info, word, media_path)
    return Medium(type_, media_path, role, info)


def _check_url(url: str, type_: str, media_path: str) -> None:
    if is_web_url(url):
        return
    if type_ == "video_url":
        raise invalid("content", "reference_video must be provided as a web url")
    head = _DATA_URI.match(url)
    formats = _IMAGE_FORMATS if type_ == "image_url" else _AUDIO_FORMATS
    if head is None or head["kind"] != type_.removesuffix("_url") or head["format"] not in formats:
        raise invalid(f"{media_path}.url", "expected a web url, a base64 data uri or an asset id.")
    try:
        base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"{media_path}.url", "the base64 content cannot be decoded.") from None


def _media_failure(code: str, word: str, path: str, media_path: str) -> RefusedError:
    if code == "DownloadFailed":
        return invalid(media_path, "resource download failed.")
    if code.startswith("Input"):
        what = "real person" if code.endswith(".PrivacyInformation") else "sensitive information"
        text = f"The request failed because the input {word} '{path}' may contain {what}."
        return RefusedError(code, text, param=path)
    return invalid(media_path, f"{code}.")


def _check_sides(info: MediaInfo, word: str, media_path: str) -> None:
    for side, pixels in (("height", info.height), ("width", info.width)):
        if not _MIN_SIDE <= pixels <= _MAX_SIDE:
            bound = f"at least {_MIN_SIDE}px" if pixels < _MIN_SIDE else f"at most {_MAX_SIDE}px"
            received = f"but received a {info.width}x{info.height}px {word} instead"
            raise invalid(media_path, f"expected the {side} to be {bound}, {received}")


def _payload(item: dict[str, Any], name: str, member: str, path: str) -> str:
    value = item.get(name)
    if value is None:
        raise missing(f"{path}.{name}")
    if not isinstance(value, dict):
        raise invalid(f"{path}.{name}", "expected an object.")
    return _text(value, member, f"{path}.{name}")


def _text(holder: dict[str, Any], name: str, path: str) -> str:
    value = holder.get(name)
    if value is None:
        raise missing(f"{path}.{name}")
    if not isinstance(value, str):
        raise invalid(f"{path}.{name}", "expected a string.")
    return value
