"""Changes the state of tasks.

All status changes, whatever their source, are made by the ``apply_…`` functions in this module. Each is called with the
row locked in an open transaction; the change, its entry in the history, the delivery to the tenant's ``callback_url``
the copies that are
to be made, and, when the state is final, the task's row in the ledger are committed together.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.archive.outbox import COPIED, enqueue_copies
from app.observability.counters import OWNERSHIP_CONFLICTS, STALE_ANSWERS, TASK_CHANGES, UNKNOWN_STATUSES
from app.tasks.link_expiry import LIFETIME_SECONDS, link_expires_at
from app.tasks.models import TaskEventRow, TaskRow, TaskStatus
from app.tasks.poll_schedule import next_poll_after
from app.tasks.responses import to_task, without_own_fields
from app.tasks.settlement import to_ledger_row, total_tokens_of
from app.usage.pricing import Pricing
from app.webhooks.outbox import enqueue

OUTCOME_UNKNOWN = "OutcomeUnknown"
"""Code of a task whose create was not clearly answered and which the upstream provably does not have."""

_FIRST_SEARCH = timedelta(seconds=3)
# The upstream keeps a task for seven days, so no window is longer.
_MAX_WINDOW = timedelta(days=7)
_DEFAULT_WINDOW = timedelta(hours=72)
_WINDOW_MARGIN = timedelta(hours=1)
_LINK_LIFETIME = timedelta(seconds=LIFETIME_SECONDS)
# Bounds of what our answers and PostgreSQL's jsonb can hold.
_MAX_DEPTH = 64
_MAX_NUMBER = 2**63
_UPSTREAM_STATUSES = {
    status.value for status in TaskStatus if status not in {TaskStatus.SUBMITTING, TaskStatus.UNKNOWN}
}

MIN_WINDOW = timedelta(hours=1)
"""The shortest time from a task's create to the end of its window."""

RETENTION = _MAX_WINDOW + _WINDOW_MARGIN
"""The upstream certainly no longer keeps a task that is older."""

_log = structlog.get_logger()


class Source(StrEnum):
    """What caused a change; the values stand in the history of tasks."""

    CREATE = "create"
    POLL = "poll"
    LIST = "list"
    CALLBACK = "callback"
    DELETE = "delete"
    RECONCILER = "reconciler"
    OPERATOR = "operator"


def apply_upstream_id(
    session: AsyncSession, row: TaskRow, upstream_id: str, *, source: Source, now: datetime, detail: str | None = None
) -> bool:
    """Writes which upstream task an intent became; idempotent.

    Args:
        session: the session of the open transaction.
        row: the intent, ``submitting`` or ``unknown``.
        upstream_id: shown by exact evidence, and owned by no other row (a unique index would refuse it).
        source: what the evidence came from.
        now: the present moment.
        detail: the evidence in a few words, for the operator.

    Returns:
        False when the row has another upstream id or ended without one; nothing changes, and an error is logged.
    """
    if row.upstream_id == upstream_id:
        return True
    if row.upstream_id is not None or TaskStatus(row.status).is_final:
        OWNERSHIP_CONFLICTS.inc()
        _log.error("second_upstream_task_for_one_intent", task=row.id, upstream_id=upstream_id, source=source.value)
        return False
    row.upstream_id = upstream_id
    row.claimed_upstream_id = None
    row.absent_at = None
    is_direct = source is Source.CREATE and row.status == TaskStatus.SUBMITTING.value
    _transition(session, row, TaskStatus.QUEUED, source=source, now=now, detail=detail)
    row.next_poll_at = next_poll_after(row.created_at, now) if is_direct else now
    return True


def apply_unknown(
    session: AsyncSession, row: TaskRow, *, source: Source, now: datetime, cut_at: datetime | None = None
) -> None:
    """Writes that a create was sent and not clearly answered: the reconciler searches for it from now on.

    ``cut_at`` is when this became certain, by default the present moment.
    """
    if row.status != TaskStatus.SUBMITTING.value or row.upstream_id is not None:
        return
    row.is_spare_id_public = True
    row.cut_at = cut_at or now
    _transition(session, row, TaskStatus.UNKNOWN, source=source, now=now)
    row.next_poll_at = now + _FIRST_SEARCH


def apply_no_task(
    session: AsyncSession,
    row: TaskRow,
    *,
    source: Source,
    now: datetime,
    code: str = OUTCOME_UNKNOWN,
    message: str = "The request was not clearly answered, and no task came of it. Nothing was charged.",
) -> None:
    """Writes that the upstream provably has no task for an intent: it ends ``failed``, and nothing was charged."""
    if row.upstream_id is not None or TaskStatus(row.status).is_final:
        return
    row.snapshot = {"error": {"code": code, "message": message}, "service_tier": row.service_tier}
    _transition(session, row, TaskStatus.FAILED, source=source, now=now, detail=code)


def apply_upstream_state(
    session: AsyncSession,
    row: TaskRow,
    body: dict[str, Any],
    *,
    pricing: Pricing,
    asked_at: datetime,
    source: Source,
    now: datetime,
) -> None:
    """Writes the upstream's answer about a task into its row.

    Idempotent. A final state never changes. An answer to an older request than the last one that was answered is
    dropped, unless its status is final. An unknown status is counted, logged and kept in the snapshot; the task keeps
    its status.

    Args:
        session: the session of the open transaction.
        row: the task.
        body: the upstream's GET answer, or an unfinished item of its list.
        pricing: the prices, by which a task that ends is settled.
        asked_at: when the upstream was asked.
        source: what kind of call it was.
        now: the present moment.
    """
    if TaskStatus(row.status).is_final:
        return
    status = TaskStatus(body["status"]) if body.get("status") in _UPSTREAM_STATUSES else None
    is_final = status is not None and status.is_final
    if row.polled_at is not None and asked_at < row.polled_at and not is_final:
        STALE_ANSWERS.inc()
        return
    # A final answer may be an older one; the time of a poll never goes back, since progress is shown by it.
    row.polled_at = max(asked_at, row.polled_at or asked_at)
    row.updated_at = now
    row.snapshot = _sanitize(without_own_fields(body))
    row.next_poll_at = next_poll_after(row.created_at, now)
    if status is None:
        UNKNOWN_STATUSES.inc()
        _log.error("unknown_upstream_status", task=row.upstream_id, status=str(body.get("status"))[:64])
        return
    if is_final:
        row.total_tokens = total_tokens_of(body)
    _transition(session, row, status, source=source, now=now, pricing=pricing)


def is_unchanged(row: TaskRow, body: dict[str, Any]) -> bool:
    """Whether an unfinished answer of the upstream says what the row has, so that only the time of the poll is new."""
    return row.status == body.get("status") and row.snapshot == _sanitize(without_own_fields(body))


def apply_not_found(session: AsyncSession, row: TaskRow, *, pricing: Pricing, source: Source, now: datetime) -> None:
    """Writes that the upstream did not find a task by its id.

    The answer alone proves nothing; the task ends ``expired`` when its own window has certainly passed. It may have
    succeeded before it was erased upstream, so its usage is estimated.
    """
    if TaskStatus(row.status).is_final:
        return
    if is_window_over(row, now=now):
        _transition(
            session,
            row,
            TaskStatus.EXPIRED,
            source=source,
            now=now,
            pricing=pricing,
            is_usage_unseen=row.upstream_id is not None,
        )
    else:
        row.next_poll_at = next_poll_after(row.created_at, now)


def apply_cancellation(
    session: AsyncSession,
    row: TaskRow,
    *,
    pricing: Pricing,
    source: Source,
    now: datetime,
    is_erased: bool = False,
) -> None:
    """Writes that the upstream accepted the deletion of a queued task, which cancels it.

    ``is_erased``: the upstream did not know the task any more, so it may have succeeded; its usage is estimated.
    """
    if not TaskStatus(row.status).is_final:
        _transition(
            session, row, TaskStatus.CANCELLED, source=source, now=now, pricing=pricing, is_usage_unseen=is_erased
        )


def is_window_over(row: TaskRow, *, now: datetime) -> bool:
    """Whether the upstream has certainly ended or removed the task."""
    return now > row.created_at + _window(row) + _WINDOW_MARGIN


def retention_cutoff(now: datetime) -> datetime:
    """Returns a time; the upstream certainly no longer keeps the tasks that were created before it."""
    return now - RETENTION


def _transition(
    session: AsyncSession,
    row: TaskRow,
    status: TaskStatus,
    *,
    source: Source,
    now: datetime,
    detail: str | None = None,
    pricing: Pricing | None = None,
    is_usage_unseen: bool = False,
) -> None:
    """Changes the status, and adds its entry in the history and, if clients see the change, the delivery.

    No status follows a final one, so a task is settled in the ledger once.
    """
    before = TaskStatus(row.status)
    row.status = status.value
    row.updated_at = now
    if status.is_final:
        row.finished_at = now
        row.next_poll_at = None
    if status is before:
        return
    TASK_CHANGES.labels(status.value).inc()
    session.add(
        TaskEventRow(
            tenant_id=row.tenant_id,
            task_id=row.id,
            at=now,
            status=status.value,
            source=source.value,
            detail=detail,
        )
    )
    if status is TaskStatus.SUCCEEDED:
        _enqueue_copies(session, row, now)
    if status.is_final:
        session.add(to_ledger_row(row, pricing, is_usage_unseen=is_usage_unseen, now=now))
    if row.callback_url is not None and status.public is not before.public:
        body = to_task(row)
        owner = {"tenant_id": row.tenant_id, "task_id": row.id, "key_id": row.key_id}
        enqueue(session, **owner, url=row.callback_url, body=body, now=now)


def _enqueue_copies(session: AsyncSession, row: TaskRow, now: datetime) -> None:
    """Makes the copies of a task that has just succeeded due, where an archive is configured."""
    content = (row.snapshot or {}).get("content")
    if not isinstance(content, dict) or row.channel_id is None:
        return
    sources = {}
    for member in COPIED:
        url = content.get(member)
        if isinstance(url, str) and url:
            ends_at = link_expires_at(url)
            sources[member] = url, now + _LINK_LIFETIME if ends_at is None else datetime.fromtimestamp(ends_at, UTC)
    enqueue_copies(
        session, tenant_id=row.tenant_id, task_id=row.id, channel_id=row.channel_id, sources=sources, now=now
    )


def _window(row: TaskRow) -> timedelta:
    seconds = row.parameters.get("execution_expires_after")
    if not isinstance(seconds, int):
        return _DEFAULT_WINDOW
    return timedelta(seconds=min(seconds, _MAX_WINDOW.total_seconds()))


def _sanitize(value: Any, depth_left: int = _MAX_DEPTH) -> Any:
    """Returns a value of the upstream without what cannot be stored, so that one bad member does not hide the others.

    NUL characters are dropped, which jsonb cannot hold. Numbers beyond 64 bits and values nested too deep become null,
    because neither an answer of ours nor a delivery could be made with them.
    """
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, int | float):
        return value if -_MAX_NUMBER <= value < _MAX_NUMBER else None
    if isinstance(value, dict | list) and not depth_left:
        return None
    if isinstance(value, dict):
        return {_sanitize(name): _sanitize(item, depth_left - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_sanitize(item, depth_left - 1) for item in value]
    return value
