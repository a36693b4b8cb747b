"""Works out until when the links in a task's ``content`` work. Pure.

The query of a signed link has the time of its signing and a lifetime in seconds (TOS and S3), or the time of its end
(``Expires``, an older scheme of S3). A link with neither counts as valid for 24 hours from the end of its task, which
is how the upstream signs.

Source: reference ``upstream.md`` §2.1, and the query parameters of presigned URLs of TOS and S3.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import unquote

from app.urls import MAX_WEB_URL_LENGTH

LIFETIME_SECONDS = 24 * 3600
"""How long a link of the upstream works from the end of its task."""

_SCHEMES = ("https://", "http://")
_SIGNED_FOR = (("x-tos-date", "x-tos-expires"), ("x-amz-date", "x-amz-expires"))
_SIGNED_UNTIL = "expires"
_READ = {_SIGNED_UNTIL, *(name for pair in _SIGNED_FOR for name in pair)}
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
# Lifetimes are days; a longer number is wrong.
_LIFETIME = re.compile(r"[1-9][0-9]{0,6}")
_MOMENT = re.compile(r"[0-9]{10}")
# From 2001 to 2286; numbers outside are in other units or relative, and some are no valid date.
_MOMENTS = range(10**9, 10**10)
# Links are parsed at every GET and for every item of a LIST, so the cost is bounded. Usual are three links of seven
# parameters; the names and values that are read have at most 16 characters, each of which may be escaped.
_MAX_LINKS = 16
_MAX_PARAMETERS = 64
_MAX_PART_LENGTH = 3 * 16


def content_expires_at(content: Mapping[str, Any], ended_at: int) -> int | None:
    """Returns until when all links of a ``content`` work; None when it has no link.

    Args:
        content: the ``content`` of a task: members such as ``video_url``, with any values.
        ended_at: when the task ended, Unix seconds.

    Returns:
        Unix seconds, of the link that ends first; links after the 16th are not read.
    """
    found = (value for value in content.values() if isinstance(value, str) and value[:8].lower().startswith(_SCHEMES))
    links = islice(found, _MAX_LINKS)
    return min((link_ends_at(link, ended_at) for link in links), default=None)


def link_ends_at(link: str, ended_at: int) -> int:
    """Returns until when one link of a task works, in Unix seconds; ``ended_at`` is when the task ended."""
    return link_expires_at(link) or ended_at + LIFETIME_SECONDS


def link_expires_at(link: str) -> int | None:
    """Returns until when a signed link works, in Unix seconds; None when its query does not show it.

    The names of parameters match in any case and may be percent-encoded. Values out of bounds are ignored, and so are
    repeated parameters with different values. A link of more than 8192 characters or 64 parameters is not read.
    """
    if len(link) > MAX_WEB_URL_LENGTH:
        return None
    return min((moment for moment in _moments(_parameters(link)) if moment in _MOMENTS), default=None)


def _moments(given: Mapping[str, str]) -> Iterator[int]:
    for date, lifetime in _SIGNED_FOR:
        signed_at = _signed_at(given.get(date, ""))
        if signed_at is not None and _LIFETIME.fullmatch(given.get(lifetime, "")):
            yield signed_at + int(given[lifetime])
    until = given.get(_SIGNED_UNTIL, "")
    if _MOMENT.fullmatch(until):
        yield int(until)


def _signed_at(text: str) -> int | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return int(datetime.strptime(text, _DATE_FORMAT).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _parameters(link: str) -> dict[str, str]:
    """Returns the parameters of a link's query about time, without repeated ones that differ."""
    query = link.partition("#")[0].partition("?")[2]
    found: dict[str, set[str]] = {}
    if query.count("&") >= _MAX_PARAMETERS:
        return {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote(name).lower() if len(name) <= _MAX_PART_LENGTH else ""
        if name in _READ:
            # A value that is cut here is too long to be valid.
            found.setdefault(name, set()).add(unquote(value[: _MAX_PART_LENGTH + 1]))
    return {name: values.pop() for name, values in found.items() if len(values) == 1}
