"""Test triggers: values in a valid request that select an outcome of the emulated upstream.

The sandbox downloads no media. Properties that the upstream would find in a file are written into its URL (image,
video, audio, or the URL of an asset):

* ``?seconds=12``, ``?width=640&height=480``: length and size;
* a last path segment ``fail-<Code>`` (``fail-DownloadFailed.png``): as an asset it ends ``Failed`` with that code, in a
  task the create is refused;
* a last path segment ``reject-<Code>``: CreateAsset answers ``InvalidParameter.<Code>``;
* ``other-person`` in the path: the face does not match the LivenessFace group (``Failed``, ``FaceMismatch``).

In a prompt: ``[fail:Code]`` fails the task; ``[queue:N]`` and ``[run:N]`` set the seconds of work (before the time
scale) while it is queued and while it runs; ``[numbers:strings]`` renders its token counts and ``duration`` as strings.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

split_url = cast("Callable[[str], SplitResult]", urlsplit.__wrapped__)  # type: ignore[attr-defined]  # as below
"""``urlsplit`` without its cache, since a sandbox can share the gateway's process, which must not keep requests."""

_MAX_URL_LENGTH = 8192
_URL_TRIGGER = re.compile(r"^(?P<kind>fail|reject)-(?P<code>[A-Z][A-Za-z]*(?:\.[A-Z][A-Za-z]*)*)(?:\.[a-z0-9]+)?$")
_PROMPT_TRIGGER = re.compile(r"\[(?P<kind>fail|queue|run|numbers):(?P<value>[A-Za-z0-9.]+)\]")
_SECONDS = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")
_OTHER_PERSON = "other-person"
_DEFAULT_SECONDS = 5.0
_DEFAULT_SIZE = (1280, 720)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Properties of a media file.

    Attributes:
        seconds: length of a video or audio file.
        width: pixels.
        height: pixels.
        failure: code with which its processing fails, or None.
        rejection: code with which CreateAsset rejects it, or None.
        is_other_person: whether it shows another person than that of the group.
    """

    seconds: float = _DEFAULT_SECONDS
    width: int = _DEFAULT_SIZE[0]
    height: int = _DEFAULT_SIZE[1]
    failure: str | None = None
    rejection: str | None = None
    is_other_person: bool = False


@dataclass(frozen=True, slots=True)
class PromptTriggers:
    """The triggers of a prompt; None where there is none.

    Attributes:
        failure: error code of the task.
        queue_seconds: work while it is queued.
        run_seconds: work while it runs.
        has_numbers_as_strings: whether token counts and ``duration`` are rendered as strings.
    """

    failure: str | None = None
    queue_seconds: float | None = None
    run_seconds: float | None = None
    has_numbers_as_strings: bool = False


def is_web_url(url: str) -> bool:
    """Returns whether a string is an absolute http or https URL of at most 8192 characters."""
    if len(url) > _MAX_URL_LENGTH:
        return False
    try:
        parts = split_url(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def read_media_info(url: str) -> MediaInfo:
    """Returns the properties that a media URL contains; the defaults for a data URI."""
    if url.startswith("data:"):
        return MediaInfo()
    parts = split_url(url)
    path = unquote(parts.path)
    query = parse_qs(parts.query)
    trigger = _URL_TRIGGER.match(path.rsplit("/", 1)[-1])
    kind, code = (trigger["kind"], trigger["code"]) if trigger else (None, None)
    return MediaInfo(
        seconds=_number(query, "seconds", _DEFAULT_SECONDS),
        width=int(_number(query, "width", _DEFAULT_SIZE[0])) or _DEFAULT_SIZE[0],
        height=int(_number(query, "height", _DEFAULT_SIZE[1])) or _DEFAULT_SIZE[1],
        failure=code if kind == "fail" else None,
        rejection=code if kind == "reject" else None,
        is_other_person=_OTHER_PERSON in path,
    )


def read_prompt_triggers(prompt: str) -> PromptTriggers:
    """Returns the triggers of a prompt; the last of each kind wins, and a value that is no number is ignored."""
    found = {match["kind"]: match["value"] for match in _PROMPT_TRIGGER.finditer(prompt)}
    return PromptTriggers(
        failure=found.get("fail"),
        queue_seconds=_parse_seconds(found.get("queue")),
        run_seconds=_parse_seconds(found.get("run")),
        has_numbers_as_strings=found.get("numbers") == "strings",
    )


def _number(query: dict[str, list[str]], name: str, default: float) -> float:
    seconds = _parse_seconds(query.get(name, [""])[0])
    return default if seconds is None else seconds


def _parse_seconds(text: str | None) -> float | None:
    return float(text) if text and _SECONDS.fullmatch(text) else None
