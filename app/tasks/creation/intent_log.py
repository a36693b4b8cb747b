"""Writes the intent of a create before the upstream is called, and its outcome afterwards."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.circuit_breaker import record_clear_create, record_unknown
from app.core.backoff import retry
from app.core.turns import turn_resumed
from app.creates.attempts import Attempt
from app.creates.locks import lock_owners
from app.creates.offer import Accepted, Outcome, Refused, Unknown
from app.creates.repository import AllAttempts
from app.db.group_commit import GroupCommit
from app.errors import ServiceUnavailableError, UpstreamRefusalError
from app.money.budgets.budget import Hold
from app.money.budgets.holds import HoldRequest, replace_holds
from app.observability.counters import BREAKERS_OPENED, OWNERSHIP_CONFLICTS
from app.tasks.context import TasksContext
from app.tasks.creation.expected_cost import ExpectedCost
from app.tasks.creation.group_outcomes import AcceptedIntent, GroupOutcomes, RefusedIntent, Written
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.poll_schedule import next_poll_after
from app.tasks.recovery.orphans import keep_as_orphan
from app.tasks.repository import TaskRepository
from app.tasks.responses import public_id
from app.tasks.state import Source, apply_no_task, apply_unknown, apply_upstream_id

_RETRY_TIMEOUT_SECONDS = 3600.0
_QUEUED = TaskStatus.QUEUED.value

_log = structlog.get_logger()


@dataclass
class Intent:
    """Identifies the row of one create.

    Attributes:
        tenant_id: the owner.
        spare_id: its id.
        created_at: when it was written; None: the row says it.
        attempt: the attempt of the client's request or its key; None before ``open``.
        is_spare_id_given: the client was answered with the spare id before the outcome was written, so the row has to
            keep it. Set by the code that gives this answer.
        has_task: a callback has named a task although the upstream refused the create. Set with the outcome.
    """

    tenant_id: str
    spare_id: str
    created_at: datetime | None = None
    attempt: Attempt | None = None
    is_spare_id_given: bool = False
    has_task: bool = False


class IntentLog:
    """Each method writes in a short transaction of its own, in the request's turn: it may wait for budgets' rows."""

    def __init__(self, context: TasksContext, group: GroupCommit | None = None) -> None:
        """``group`` writes the common outcomes of concurrent creates together; None: each is written by itself."""
        self._context = context
        self._group_outcomes = None if group is None else GroupOutcomes(group)
        self._open_here: weakref.WeakValueDictionary[str, Intent] = weakref.WeakValueDictionary()

    def watch(self, intent: Intent) -> None:
        """Notes an intent of this process, so that ``show_spare_id`` reaches the create that is under way."""
        self._open_here[intent.spare_id] = intent

    def give_spare_id(self, spare_id: str) -> None:
        """Notes that a client is answered with a spare id, for the write of the outcome in this process."""
        known = self._open_here.get(spare_id)
        if known is not None:
            known.is_spare_id_given = True

    async def is_submitting(self, intent: Intent) -> bool:
        """Says whether an intent still waits to be sent."""
        async with self._context.sessions() as session:
            row = await TaskRepository(session, intent.tenant_id).find_intent(intent.spare_id)
        return row is not None and row.status == TaskStatus.SUBMITTING.value

    async def set_channel(
        self, intent: Intent, channel_id: str, cost: ExpectedCost, *, holds: Sequence[Hold] | None = None
    ) -> None:
        """Writes which channel is about to be asked, for which of its models, and what that costs at most.

        Args:
            intent: of the create.
            channel_id: the channel.
            cost: of the create on this channel, in place of what it was on the one before.
            holds: what the create asks of budgets on this channel, in place of what it has; None: the same.

        Raises:
            AccountOverdueError: 403, a hard budget has no room for it; nothing changes.
            NoChannelError: 503, the channel has just been deleted.
            ServiceUnavailableError: 503, the create was ended meanwhile, since another process took this one for dead,
                so that nothing holds what one more attempt may cost; or a callback has named a task of it.
        """
        async with turn_resumed(), self._context.sessions.begin() as session:
            await lock_owners(session, intent.tenant_id, channel_id)
            row = await TaskRepository(session, intent.tenant_id).find_intent(intent.spare_id, is_locked=True)
            if row is None or not _is_open(row):
                raise ServiceUnavailableError(internal="the create was ended, or its task named, by another process")
            row.channel_id = channel_id
            row.upstream_model = cost.upstream_model
            for name, value in cost.columns().items():
                setattr(row, name, value)
            row.sent_at = self._context.clock()
            row.absent_at = None
            if row.cut_at is not None:  # another process took this one for dead
                row.cut_at = row.sent_at
            if holds is not None:
                await replace_holds(session, HoldRequest(intent.tenant_id, intent.spare_id, holds))

    async def conclude(self, intent: Intent, outcome: Outcome[str]) -> str | None:
        """Writes the outcome, and retries while the database is unavailable, since the task may have been charged.

        The row may have changed since it was opened: a callback was attributed, another process took this one for dead,
        or an earlier write was committed although its answer was lost.

        Returns:
            The id by which the client knows the task; None when the intent was refused and deleted, or when the outcome
            could not be written. The log then contains it, for the operator.
        """
        try:
            written = await self._write_with_others(intent, outcome)
            return written.shown_id if written is not None else await self._retry(intent, outcome)
        except IntegrityError:
            # Another row owns that id: the task is not shown to this tenant, and the operator has to decide.
            OWNERSHIP_CONFLICTS.inc()
            _log.exception("upstream_id_already_owned", task=intent.spare_id, outcome=repr(outcome))
            return await self.conclude(intent, Unknown())
        except BaseException as error:
            _log.exception("outcome_not_recorded", task=intent.spare_id, outcome=repr(outcome))
            if not isinstance(error, Exception):
                raise
            return None

    async def show_spare_id(self, tenant_id: str, spare_id: str) -> bool:
        """Makes an open intent keep its spare id, because a client was answered with it; retries for up to an hour.

        Returns:
            False when there is nothing to keep: the create was refused meanwhile.
        """
        self.give_spare_id(spare_id)
        return await self._retry(Intent(tenant_id, spare_id, is_spare_id_given=True), None) is not None

    async def _retry(self, intent: Intent, outcome: Outcome[str] | None) -> str | None:
        while True:
            is_spare_id_given = intent.is_spare_id_given
            shown_id = await retry(
                lambda: self._write(intent, outcome),
                is_temporary=lambda error: not isinstance(error, IntegrityError),
                on_retry=lambda error: _log.warning(
                    "outcome_not_recorded_yet", task=intent.spare_id, error=type(error).__name__
                ),
                timeout_seconds=_RETRY_TIMEOUT_SECONDS,
            )
            if is_spare_id_given == intent.is_spare_id_given:
                return shown_id

    async def _write_with_others(self, intent: Intent, outcome: Outcome[str]) -> Written | None:
        """Writes a common outcome together with those of other creates; None: it has to be written by itself."""
        if self._group_outcomes is None or intent.created_at is None or isinstance(outcome, Unknown):
            return None
        is_spare_id_given, now = intent.is_spare_id_given, self._context.clock()
        if isinstance(outcome, Accepted):
            accepted = AcceptedIntent(
                tenant_id=intent.tenant_id,
                spare_id=intent.spare_id,
                upstream_id=outcome.result,
                is_spare_id_given=is_spare_id_given,
                at=now,
                next_poll_at=next_poll_after(intent.created_at, now),
            )
            written = await self._group_outcomes.accept(accepted)
        elif is_spare_id_given:
            return None
        else:
            attempt_id = None if intent.attempt is None else intent.attempt.id
            written = await self._group_outcomes.refuse(RefusedIntent(intent.tenant_id, intent.spare_id, attempt_id))
        # The client was given the spare id meanwhile: the row must say so.
        return written if is_spare_id_given == intent.is_spare_id_given else None

    async def _write(self, intent: Intent, outcome: Outcome[str] | None) -> str | None:
        now = self._context.clock()
        is_breaker_opened = False
        async with turn_resumed(), self._context.sessions.begin() as session:
            row = await TaskRepository(session, intent.tenant_id).find_intent(intent.spare_id, is_locked=True)
            if row is None:
                return None  # refused: an earlier write was committed although its answer was lost
            row.is_spare_id_public |= intent.is_spare_id_given
            channel_id = str(row.channel_id)
            if isinstance(outcome, Accepted):
                if not apply_upstream_id(session, row, outcome.result, source=Source.CREATE, now=now):
                    await keep_as_orphan(session, row, _to_upstream_task(row, outcome.result), now=now)
                await record_clear_create(session, channel_id, now=now)
            elif isinstance(outcome, Refused):
                await self._apply_refusal(session, row, intent, outcome, now)
            elif isinstance(outcome, Unknown) and row.status == TaskStatus.SUBMITTING.value:
                apply_unknown(session, row, source=Source.CREATE, now=now)
                is_breaker_opened = await record_unknown(session, channel_id, now=now)
        if is_breaker_opened:
            BREAKERS_OPENED.inc()
            _log.error("breaker_opened", channel=channel_id)
            self._context.directory.invalidate()
        return public_id(row)

    async def _apply_refusal(
        self, session: AsyncSession, row: TaskRow, intent: Intent, outcome: Refused, now: datetime
    ) -> None:
        """Deletes a refused intent, which frees its ``Idempotency-Key``, or ends it if a client knows its id.

        A task that a callback has named exists although the create was refused, so such an intent becomes ``unknown``.
        """
        if row.upstream_id is not None or row.claimed_upstream_id is not None:
            _log.error("refused_create_owns_task", task=row.id, error=outcome.error.code)
            apply_unknown(session, row, source=Source.CREATE, now=now)
            intent.has_task = True
            return
        if row.status == TaskStatus.SUBMITTING.value and not row.is_spare_id_public:
            await session.delete(row)
            if intent.attempt is not None:
                await AllAttempts(session).remove(intent.attempt.id)
        else:
            error = outcome.error
            apply_no_task(session, row, source=Source.CREATE, now=now, code=error.code, message=error.message)
        if isinstance(outcome.error, UpstreamRefusalError):
            await record_clear_create(session, str(row.channel_id), now=now)


def _is_open(row: TaskRow) -> bool:
    """Whether the create may be offered to one more channel: no end was written, and no task of it is known."""
    return not TaskStatus(row.status).is_final and row.upstream_id is None and row.claimed_upstream_id is None


def _to_upstream_task(row: TaskRow, upstream_id: str) -> dict[str, Any]:
    """Returns an accepted task as the upstream would show it."""
    created_at = None if row.sent_at is None else row.sent_at.timestamp()
    return {"id": upstream_id, "model": row.upstream_model, "status": _QUEUED, "created_at": created_at}
