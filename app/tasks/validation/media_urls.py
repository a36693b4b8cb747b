"""The three forms of a media URL: ``http(s)://…``, ``data:<image|audio>/…;base64,…`` and ``asset://<id>``.

The rule of web URLs is that of the Assets actions (``app.urls``); a data URI may be as long as the body.
"""

import re

from app.create_parameters import CONTENT_TYPES
from app.tasks.validation.errors import not_valid
from app.urls import MAX_WEB_URL_LENGTH, begins_as_web_url, fault_of_characters, fault_of_ends, fault_of_web_url

MEDIA_PAYLOADS = tuple(name for name, type_ in CONTENT_TYPES.items() if type_.member == "url")
"""The members of a content item that hold ``{"url": …}``."""

_ASSET_URL = re.compile(r"asset://([A-Za-z0-9_-]{1,128})")
_DATA_URI = re.compile(r"data:(image|audio)/[a-z0-9][a-z0-9.+-]{0,126};base64,")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_CHECKED_LENGTH = 1024


def asset_id_of(url: object) -> str | None:
    """Returns the id in ``asset://<id>``, or None when ``url`` is not exactly that."""
    match = _ASSET_URL.fullmatch(url) if isinstance(url, str) else None
    return match[1] if match else None


def check_media_url(url: str, path: str, payload: str) -> None:
    """Checks a media URL.

    Args:
        url: what the client sent.
        path: the path of the URL in the body, such as ``content[1].image_url.url``.
        payload: its member of ``MEDIA_PAYLOADS``; a video must not be a data URI.

    Raises:
        InvalidParameterError: 400, it has no allowed form.

    Source: the spec's table "Parameter Limits"; the message about videos is the upstream's.
    """
    if asset_id_of(url) is not None:
        return
    fault = fault_of_web_url(url) if begins_as_web_url(url) else _fault_of_other(url, payload)
    if fault is not None:
        raise not_valid(path, fault)


def _fault_of_other(url: str, payload: str) -> str | None:
    """Returns why a text that does not begin as a web URL is refused; None for an allowed data URI."""
    # A data URI may have 60 MB, so only its ends are checked.
    fault = fault_of_characters(url) if len(url) <= MAX_WEB_URL_LENGTH else fault_of_ends(url)
    if fault is not None:
        return fault
    if payload == "video_url":
        return "reference_video must be provided as a web url or asset://<ASSET_ID>"
    kind = payload.removesuffix("_url")
    if _is_data_uri(url, kind):
        return None
    return f"expected an http(s) URL, data:{kind}/<format>;base64,<BASE64> or asset://<ASSET_ID>"


def _is_data_uri(url: str, kind: str) -> bool:
    """Checks both ends only: a body may have 60 MB of base64, which the upstream decodes anyway."""
    match = _DATA_URI.match(url)
    if match is None or match[1] != kind or not url.isascii():
        return False
    start = match.end()
    first = url[start : start + _CHECKED_LENGTH]
    last = url[max(start, len(url) - _CHECKED_LENGTH) :]
    return _BASE64.fullmatch(first) is not None and _BASE64.fullmatch(last) is not None
