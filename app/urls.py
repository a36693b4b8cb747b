"""The one rule for a web URL that a client sends, and splitting of URLs without a cache.

``urllib.parse.urlsplit`` keeps its last 128 arguments for the life of the process, so what one client sent would stay
in memory long after its request. A test allows only this module to import it.
"""

import re
from collections.abc import Callable
from typing import cast
from urllib.parse import SplitResult, urlsplit

MAX_WEB_URL_LENGTH = 8192
"""Characters of the longest web URL that a client may send. It is checked before the URL is split."""

MALFORMED = "the host or the port of the url is malformed"
"""Said of a web URL whose authority cannot be read."""

_WEB_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_split = cast("Callable[[str], SplitResult]", urlsplit.__wrapped__)  # type: ignore[attr-defined]  # below its cache


def split_url(url: str) -> SplitResult:
    """Returns the parts of a URL, as ``urlsplit`` does. The cost is linear, so callers check the length first.

    Raises:
        ValueError: it is no URL; ``port`` of the result raises it too.
    """
    return _split(url)


def fault_of_web_url(url: str, longest: int = MAX_WEB_URL_LENGTH) -> str | None:
    """Returns why ``url`` is no web URL, as a clause without a full stop; None when it is one.

    A web URL is absolute, with http or https and a host, and has at most ``longest`` characters. Letters of any script
    are allowed, and so are blanks in the path and behind it: many file names have them, and HTTP clients escape them.

    The length is checked first, because all the rest costs in proportion to it.
    """
    if len(url) > longest:
        return f"the url may have at most {longest} characters"
    fault = fault_of_characters(url)
    if fault is not None:
        return fault
    return _fault_of_parts(url) if begins_as_web_url(url) else "a web url begins with http:// or https://"


def begins_as_web_url(url: str) -> bool:
    """Says whether a text begins with ``http://`` or ``https://``, in upper or lower case."""
    return _WEB_SCHEME.match(url) is not None


def fault_of_characters(url: str) -> str | None:
    """Returns why the characters of ``url`` are refused: a blank at an end, or one that cannot be seen.

    Such a character gets into a URL by copying. Programs disagree about whether it counts, so it is named instead.
    """
    fault = fault_of_ends(url)
    if fault is not None or url.isprintable():
        return fault
    place, odd = next((place, one) for place, one in enumerate(url, start=1) if not one.isprintable())
    return f"character {place} of the url is U+{ord(odd):04X}, which must be removed or percent-encoded"


def fault_of_ends(url: str) -> str | None:
    """Returns why the ends of a text that stands for a URL are refused, at the same cost for any length."""
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
