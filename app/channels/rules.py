"""What the settings of a channel must look like. Pure."""

from app.channels.channel import ALL_PLANES, Channel, ChannelStatus, Plane
from app.upstream.origins import parse_origin

DEFAULT_CHANNEL = "default"
"""Name of the channel that the environment describes."""

_MAX_URL_LENGTH = 2048


def check_url(text: str) -> str:
    """Returns a base URL with its origin in the canonical spelling and without a slash at its end.

    Raises:
        ValueError: it is not ``http(s)://host[:port][/path]``; credentials, a query or a fragment would be sent
            with every request and end up in logs.
    """
    if len(text) > _MAX_URL_LENGTH or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("it must be an ASCII URL without blanks")
    authority, slash, path = text.partition("//")[2].partition("/")
    if "@" in authority:
        raise ValueError("it must not hold a user name or password")
    if "?" in text or "#" in text:
        raise ValueError("it must not hold a query or a fragment")
    return (parse_origin(text).text + slash + path).rstrip("/")


def is_same_origin(url: str, other: str) -> bool:
    """Whether two URLs lead to the same server; false when one of them leads to none."""
    try:
        return parse_origin(url) == parse_origin(other)
    except ValueError:
        return False


def check_name(text: str) -> str:
    """Returns a channel's name.

    Raises:
        ValueError: it looks like an id; where an operator may write either, nobody could tell them apart.
    """
    if text.startswith("ch_"):
        raise ValueError("it must not begin with ch_, as ids do")
    return text


def check_rename(before: str, after: str) -> None:
    """Refuses to rename the channel that the environment describes: the next start would make it a second time.

    Raises:
        ValueError: it is that channel, and its name would change.
    """
    if before == DEFAULT_CHANNEL != after:
        raise ValueError(f"the channel {DEFAULT_CHANNEL} is the one that the environment describes, and keeps its name")


def check_secret(text: str) -> None:
    """Refuses what was copied by mistake with a secret: a blank, a line end, a typographic quote.

    Raises:
        ValueError: the text is not printable ASCII without blanks.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it must be printable ASCII without blanks")


def changed_planes(before: Channel, after: Channel) -> frozenset[Plane]:
    """Returns the planes that are reached at another address or with other credentials than before."""
    changed: set[Plane] = set()
    if before.ark != after.ark:
        changed.add("ark")
    if before.openapi != after.openapi:
        changed.add("openapi")
    return frozenset(changed)


def planes_to_verify(before: Channel, after: Channel, *, wanted_status: str | None) -> frozenset[Plane] | None:
    """Returns which planes must still answer for a change to leave the channel active; None: it stays suspended.

    An operator's suspension is lifted by the operator, and then everything is verified. The gateway's own is
    lifted by new credentials too, once everything answers with them.

    Args:
        before: the channel as it is.
        after: its new addresses and credentials.
        wanted_status: what the operator asks for, or None.
    """
    changed = changed_planes(before, after)
    was_active = before.status == ChannelStatus.ACTIVE
    if wanted_status == ChannelStatus.SUSPENDED:
        return None
    if was_active:
        return changed
    if wanted_status == ChannelStatus.ACTIVE or (before.status_reason is not None and changed):
        return ALL_PLANES
    return None
