"""Times as a person says them. Pure."""

from datetime import datetime

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_MOST_DAYS = 60


def relative(text: str, now: datetime) -> str:
    """Returns the distance of a time from now, such as ``3 min ago`` or ``in 2 d``; a distant one as its date.

    Args:
        text: an RFC 3339 time with an offset.
        now: an aware time.
    """
    moment = datetime.fromisoformat(text)
    seconds = (moment - now).total_seconds()
    if abs(seconds) > _MOST_DAYS * _UNITS[0][0]:
        return moment.date().isoformat()
    size, unit = next(((size, unit) for size, unit in _UNITS if abs(seconds) >= size), _UNITS[-1])
    count = f"{int(abs(seconds) // size)} {unit}"
    return f"in {count}" if seconds > 0 else f"{count} ago"
