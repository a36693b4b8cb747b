"""What a task shows of its deliveries: the state of the newest message, which reports the task's last change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, FromClause, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.webhooks.failures import for_tenant
from app.webhooks.models import DeliveryRow, DeliveryStatus


class CallbackState(StrEnum):
    """The state of the newest message about a task.

    ``pending``: nothing has changed yet, or the message has not been attempted. ``failing``: an attempt failed, and
    others will follow. ``delivered``, ``failed``: final. ``unknown``: the message is no longer in the log.
    """

    PENDING = "pending"
    FAILING = "failing"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class NewestMessage:
    """The newest message about a task in the log.

    Attributes:
        status: a ``DeliveryStatus``.
        last_error: the operator's text of the last failure; None when no attempt has failed.
    """

    status: str
    last_error: str | None


def newest_message(
    tenant_id: InstrumentedAttribute[str],
    task_id: InstrumentedAttribute[str],
    *,
    condition: ColumnElement[bool],
    since: InstrumentedAttribute[datetime | None],
) -> FromClause:
    """Returns a lateral subquery: ``status`` and ``last_error`` of the newest message about a task, if there is one.

    An older message can stay in the log longer than a newer one, since the retention begins with each one's end.

    Args:
        tenant_id: the task's, a column of the outer query.
        task_id: its spare id, a column of the outer query.
        condition: a condition on the outer row; when it is false, no message is looked up.
        since: the end of the task, a column of the outer query; null before it. Earlier messages are ignored.
    """
    # OFFSET 0 is an optimisation fence: the planner might otherwise scan the index of all messages of the tenant.
    messages = (
        select(
            DeliveryRow.tenant_id, DeliveryRow.status, DeliveryRow.last_error, DeliveryRow.created_at, DeliveryRow.id
        )
        .where(condition, DeliveryRow.task_id == task_id)
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
    """Returns ``callback`` of a task: its state and, for the tenant, why the last attempt failed.

    ``newest`` is None when the log has no message about the task.
    """
    if newest is None:
        return _to_wire(CallbackState.UNKNOWN if is_ended else CallbackState.PENDING)
    if newest.status == DeliveryStatus.PENDING.value and newest.last_error is not None:
        return _to_wire(CallbackState.FAILING, newest.last_error)
    return _to_wire(CallbackState(newest.status), newest.last_error)


def _to_wire(state: CallbackState, last_error: str | None = None) -> dict[str, str | None]:
    return {"state": state.value, "last_error": None if last_error is None else for_tenant(last_error)}
