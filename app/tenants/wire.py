"""How moments are written."""

from datetime import datetime


def to_rfc3339(moment: datetime | None) -> str | None:
    """Returns a moment in UTC as text that ends in ``Z``, or None."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
