"""Until when the links in a task's ``content`` work. Pure.

A signed link says so itself, by the moment of its signing and a lifetime in seconds (TOS and S3), or by the moment of
its end (``Expires``, an older scheme of S3). One that does not say counts as good for 24 hours from the end of its
task, as the upstream signs.

Source: reference ``upstream.md`` §2.1, and the query parameters of presigned URLs of TOS and S3.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

LIFETIME_SECONDS = 24 * 3600
"""How long a link of the upstream works from the end of its task."""

_SCHEMES = ("https://", "http://")
_SIGNED_FOR = (("x-tos-date", "x-tos-expires"), ("x-amz-date", "x-amz-expires"))
_SIGNED_UNTIL = "expires"
_READ = {_SIGNED_UNTIL, *(name for pair in _SIGNED_FOR for name in pair)}
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_DATE_FORMAT = "%Y%m%dT%H%M%SZ"
# Lifetimes are days. What has more digits is a mistake, and clients could not make a date of some of it.
_LIFETIME = re.compile(r"[1-9][0-9]{0,6}")
# From 2001 to 2286; in other units, or counted from now, it has fewer digits or more.
_MOMENT = re.compile(r"[1-9][0-9]{9}")


def content_expires_at(content: Mapping[str, Any], ended_at: int) -> int | None:
    """Returns until when all links of a ``content`` work; None when it has no link.

    Args:
        content: of a task's wire form: members such as ``video_url``, whatever their values.
        ended_at: when the task ended, Unix seconds.

    Returns:
        Unix seconds, of the link that ends first.
    """
    links = [value for value in content.values() if isinstance(value, str) and value.lower().startswith(_SCHEMES)]
    return min((link_expires_at(link) or ended_at + LIFETIME_SECONDS for link in links), default=None)


def link_expires_at(link: str) -> int | None:
    """Returns until when a signed link works, by what its query says, in Unix seconds; None when it does not say.

    Parameters match in any case and may be percent-encoded. Values out of their bounds say nothing, nor does a
    parameter that is there twice with different values.
    """
    return min(_moments(_parameters(link)), default=None)


def _moments(given: Mapping[str, str]) -> Iterator[int]:
    for date, lifetime in _SIGNED_FOR:
        signed_at = _signed_at(given.get(date, ""))
        if signed_at is not None and _LIFETIME.fullmatch(given.get(lifetime, "")):
            yield signed_at + int(given[lifetime])
    if _MOMENT.fullmatch(given.get(_SIGNED_UNTIL, "")):
        yield int(given[_SIGNED_UNTIL])


def _signed_at(text: str) -> int | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        moment = datetime.strptime(text, _DATE_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return int(moment) if moment > 0 else None


def _parameters(link: str) -> dict[str, str]:
    """Returns the parameters of a link's query that tell of time, those aside that contradict themselves."""
    query = link.partition("#")[0].partition("?")[2]
    found: dict[str, set[str]] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote(name).lower()
        if name in _READ:
            found.setdefault(name, set()).add(unquote(value))
    return {name: values.pop() for name, values in found.items() if len(values) == 1}
