"""How old the stored state of a task is: whether the upstream may be asked again, and what clients are told. Pure."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.tasks.models import TaskRow, TaskStatus

MIN_REFRESH_INTERVAL = timedelta(seconds=2)
"""The upstream is not asked about a task again within this time."""

_STALE_AFTER = timedelta(seconds=15)
_ALWAYS = datetime.min.replace(tzinfo=UTC)


class Freshness(NamedTuple):
    """What the age of a row means for a client that asks about the task.

    Attributes:
        call_due_at: from when on the upstream is asked first; None: never.
        seen_at: when the state was read from the upstream, or the task made.
        stale_after: from when on the answer says how old it is; None: never.
    """

    call_due_at: datetime | None
    seen_at: datetime
    stale_after: datetime | None

    def is_call_due(self, now: datetime) -> bool:
        """Whether the upstream should be asked first."""
        return self.call_due_at is not None and now >= self.call_due_at

    def stale_seconds(self, now: datetime) -> int | None:
        """Returns the age of the state if it is over 15 seconds, or if the upstream did not answer the last call."""
        if self.stale_after is None or now <= self.stale_after:
            return None
        return max(int((now - self.seen_at).total_seconds()), 0)


def freshness_of(row: TaskRow) -> Freshness:
    """Returns the freshness of a task's row."""
    seen_at = row.polled_at or row.created_at
    if TaskStatus(row.status).is_final:
        return Freshness(None, seen_at, None)
    is_answered = row.asked_at is None or row.asked_at <= seen_at
    stale_after = seen_at + _STALE_AFTER if is_answered else _ALWAYS
    if row.upstream_id is None:
        return Freshness(None, seen_at, stale_after)
    last_call_at = max((at for at in (row.asked_at, row.polled_at) if at is not None), default=None)
    return Freshness(_ALWAYS if last_call_at is None else last_call_at + MIN_REFRESH_INTERVAL, seen_at, stale_after)
