"""A create in OpenAI's dialect as one of the native API. Pure.

Nothing is ignored: a field that is not known is refused, because a misspelt picture would be paid for as a video from
text. The native check judges the values; its errors name the fields as the client wrote them (``Translated.renamed``).

Source: reference ``openai-videos.md`` §3.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from app.catalog.model_spec import ModelSpec
from app.catalog.upstream_limits import with_upstream_limits
from app.create_parameters import AUTO_DURATION, DRAFT_RESOLUTION
from app.errors import (
    InvalidParameterError,
    MissingParameterError,
    ModelNotFoundError,
    SeedgateError,
    shown_name,
    top_level_field,
)
from app.money.estimates.families import family_of
from app.openai.files import UploadedFile, frame_of_picture
from app.openai.references import MEDIA_FIELDS, MODES, read_media, to_items
from app.openai.sizes import Size, SizeError, is_near, parse_size
from app.openai.values import are_equal, folded, parsed, to_kind
from app.tasks.validation.errors import check_not_empty, not_valid

UNKNOWN_PARAMETER = "unknown_parameter"

DEFAULT_SECONDS = 4
"""Of this dialect, or the nearest that the model takes; it is sent, because the upstream's own default is another."""

_DEFAULT_RESOLUTION = "720p"
_DEFAULT_RATIO = "16:9"
ADAPTIVE = "adaptive"
_ADAPTIVE_ALONE = ("2-5", "2-5-premium")
_EDITS = ("edit", "extend")

ALIASES: Mapping[str, str] = {
    "seconds": "duration",
    "user": "safety_identifier",
    "audio": "generate_audio",
}
"""Other names of native parameters."""

NATIVE_FIELDS = (
    *("duration", "resolution", "ratio", "seed", "generate_audio", "watermark", "return_last_frame", "camera_fixed"),
    *("service_tier", "priority", "output_format", "omni_reference_task_type", "tools", "safety_identifier"),
    *("callback_url", "execution_expires_after", "draft"),
)
"""The native parameters that may be given by their own names."""

# What a client may send when it means nothing else than this gateway does.
_FIXED: Mapping[str, tuple[Any, ...]] = {"n": (1, "1"), "response_format": (), "stream": (False, "false")}
_NESTED = ("metadata", "extra_body")
FIELDS = (
    *("model", "prompt", "size", "mode", *ALIASES, *MEDIA_FIELDS, *NATIVE_FIELDS),
    *_FIXED,
    *_NESTED,
)
"""Every field of a create."""

_CONTENT_ITEM = re.compile(r"content\[([0-9]{1,4})\]")


class _Given(NamedTuple):
    """A value, and where it stands in the request."""

    value: Any
    path: str


@dataclass(frozen=True, slots=True)
class Translated:
    """A create as the native API has it.

    Attributes:
        body: the native body.
        model: the model that it names, with the limits of this dialect.
        names: where the client wrote each native parameter.
        items: where it wrote each item of ``content``.
    """

    body: dict[str, Any]
    model: ModelSpec
    names: Mapping[str, str]
    items: tuple[str, ...]

    def renamed(self, error: SeedgateError) -> SeedgateError:
        """Returns the error with the client's names in place of the native ones."""
        if error.param is None:
            return error
        item = _CONTENT_ITEM.match(error.param)
        top = top_level_field(error.param)
        if item is not None and int(item[1]) < len(self.items):
            written = self.items[int(item[1])]
        else:
            written = self.names.get(top, top)
        if written == top:
            return error
        error.message = error.message.replace(f"`{error.param}`", f"`{written}`")
        error.message = error.message.replace(f"parameter {top} ", f"parameter {written} ")
        error.param = written
        if error.code.endswith(f".{top}"):
            error.code = f"{error.code.removesuffix(top)}{top_level_field(written)}"
        return error


def translate(fields: Mapping[str, Any], find_model: Callable[[str], ModelSpec | None]) -> Translated:
    """Returns the native create that a request means.

    Args:
        fields: the members of the request; lists and objects may be texts of JSON.
        find_model: returns the model with a name.

    Raises:
        InvalidParameterError: 400, a field contradicts another one, or means nothing.
        MissingParameterError: 400, the model is missing, or prompt and media are.
        ModelNotFoundError: 404, there is no such model.
        SeedgateError: 400 ``unknown_parameter``, a field is not known.
    """
    given = _collect(fields)
    model = _model_of(given, find_model)
    family = family_of(model.upstream_id, model)
    media = [
        medium
        for name in MEDIA_FIELDS
        if name in given
        for medium in read_media(name, given[name].value, given[name].path)
    ]
    mode = _mode_of(given, has_media=bool(media))
    items = list(to_items(media, mode))
    natives = {name: each for name in NATIVE_FIELDS if (each := given.get(name)) is not None}
    names = {name: each.path for name, each in natives.items()}
    body = {name: to_kind(name, each.value, each.path) for name, each in natives.items()}
    first_frame = next((item["image_url"]["url"] for item, _ in items if item["role"] == "first_frame"), None)
    is_edit = body.get("omni_reference_task_type") in _EDITS
    is_adaptive = first_frame is not None or is_edit
    if "duration" not in body:
        is_auto = body.get("omni_reference_task_type") == _EDITS[0]
        nearest = min(max(DEFAULT_SECONDS, model.duration_min), model.duration_max)
        body["duration"] = AUTO_DURATION if is_auto else nearest
    if "size" in given:
        size = _read_size(given["size"], family, model)
        if is_adaptive and family in _ADAPTIVE_ALONE:
            _check_shape(first_frame, size, given["size"].path)
            size = Size(size.resolution, ADAPTIVE)
        for name, value in (("resolution", size.resolution), ("ratio", size.ratio)):
            _set(body, names, name, value, given["size"].path)
    resolution = DRAFT_RESOLUTION if body.get("draft") is True else _DEFAULT_RESOLUTION
    if resolution in model.resolutions:
        body.setdefault("resolution", resolution)
    ratio = ADAPTIVE if is_adaptive else _DEFAULT_RATIO
    if ratio in model.ratios:
        body.setdefault("ratio", ratio)
    prompt = _prompt_of(given, has_media=bool(media))
    content = [] if prompt is None else [({"type": "text", "text": prompt}, given["prompt"].path)]
    content += items
    native = {"model": given["model"].value, "content": [item for item, _ in content], **body}
    return Translated(native, model, names, tuple(path for _, path in content))


def _collect(fields: Mapping[str, Any]) -> dict[str, _Given]:
    """Returns every given field by its native name, those of ``metadata`` and ``extra_body`` as if outside of it."""
    given: dict[str, _Given] = {}
    flat = [(name, _Given(value, shown_name(name) or "?")) for name, value in fields.items() if value is not None]
    for name, each in [*flat]:
        if name in _NESTED:
            flat += _nested(name, each)
    for name, each in flat:
        if name in _NESTED and each.path == name:
            continue
        if name not in FIELDS or name in _NESTED:
            raise _unknown(each.path)
        if each.value == "" and name != "prompt":
            check_not_empty(each.value, each.path)
        if name in _FIXED:
            _check_fixed(name, each)
            continue
        native = ALIASES.get(name, name)
        before = given.get(native)
        if before is not None and not are_equal(native, before.value, each.value, each.path):
            raise not_valid(each.path, f"it contradicts `{before.path}`")
        given.setdefault(native, each)
    return given


def _nested(name: str, given: _Given) -> list[tuple[str, _Given]]:
    members = parsed(given.value, given.path)
    if not isinstance(members, dict):
        raise not_valid(name, "expected an object of further parameters")
    return [
        (member, _Given(value, f"{name}.{shown_name(member) or '?'}"))
        for member, value in members.items()
        if value is not None
    ]


def _unknown(path: str) -> SeedgateError:
    close = get_close_matches(path.rpartition(".")[2].lower(), FIELDS, n=1)
    hint = f" Did you mean `{close[0]}`?" if close else ""
    return SeedgateError(
        f"Unknown parameter: `{path}`.{hint} Nothing was created.", status=400, code=UNKNOWN_PARAMETER, param=path
    )


def _check_fixed(name: str, given: _Given) -> None:
    accepted = _FIXED[name]
    value = folded(given.value) if isinstance(given.value, str) else given.value
    if not any(value == known and type(value) is type(known) for known in accepted):
        wanted = f"only {accepted[0]!s} is possible".lower() if accepted else "it is not supported"
        raise not_valid(given.path, f"{wanted}; a video is made as a task, of which the links are asked for later")


def _model_of(given: Mapping[str, _Given], find_model: Callable[[str], ModelSpec | None]) -> ModelSpec:
    each = given.get("model")
    if each is None:
        raise MissingParameterError("model")
    if not isinstance(each.value, str):
        raise not_valid(each.path, "expected a string")
    model = find_model(each.value)
    if model is None:
        raise ModelNotFoundError(each.value)
    return with_upstream_limits(model)


def _mode_of(given: Mapping[str, _Given], *, has_media: bool) -> str | None:
    each = given.get("mode")
    if each is None:
        return None
    if each.value not in MODES:
        raise not_valid(each.path, f"expected one of {', '.join(MODES)}")
    if not has_media:
        raise not_valid(each.path, "it says what is made of pictures, and there are none")
    return str(each.value)


def _prompt_of(given: Mapping[str, _Given], *, has_media: bool) -> str | None:
    each = given.get("prompt")
    if each is not None and isinstance(each.value, UploadedFile):
        raise not_valid(each.path, "expected a text, not a file")
    if each is not None and not isinstance(each.value, str):
        raise not_valid(each.path, "expected a string")
    text: str = "" if each is None else each.value
    if text.strip():
        return text
    if not has_media:
        raise MissingParameterError("prompt")
    return None


def _read_size(given: _Given, family: str | None, model: ModelSpec) -> Size:
    if not isinstance(given.value, str):
        raise not_valid(given.path, "expected a string such as 1280x720")
    try:
        return parse_size(given.value, family=family, resolutions=model.resolutions)
    except SizeError as error:
        raise not_valid(given.path, str(error)) from None


def _check_shape(first_frame: Any, size: Size, path: str) -> None:
    """Checks a picture whose shape the video will have, since the model takes no other with a first frame."""
    if size.ratio is None or not isinstance(first_frame, str):
        return
    frame = frame_of_picture(first_frame)
    if frame is not None and not is_near(frame, size.ratio):
        reason = f"the first frame has {frame[0]}x{frame[1]} pixels, and this model makes no video of another shape"
        raise not_valid(path, reason)


def _set(body: dict[str, Any], names: dict[str, str], name: str, value: str | None, path: str) -> None:
    """Writes what the size says of a parameter, unless the request says the same itself.

    Raises:
        InvalidParameterError: 400, it says something else.
    """
    if value is None:
        return
    if name in body and not are_equal(name, body[name], value, path):
        raise InvalidParameterError(
            path, f"The parameter `{path}` means {name} {value}, which contradicts `{names[name]}`."
        )
    if name not in body:
        body[name], names[name] = value, path
