"""The only door through which a task's state changes once the upstream has it.

Whoever brings the news (a tenant's GET, the follower, a delete), it goes through ``apply_upstream_state``.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog

from app.tasks.models import TaskRow, TaskStatus

_FIRST_LOOK = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(seconds=60)
_AGE_SHARE = 10
# The upstream forgets a task after seven days, so no window is longer.
_LONGEST_WINDOW = timedelta(days=7)
_DEFAULT_WINDOW = timedelta(hours=72)
_WINDOW_MARGIN = timedelta(hours=1)
_MOST_TOKENS = 2**53
_UPSTREAM_STATUSES = {
    status.value for status in TaskStatus if status not in {TaskStatus.SUBMITTING, TaskStatus.UNKNOWN}
}

_log = structlog.get_logger()


def next_look_after(created_at: datetime, now: datetime) -> datetime:
    """Returns when to look again: after a tenth of the task's age, from 5 to 60 seconds."""
    return now + min(max((now - created_at) / _AGE_SHARE, _FIRST_LOOK), _LONGEST_PAUSE)


def apply_upstream_state(row: TaskRow, body: dict[str, Any], *, now: datetime) -> None:
    """Writes what the upstream said about a task into its row.

    Idempotent. A final state never changes again. A status that is not known is logged and kept in the snapshot
    while the task keeps its last known status.

    Args:
        row: the task, locked in an open transaction.
        body: the upstream's GET answer.
        now: the present moment.
    """
    if TaskStatus(row.status).is_final:
        return
    row.looked_at = now
    row.updated_at = now
    row.snapshot = _without_nul(body)
    row.next_look_at = next_look_after(row.created_at, now)
    status = body.get("status")
    if status not in _UPSTREAM_STATUSES:
        _log.error("unknown_upstream_status", task=row.upstream_id, status=str(status)[:64])
        return
    row.status = TaskStatus(status).value
    if TaskStatus(row.status).is_final:
        row.finished_at = now
        row.next_look_at = None
        row.total_tokens = _total_tokens(body)


def apply_absence(row: TaskRow, *, now: datetime) -> None:
    """Writes that the upstream does not know the task.

    One such answer proves nothing; only when the task's own window has certainly passed does it end ``expired``.
    """
    if TaskStatus(row.status).is_final:
        return
    if now > row.created_at + _window(row) + _WINDOW_MARGIN:
        row.status = TaskStatus.EXPIRED.value
        row.finished_at = now
        row.next_look_at = None
        row.updated_at = now
    else:
        row.next_look_at = next_look_after(row.created_at, now)


def apply_cancellation(row: TaskRow, *, now: datetime) -> None:
    """Writes that the upstream accepted the deletion of a queued task, which cancels it."""
    if TaskStatus(row.status).is_final:
        return
    row.status = TaskStatus.CANCELLED.value
    row.finished_at = now
    row.updated_at = now
    row.next_look_at = None


def _window(row: TaskRow) -> timedelta:
    seconds = row.parameters.get("execution_expires_after")
    if not isinstance(seconds, int):
        return _DEFAULT_WINDOW
    return timedelta(seconds=min(seconds, _LONGEST_WINDOW.total_seconds()))


def _total_tokens(body: dict[str, Any]) -> int | None:
    usage = body.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    if not isinstance(total, int | float) or not 0 <= total <= _MOST_TOKENS:
        return None
    return int(total)


def _without_nul(value: Any) -> Any:
    """Drops NUL characters, which PostgreSQL's jsonb cannot hold."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    return value
