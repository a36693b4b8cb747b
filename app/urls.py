"""Validation of web URLs from clients, and splitting of URLs without a cache.

``urllib.parse.urlsplit`` caches its last 128 arguments, so that a client's data would stay in memory after its request.
A test allows only this module to import it.
"""

import re
from collections.abc import Callable
from typing import cast
from urllib.parse import SplitResult, urlsplit

MAX_WEB_URL_LENGTH = 8192
"""The maximum length of a client's web URL, checked before it is split."""

MALFORMED = "the host or the port of the url is malformed"
"""The message for a web URL whose authority cannot be parsed."""

_WEB_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_split = cast("Callable[[str], SplitResult]", urlsplit.__wrapped__)  # type: ignore[attr-defined]  # without the cache


def split_url(url: str) -> SplitResult:
    """Splits a URL like ``urlsplit``. The cost is linear, so check the length first.

    Raises:
        ValueError: it is no URL; ``port`` of the result raises it, too.
    """
    return _split(url)


def fault_of_web_url(url: str, max_length: int = MAX_WEB_URL_LENGTH) -> str | None:
    """Returns why ``url`` is no web URL, as a clause without a full stop, or None when it is one.

    A web URL is absolute, with http or https and a host, and has at most ``max_length`` characters. Letters of any
    script are allowed, and so are blanks from the path on: many file names have them, and HTTP clients escape them.

    The length is checked first, because the cost of the other checks is proportional to it.
    """
    if len(url) > max_length:
        return f"the url may have at most {max_length} characters"
    fault = fault_of_characters(url)
    if fault is not None:
        return fault
    return _fault_of_parts(url) if begins_as_web_url(url) else "a web url begins with http:// or https://"


def begins_as_web_url(url: str) -> bool:
    """Whether a text begins with ``http://`` or ``https://``, in upper or lower case."""
    return _WEB_SCHEME.match(url) is not None


def fault_of_characters(url: str) -> str | None:
    """Returns why the characters of ``url`` are refused: an outer blank, or an invisible character.

    Such characters come from copying a URL. Programs differ in whether they ignore them, so the message names them.
    """
    fault = fault_of_ends(url)
    if fault is not None or url.isprintable():
        return fault
    position, odd = next((position, one) for position, one in enumerate(url, start=1) if not one.isprintable())
    return f"character {position} of the url is U+{ord(odd):04X}, which must be removed or percent-encoded"


def fault_of_ends(url: str) -> str | None:
    """Returns why a URL is refused for an outer blank, or None; the cost does not depend on the length."""
    is_blank = url[:1].isspace() or url[-1:].isspace()
    return "the url begins or ends with a blank, which must be removed" if is_blank else None


def _fault_of_parts(url: str) -> str | None:
    try:
        parts = split_url(url)
        port = parts.port
    except ValueError:
        return MALFORMED
    if not parts.hostname:
        return "the url has no host"
    if " " in parts.netloc:
        return "the host of the url has a blank inside"
    return "the port of the url must not be 0" if port == 0 else None
