"""How long ended rows are kept: the value of ``SEEDGATE_RETENTION_DAYS``, such as ``tasks=90,audit=400``."""

import re
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Self

_MIN_TOMBSTONE_DAYS = 8
_MAX_DAYS = 36_500
_ENTRY = re.compile(r"(?P<name>[a-z]+)=(?P<days>[0-9]{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RetentionDays:
    """Days, per kind of row; None: the rows are never removed.

    Attributes:
        tasks: after the end of a task; its history is removed with it.
        events: entries in the history of tasks, after they were written.
        deliveries: messages to tenants, after they were delivered or given up.
        audit: rows of the audit log.
        tombstones: after the removal of a task, how long its upstream id is known to be a tenant's. The upstream lists
            a task for seven days; without the tombstone it would then be an orphan, which could be given to another
            tenant.
    """

    tasks: int | None = None
    events: int | None = None
    deliveries: int = 30
    audit: int | None = None
    tombstones: int = _MIN_TOMBSTONE_DAYS

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parses a list of ``name=days``.

        Raises:
            ValueError: an entry is malformed, unknown, given twice, or its days are out of range.
        """
        known = [field.name for field in fields(cls)]
        found: dict[str, int] = {}
        for entry in (part.strip() for part in text.split(",") if part.strip()):
            match = _ENTRY.fullmatch(entry)
            if match is None or match["name"] not in known:
                raise ValueError(f"{entry!r} is not one of {', '.join(f'{name}=<days>' for name in known)}")
            if match["name"] in found:
                raise ValueError(f"{match['name']} is given twice")
            found[match["name"]] = int(match["days"])
        for name, days in found.items():
            least = _MIN_TOMBSTONE_DAYS if name == "tombstones" else 1
            if not least <= days <= _MAX_DAYS:
                raise ValueError(f"{name} must be from {least} to {_MAX_DAYS} days")
        return cls(**found)

    def span(self, name: str) -> timedelta | None:
        """Returns how long rows of a kind are kept; None: without end."""
        days: int | None = getattr(self, name)
        return None if days is None else timedelta(days=days)
