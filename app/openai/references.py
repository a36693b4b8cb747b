"""The pictures, videos and sounds of a request as items of the native ``content``. Pure.

Source: reference ``openai-videos.md`` §3.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import InvalidParameterError, MissingParameterError
from app.openai.files import UploadedFile
from app.openai.values import parsed
from app.tasks.validation.errors import not_valid

_FIRST, _LAST = "first_frame", "last_frame"
_REFERENCES = {"image": "reference_image", "video": "reference_video", "audio": "reference_audio"}
_FRAMES = (_FIRST, _LAST)
_ASSET_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
# Without a mode, so many pictures are frames.
_MAX_FRAMES = 2

IMAGE_TO_VIDEO, REFERENCES_TO_VIDEO = "i2v", "r2v"
MODES = (IMAGE_TO_VIDEO, REFERENCES_TO_VIDEO)
"""The values of ``mode``."""

_TAKES = {
    IMAGE_TO_VIDEO: "makes a video of a first and a last frame, and takes no references",
    REFERENCES_TO_VIDEO: "makes a video of references, and takes neither a first nor a last frame",
}


@dataclass(frozen=True, slots=True)
class MediaField:
    """A field that names media.

    Attributes:
        kind: ``image``, ``video`` or ``audio``.
        role: of every item; None: it depends on the request.
    """

    kind: str
    role: str | None = None


MEDIA_FIELDS: Mapping[str, MediaField] = {
    "input_reference": MediaField("image"),
    "image": MediaField("image"),
    "images": MediaField("image"),
    "first_frame_image": MediaField("image", _FIRST),
    "last_frame": MediaField("image", _LAST),
    "reference_images": MediaField("image", "reference_image"),
    "videos": MediaField("video", "reference_video"),
    "reference_videos": MediaField("video", "reference_video"),
    "audios": MediaField("audio", "reference_audio"),
    "reference_audios": MediaField("audio", "reference_audio"),
}
"""The fields that name media, by name."""


@dataclass(frozen=True, slots=True)
class Medium:
    """One picture, video or sound.

    Attributes:
        kind: ``image``, ``video`` or ``audio``.
        url: a web URL, a data URI or ``asset://…``; any other text, too, which the native check refuses.
        path: where it stands in the request.
        field: the name of its field.
    """

    kind: str
    url: Any
    path: str
    field: str


def read_media(name: str, value: Any, path: str) -> Iterator[Medium]:
    """Yields what a field of ``MEDIA_FIELDS`` names, in its order.

    Raises:
        InvalidParameterError: 400, an item is malformed, or a file is no picture.
        MissingParameterError: 400, an object, a list or an item names nothing: without it, a video from text would be
            made and paid for.
    """
    kind, value = MEDIA_FIELDS[name].kind, parsed(value, path)
    if not isinstance(value, list):
        yield Medium(kind, _url_of(value, path, kind), path, name)
        return
    if not value:
        raise MissingParameterError(path)
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if item is None:
            raise MissingParameterError(where)
        yield Medium(kind, _url_of(item, where, kind), where, name)


def to_items(media: list[Medium], mode: str | None) -> Iterator[tuple[dict[str, Any], str]]:
    """Yields the content items of all media, each with the path of its medium.

    Raises:
        InvalidParameterError: 400, there are more pictures than the mode takes, or media that it does not take.
    """
    others = [each for each in media if each.kind != "image" or MEDIA_FIELDS[each.field].role in _REFERENCES.values()]
    for name in MEDIA_FIELDS:
        of_field = [each for each in media if each.field == name]
        roles = _roles_of(name, of_field, mode, has_others=bool(others))
        for medium, role in zip(of_field, roles, strict=True):
            payload = f"{medium.kind}_url"
            yield {"type": payload, payload: {"url": medium.url}, "role": role}, medium.path


def _roles_of(name: str, media: list[Medium], mode: str | None, *, has_others: bool) -> list[str]:
    count, role = len(media), MEDIA_FIELDS[name].role
    if role is not None:
        if media and mode is not None and (role in _FRAMES) is not (mode == IMAGE_TO_VIDEO):
            raise not_valid(media[0].path, f"mode {mode} {_TAKES[mode]}")
        return [role] * count
    if mode == IMAGE_TO_VIDEO:
        if count > _MAX_FRAMES:
            raise not_valid(
                media[_MAX_FRAMES].path, f"mode {mode} takes a first and a last frame, and no more pictures"
            )
        return list(_FRAMES[:count])
    if mode == REFERENCES_TO_VIDEO:
        return [_REFERENCES["image"]] * count
    are_frames = count <= _MAX_FRAMES and not has_others if name == "images" else count == 1
    return list(_FRAMES[:count]) if are_frames else [_REFERENCES["image"]] * count


def _url_of(value: Any, path: str, kind: str) -> Any:
    if isinstance(value, UploadedFile):
        return _url_of_file(value, path, kind)
    if not isinstance(value, dict):
        if value == "":
            raise MissingParameterError(path)
        return value
    given = {name: member for name, member in value.items() if member is not None}
    payload = f"{kind}_url"
    unknown = [name for name in given if name not in {"url", payload, "file_id"}]
    if unknown or len(given) > 1:
        raise not_valid(path, f"expected an object with either `{payload}`, `url` or `file_id`, and nothing else")
    if not given:
        raise MissingParameterError(f"{path}.{payload}")
    name, member = next(iter(given.items()))
    if name == "file_id":
        return _url_of_asset(member, f"{path}.file_id")
    where = f"{path}.{name}"
    return _url_of(member, where, kind)


def _url_of_asset(value: Any, path: str) -> str:
    if not isinstance(value, str) or not _ASSET_ID.fullmatch(value):
        raise not_valid(path, "expected the id of an asset of yours; files of OpenAI are not known here")
    return f"asset://{value}"


def _url_of_file(file: UploadedFile, path: str, kind: str) -> str:
    if file.media_type.startswith(("video/", "audio/")):
        found = file.media_type.partition("/")[0]
        raise not_valid(path, f"the file is {found}; pass a URL or an asset")
    if kind != "image":
        raise not_valid(path, f"a file cannot be a {kind}; pass a URL or an asset")
    if not file.data_uri:
        is_picture = file.media_type.startswith("image/")
        found = (
            f"{file.media_type}, which the upstream does not take" if is_picture else "no picture that is known here"
        )
        raise InvalidParameterError(
            path, f"The file in `{path}` is {found}: send JPEG, PNG, WebP, BMP, TIFF, GIF, HEIC or HEIF."
        )
    return file.data_uri
