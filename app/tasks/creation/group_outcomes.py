"""Writes the common outcomes of concurrent creates together (``app.db.group_commit``).

Only the plain case is written here: the upstream accepted a create whose row is as its intent left it, or refused it,
and no client knows its spare id. The rows then are as ``app.tasks.state.apply_upstream_id`` makes them, or gone. Any
other case is left to the caller, which writes it alone: a row that has changed or is locked, a channel whose creates of
unknown outcome are being counted (``app.channels.circuit_breaker``), an upstream id that another row has, a refused
create with a hold in a period whose row another transaction has locked, which its release would wait for.

What that saves was measured together with the intents (``app.db.group_commit``). ``tests/costs`` counts the commits:
two at most for each create, also of 64 that arrive at the same time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    ColumnElement,
    FromClause,
    Text,
    case,
    delete,
    exists,
    insert,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.selectable import CTE

from app.channels.models import ChannelHealthRow
from app.creates.models import AttemptRow, IdempotencyKeyRow
from app.db.driver_statement import DriverStatement, rows_of
from app.db.engine import DatabaseUnavailableError
from app.db.group_commit import GroupCommit, WriteAloneError
from app.money.models import BudgetHoldRow, BudgetPeriodRow
from app.observability.counters import TASK_CHANGES
from app.tasks.models import TaskEventRow, TaskRow, TaskStatus
from app.tasks.state import Source

_QUEUED = TaskStatus.QUEUED.value
# What the event and the id for the client are made of.
_CHANGED = (
    TaskRow.tenant_id,
    TaskRow.id,
    TaskRow.upstream_id,
    TaskRow.is_spare_id_public,
    TaskRow.status,
    TaskRow.updated_at,
)


@dataclass(frozen=True, slots=True)
class AcceptedIntent:
    """What is written when the upstream has accepted a create.

    Attributes:
        tenant_id: the owner.
        spare_id: the task's.
        upstream_id: the upstream's.
        is_spare_id_given: the client was answered with the spare id.
        at: the present moment.
        next_poll_at: when to ask for the task first.
    """

    tenant_id: str
    spare_id: str
    upstream_id: str
    is_spare_id_given: bool
    at: datetime
    next_poll_at: datetime


@dataclass(frozen=True, slots=True)
class RefusedIntent:
    """Names an intent that is deleted, with the attempt or the key in its place."""

    tenant_id: str
    spare_id: str
    attempt_id: str | None


@dataclass(frozen=True)
class Written:
    """An outcome was committed; ``shown_id`` is the id for the client, None when the intent was deleted."""

    shown_id: str | None


class GroupOutcomes:
    """Writes outcomes of any tenant's creates."""

    def __init__(self, group: GroupCommit) -> None:
        self._accepted = group.lane(_write_accepted)
        self._refused = group.lane(_write_refused)

    async def accept(self, intent: AcceptedIntent) -> Written | None:
        """Writes the upstream's id; None: it has to be written alone, and may be written already."""
        try:
            shown_id = await asyncio.shield(self._accepted.add(intent))
        except (DatabaseUnavailableError, WriteAloneError):
            return None
        if shown_id is None:
            return None
        TASK_CHANGES.labels(_QUEUED).inc()
        return Written(shown_id)

    async def refuse(self, intent: RefusedIntent) -> Written | None:
        """Deletes the intent; None as for ``accept``."""
        try:
            is_deleted = await asyncio.shield(self._refused.add(intent))
        except (DatabaseUnavailableError, WriteAloneError):
            return None
        return Written(None) if is_deleted else None


async def _write_accepted(connection: Any, intents: Sequence[AcceptedIntent]) -> Sequence[str | None]:
    rows = await _ACCEPT.fetch(
        connection,
        tenant_id=[intent.tenant_id for intent in intents],
        spare_id=[intent.spare_id for intent in intents],
        upstream_id=[intent.upstream_id for intent in intents],
        is_spare_id_given=[intent.is_spare_id_given for intent in intents],
        at=[intent.at for intent in intents],
        next_poll_at=[intent.next_poll_at for intent in intents],
    )
    shown = {(tenant_id, spare_id): shown_id for tenant_id, spare_id, shown_id in rows}
    return [shown.get((intent.tenant_id, intent.spare_id)) for intent in intents]


async def _write_refused(connection: Any, intents: Sequence[RefusedIntent]) -> Sequence[bool]:
    rows = await _REFUSE.fetch(
        connection,
        tenant_id=[intent.tenant_id for intent in intents],
        spare_id=[intent.spare_id for intent in intents],
        attempt_id=[intent.attempt_id for intent in intents],
    )
    deleted = {tuple(row) for row in rows}
    return [(intent.tenant_id, intent.spare_id) in deleted for intent in intents]


def _unchanged(given: FromClause, *conditions: ColumnElement[bool]) -> CTE:
    """Locks the given intents that are as they were written; those that another transaction has locked are left out."""
    is_counting = exists().where(
        ChannelHealthRow.channel_id == TaskRow.channel_id,
        ChannelHealthRow.unknowns > 0,
        ChannelHealthRow.opened_at.is_(None),
    )
    found = select(given).join(TaskRow, _is(given)).where(TaskRow.status == TaskStatus.SUBMITTING.value)
    found = found.where(TaskRow.upstream_id.is_(None), ~is_counting, *conditions)
    return found.with_for_update(of=TaskRow, skip_locked=True).cte("unchanged")


def _is(given: FromClause) -> ColumnElement[bool]:
    return (TaskRow.tenant_id == given.c.tenant_id) & (TaskRow.id == given.c.spare_id)


def _accept() -> DriverStatement:
    text, time = Text(), TIMESTAMP(timezone=True)
    given = rows_of(
        "accepted",
        {
            "tenant_id": text,
            "spare_id": text,
            "upstream_id": text,
            "is_spare_id_given": Boolean(),
            "at": time,
            "next_poll_at": time,
        },
    )
    unchanged = _unchanged(given)
    values = {
        TaskRow.status: literal(_QUEUED),
        TaskRow.upstream_id: unchanged.c.upstream_id,
        TaskRow.claimed_upstream_id: null(),
        TaskRow.absent_at: null(),
        TaskRow.is_spare_id_public: or_(TaskRow.is_spare_id_public, unchanged.c.is_spare_id_given),
        TaskRow.updated_at: unchanged.c.at,
        TaskRow.next_poll_at: unchanged.c.next_poll_at,
    }
    changed = update(TaskRow).where(_is(unchanged)).values(values).returning(*_CHANGED).cte("changed")
    event = {
        TaskEventRow.tenant_id: changed.c.tenant_id,
        TaskEventRow.task_id: changed.c.id,
        TaskEventRow.at: changed.c.updated_at,
        TaskEventRow.status: changed.c.status,
        TaskEventRow.source: literal(Source.CREATE.value),
    }
    events = insert(TaskEventRow).from_select([column.key for column in event], select(*event.values()))
    shown_id = case((changed.c.is_spare_id_public, changed.c.id), else_=changed.c.upstream_id)
    shown = select(changed.c.tenant_id, changed.c.id, shown_id)
    return DriverStatement(shown.add_cte(events.returning(TaskEventRow.id).cte("events")))


def _refuse() -> DriverStatement:
    text, hold = Text(), BudgetHoldRow
    given = rows_of("refused", {"tenant_id": text, "spare_id": text, "attempt_id": text})
    held = select(hold.budget_id, hold.period_starts_at)
    held = held.join(given, (hold.tenant_id == given.c.tenant_id) & (hold.task_id == given.c.spare_id))
    period = tuple_(BudgetPeriodRow.budget_id, BudgetPeriodRow.starts_at)
    # The trigger that releases the holds locks them again.
    periods = select(BudgetPeriodRow.budget_id, BudgetPeriodRow.starts_at).where(period.in_(held))
    locked = periods.order_by(*period).with_for_update(skip_locked=True).cte("periods_locked")
    is_locked = exists().where(locked.c.budget_id == hold.budget_id, locked.c.starts_at == hold.period_starts_at)
    has_to_wait = exists().where(hold.tenant_id == TaskRow.tenant_id, hold.task_id == TaskRow.id, ~is_locked)
    unchanged = _unchanged(given, TaskRow.claimed_upstream_id.is_(None), ~TaskRow.is_spare_id_public, ~has_to_wait)
    deleted = delete(TaskRow).where(_is(unchanged)).returning(TaskRow.tenant_id, TaskRow.id).cte("deleted")
    tables: tuple[type[AttemptRow | IdempotencyKeyRow], ...] = (AttemptRow, IdempotencyKeyRow)
    attempts = [
        delete(table).where(table.id == unchanged.c.attempt_id).returning(table.id).cte(f"from_{table.__tablename__}")
        for table in tables
    ]
    return DriverStatement(select(deleted.c.tenant_id, deleted.c.id).add_cte(*attempts))


_ACCEPT, _REFUSE = _accept(), _refuse()
