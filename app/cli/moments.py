"""Moments as a person writes them. Pure."""

import re
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"(\d{1,6})\s*(s|min|m|h|d|w)", re.ASCII)
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def to_moment(text: str, now: datetime) -> datetime:
    """Returns a moment in the past, in UTC.

    Args:
        text: how long ago it was (``90min``, ``6h``, ``2d``), a date, or an ISO 8601 time; what names no offset is in
            this machine's time zone.
        now: an aware time.

    Raises:
        ValueError: it is none of these, or in the future.
    """
    age = _AGE.fullmatch(text.strip().lower())
    try:
        moment = now - int(age[1]) * _UNITS[age[2]] if age else datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        example = "2026-01-31T12:00:00Z, 2026-01-31, 90min, 6h or 2d"
        raise ValueError(f"{text!r} is no time: give one such as {example}") from None
    if moment > now:
        raise ValueError(f"{text!r} is in the future")
    return moment.astimezone(UTC)
