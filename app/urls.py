"""Splitting of URLs without a cache.

``urllib.parse.urlsplit`` keeps its last 128 arguments for the life of the process, so what one client sent would stay
in memory long after its request. A test allows only this module to import it.
"""

from collections.abc import Callable
from typing import cast
from urllib.parse import SplitResult, urlsplit

MAX_WEB_URL_LENGTH = 8192
"""Characters of the longest web URL that a client may send. It is checked before the URL is split."""

_split = cast("Callable[[str], SplitResult]", urlsplit.__wrapped__)  # type: ignore[attr-defined]  # below its cache


def split_url(url: str) -> SplitResult:
    """Returns the parts of a URL, as ``urlsplit`` does. The cost is linear, so callers check the length first.

    Raises:
        ValueError: it is no URL; ``port`` of the result raises it too.
    """
    return _split(url)
