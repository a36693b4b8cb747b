"""The three forms of a media URL: ``http(s)://…``, ``data:<image|audio>/…;base64,…`` and ``asset://<id>``.

A web URL has at most 8192 characters; a data URI may be as long as the body.
"""

import re

from app.tasks.refusals import not_valid
from app.urls import MAX_WEB_URL_LENGTH, split_url

MEDIA_PAYLOADS = ("image_url", "video_url", "audio_url")
"""The members of a content item that hold ``{"url": …}``."""

_ASSET_URL = re.compile(r"asset://([A-Za-z0-9_-]{1,128})")
_WEB_SCHEME = re.compile(r"https?://", re.IGNORECASE)
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
        path: where, ``content[1].image_url.url``.
        payload: which of ``MEDIA_PAYLOADS`` holds it; a video must not be a data URI.

    Raises:
        InvalidParameterError: 400, it has none of the allowed forms.

    Source: the spec's table "Parameter Limits"; the message about videos is the upstream's.
    """
    if _WEB_SCHEME.match(url) and len(url) > MAX_WEB_URL_LENGTH:
        raise not_valid(path, f"a web url may have at most {MAX_WEB_URL_LENGTH} characters")
    if is_web_url(url) or asset_id_of(url) is not None:
        return
    if payload == "video_url":
        raise not_valid(path, "reference_video must be provided as a web url or asset://<ASSET_ID>")
    kind = payload.removesuffix("_url")
    if not _is_data_uri(url, kind):
        forms = f"an http(s) URL, data:{kind}/<format>;base64,<BASE64> or asset://<ASSET_ID>"
        raise not_valid(path, f"expected {forms}")


def is_web_url(url: str) -> bool:
    """Returns whether ``url`` is an absolute http or https URL with a host and without invisible characters.

    The length is checked first, because all the rest costs in proportion to it.
    """
    if len(url) > MAX_WEB_URL_LENGTH or not _WEB_SCHEME.match(url) or not url.isprintable() or url != url.strip():
        return False
    try:
        parts = split_url(url)
        _ = parts.port  # raises when it is no port
    except ValueError:
        return False
    return bool(parts.hostname) and " " not in parts.netloc


def _is_data_uri(url: str, kind: str) -> bool:
    """Looks at both ends only: a body may hold 60 MB of base64, and the upstream decodes it anyway."""
    match = _DATA_URI.match(url)
    if match is None or match[1] != kind or not url.isascii():
        return False
    start = match.end()
    first = url[start : start + _CHECKED_LENGTH]
    last = url[max(start, len(url) - _CHECKED_LENGTH) :]
    return _BASE64.fullmatch(first) is not None and _BASE64.fullmatch(last) is not None
