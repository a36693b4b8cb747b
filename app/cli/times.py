"""Times as people write and read them. Pure."""

import re
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"(\d{1,6})\s*(s|min|m|h|d|w)", re.ASCII)
_AGE_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_SHOWN_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_MAX_SHOWN_SECONDS = 60 * 86_400


def parse_past_time(text: str, now: datetime) -> datetime:
    """Returns a time in the past, in UTC.

    Args:
        text: an age (``90min``, ``6h``, ``2d``), a date, or an ISO 8601 time; without an offset it is in the time zone
            of this machine.
        now: a time with an offset.

    Raises:
        ValueError: it is none of these, or in the future.
    """
    age = _AGE.fullmatch(text.strip().lower())
    try:
        moment = now - int(age[1]) * _AGE_UNITS[age[2]] if age else datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        example = "2026-01-31T12:00:00Z, 2026-01-31, 90min, 6h or 2d"
        raise ValueError(f"{text!r} is no time: give one such as {example}") from None
    if moment > now:
        raise ValueError(f"{text!r} is in the future")
    return moment.astimezone(UTC)


def relative_time(text: str, now: datetime) -> str:
    """Returns an RFC 3339 time relative to ``now``, such as ``3 min ago`` or ``in 2 d``; beyond 60 days its date."""
    moment = datetime.fromisoformat(text)
    seconds = (moment - now).total_seconds()
    if abs(seconds) > _MAX_SHOWN_SECONDS:
        return moment.date().isoformat()
    size, unit = next(((size, unit) for size, unit in _SHOWN_UNITS if abs(seconds) >= size), _SHOWN_UNITS[-1])
    count = f"{int(abs(seconds) // size)} {unit}"
    return f"in {count}" if seconds > 0 else f"{count} ago"
