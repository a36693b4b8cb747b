"""Markers: how a plain request tells the sandbox what to pretend.

The sandbox never downloads media and never looks into a picture. What the real upstream would find out, a caller
writes into the URL or the prompt; requests stay valid for the real upstream.

In a media URL (image, video, audio, or the URL of an asset):

* ``?seconds=12``, ``?width=640&height=480``: length and size of the medium;
* a last path segment ``fail-<Code>`` (``fail-DownloadFailed.png``): as an asset it ends ``Failed`` with that code,
  in a task it is refused at once;
* a last path segment ``reject-<Code>``: CreateAsset refuses it at once with ``InvalidParameter.<Code>``;
* ``other-person`` in the path: another face than a LivenessFace group's (``Failed``, ``FaceMismatch``).

In a prompt: ``[fail:Code]`` fails the task; ``[queue:N]`` and ``[run:N]`` set how many seconds of work (before the
time scale) it waits and renders; ``[numbers:strings]`` has its token counts and its ``duration`` written as strings.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from app.urls import MAX_WEB_URL_LENGTH, split_url

_URL_MARKER = re.compile(r"^(?P<kind>fail|reject)-(?P<code>[A-Z][A-Za-z]*(?:\.[A-Z][A-Za-z]*)*)(?:\.[a-z0-9]+)?$")
_PROMPT_MARKER = re.compile(r"\[(?P<kind>fail|queue|run|numbers):(?P<value>[A-Za-z0-9.]+)\]")
_OTHER_PERSON = "other-person"
_DEFAULT_SECONDS = 5.0
_DEFAULT_SIZE = (1280, 720)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the sandbox believes about a medium.

    Attributes:
        seconds: length of a video or sound.
        width: pixels.
        height: pixels.
        failure: code with which processing fails, or None.
        rejection: code with which CreateAsset refuses it, or None.
        is_other_person: shows somebody else than the group's person.
    """

    seconds: float = _DEFAULT_SECONDS
    width: int = _DEFAULT_SIZE[0]
    height: int = _DEFAULT_SIZE[1]
    failure: str | None = None
    rejection: str | None = None
    is_other_person: bool = False


@dataclass(frozen=True, slots=True)
class PromptTriggers:
    """What a prompt asks the sandbox to pretend; None where it says nothing.

    Attributes:
        failure: error code of the task.
        queue_seconds: work before it runs.
        run_seconds: work while it runs.
        has_numbers_as_strings: token counts and ``duration`` are written as strings.
    """

    failure: str | None = None
    queue_seconds: float | None = None
    run_seconds: float | None = None
    has_numbers_as_strings: bool = False


def is_web_url(url: str) -> bool:
    """Returns whether a text is an absolute http or https URL of at most 8192 characters."""
    if len(url) > MAX_WEB_URL_LENGTH:
        return False
    try:
        parts = split_url(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def read_media_facts(url: str) -> MediaFacts:
    """Returns what a media URL says about itself; a data URI says nothing."""
    if url.startswith("data:"):
        return MediaFacts()
    parts = split_url(url)
    path = unquote(parts.path)
    query = parse_qs(parts.query)
    marker = _URL_MARKER.match(path.rsplit("/", 1)[-1])
    kind, code = (marker["kind"], marker["code"]) if marker else (None, None)
    return MediaFacts(
        seconds=_number(query, "seconds", _DEFAULT_SECONDS),
        width=int(_number(query, "width", _DEFAULT_SIZE[0])) or _DEFAULT_SIZE[0],
        height=int(_number(query, "height", _DEFAULT_SIZE[1])) or _DEFAULT_SIZE[1],
        failure=code if kind == "fail" else None,
        rejection=code if kind == "reject" else None,
        is_other_person=_OTHER_PERSON in path,
    )


def read_prompt_triggers(prompt: str) -> PromptTriggers:
    """Returns the markers of a prompt; of several of one kind the last counts, a non-number counts as absent."""
    found = {match["kind"]: match["value"] for match in _PROMPT_MARKER.finditer(prompt)}
    return PromptTriggers(
        failure=found.get("fail"),
        queue_seconds=_to_seconds(found.get("queue")),
        run_seconds=_to_seconds(found.get("run")),
        has_numbers_as_strings=found.get("numbers") == "strings",
    )


def _number(query: dict[str, list[str]], name: str, default: float) -> float:
    seconds = _to_seconds(query.get(name, [""])[0])
    return default if seconds is None else seconds


def _to_seconds(text: str | None) -> float | None:
    if not text or not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,3})?", text):
        return None
    return float(text)
