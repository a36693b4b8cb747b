"""What a task shows of its deliveries: how it stands with the newest message, which tells of the task's last change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, FromClause, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.webhooks.failures import for_tenant
from app.webhooks.models import DeliveryRow, DeliveryStatus


class CallbackState(StrEnum):
    """How it stands with the newest message about a task.

    ``pending``: nothing has changed yet, or the message is about to be tried for the first time. ``failing``: a try
    failed, and there will be others. ``delivered``, ``failed``: its end. ``unknown``: it ended so long ago that the log
    has it no more.
    """

    PENDING = "pending"
    FAILING = "failing"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class NewestMessage:
    """What the log has of the newest message about a task.

    Attributes:
        status: a ``DeliveryStatus``.
        last_error: what the last try failed with, in the operator's words; None when none has failed.
    """

    status: str
    last_error: str | None


def newest_message(
    tenant_id: InstrumentedAttribute[str],
    task_id: InstrumentedAttribute[str],
    *,
    wanted: ColumnElement[bool],
    since: InstrumentedAttribute[datetime | None],
) -> FromClause:
    """Returns a lateral subquery: ``status`` and ``last_error`` of the newest message about a task, if there is one.

    An older message can outlive a newer one in the log, since each stays there for a time after its own end.

    Args:
        tenant_id: the task's, a column of the query that this one is joined to.
        task_id: its spare id, likewise.
        wanted: a condition on that row, which decides whether anything is looked for.
        since: of that row, when the task ended: from then on only the message about its end counts.
    """
    # The offset is a fence: otherwise the planner might prefer the index of a tenant's messages, and walk all of them.
    messages = (
        select(
            DeliveryRow.tenant_id, DeliveryRow.status, DeliveryRow.last_error, DeliveryRow.created_at, DeliveryRow.id
        )
        .where(wanted, DeliveryRow.task_id == task_id)
        .correlate(task_id.class_)
        .offset(0)
        .subquery("messages")
    )
    newest = (
        select(messages.c.status, messages.c.last_error)
        .where(messages.c.tenant_id == tenant_id, or_(since.is_(None), messages.c.created_at >= since))
        .order_by(messages.c.created_at.desc(), messages.c.id.desc())
        .limit(1)
    )
    return newest.lateral("newest_message")


def report(newest: NewestMessage | None, *, is_ended: bool) -> dict[str, str | None]:
    """Returns ``callback`` of a task: its state and, in words for the tenant, why the last try failed.

    Args:
        newest: None when the log has no message about the task.
        is_ended: whether the task has ended, and so a message about it has been written.
    """
    if newest is None:
        return _told(CallbackState.UNKNOWN if is_ended else CallbackState.PENDING)
    if newest.status == DeliveryStatus.PENDING.value and newest.last_error is not None:
        return _told(CallbackState.FAILING, newest.last_error)
    return _told(CallbackState(newest.status), newest.last_error)


def _told(state: CallbackState, last_error: str | None = None) -> dict[str, str | None]:
    return {"state": state.value, "last_error": None if last_error is None else for_tenant(last_error)}
