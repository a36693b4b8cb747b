"""Gives a create of unknown outcome its upstream task: the only way beside the create's own answer.

Whatever the evidence, the upstream is first asked for the task on the intent's own channel, and no row may own it.
"""

from datetime import datetime
from enum import Enum
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.log import Actor, Target, record
from app.errors import ConflictError, InvalidParameterError, ServiceUnavailableError
from app.observability.counters import OWNERSHIP_CONFLICTS
from app.tasks.context import TasksContext
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.attribution_rules import fits
from app.tasks.recovery.orphans import Orphans, keep_as_orphan
from app.tasks.recovery.repository import AllIntents
from app.tasks.responses import unknown_task
from app.tasks.state import Source, apply_no_task, apply_upstream_id, apply_upstream_state
from app.upstream.ark import is_usable_id
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass
from app.usage.pricing import Pricing

_UPSTREAM_ID_INDEX = "uq_tasks_upstream_id"
_TOKEN_TIMEOUT_SECONDS = 5.0

_log = structlog.get_logger()


class Evidence(Enum):
    """What shows that an upstream task is an intent's; the values are the source and its detail in the history."""

    CALLBACK = (Source.CALLBACK, "callback")
    TAG = (Source.RECONCILER, "tag")
    ELIMINATION = (Source.RECONCILER, "elimination")
    OPERATOR = (Source.OPERATOR, "operator")


class Verdict(Enum):
    """Outcome of an attribution.

    ``ATTRIBUTED``: the intent owns the task, from now on or already before. ``OWNED``: another row owns it; this is
    logged as an error. ``NOT_FOUND``: the channel does not know it. ``MISMATCH``: it differs from what was asked for,
    or does not show that yet. ``CLOSED``: the outcome of the intent is no longer unknown, and no row owns the task.
    """

    ATTRIBUTED = "attributed"
    OWNED = "owned"
    NOT_FOUND = "not_found"
    MISMATCH = "mismatch"
    CLOSED = "closed"


class Attribution:
    """Attributes upstream tasks to intents of any tenant."""

    def __init__(self, context: TasksContext) -> None:
        self._context = context

    async def attribute(
        self, row: TaskRow, upstream_id: str, account: ArkAccount, *, evidence: Evidence, actor: Actor | None = None
    ) -> Verdict:
        """Verifies with the upstream that a task exists, and makes it the intent's.

        Id, state, history, the tenant's delivery and the list of orphans change in one transaction.

        Args:
            row: the intent, as it was.
            upstream_id: the task that it presumably became.
            account: the account of the intent's channel.
            evidence: what attributes the task; one found by elimination must also fit the request.
            actor: the operator, for the audit row; None writes none.

        Raises:
            TimeoutError: the account's rate limit is used up.
            UpstreamError: the upstream gave no usable answer.
        """
        if not await self._context.rates.acquire(
            str(row.channel_id), RateClass.BACKGROUND_GET, timeout_seconds=_TOKEN_TIMEOUT_SECONDS
        ):
            raise TimeoutError("no token for a GET call")
        asked_at = self._context.clock()
        try:
            body = await self._context.ark.get(account, upstream_id)
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise
            return Verdict.NOT_FOUND
        if evidence is Evidence.ELIMINATION and not fits(row, body):
            return Verdict.MISMATCH
        pricing = await self._context.pricing.current()
        try:
            async with self._context.sessions.begin() as session:
                return await self._write(
                    session, row, body, pricing=pricing, asked_at=asked_at, evidence=evidence, actor=actor
                )
        except IntegrityError as error:
            if _UPSTREAM_ID_INDEX not in str(error.orig):
                raise
            return _report_owned(row, upstream_id, evidence)

    async def resolve(self, actor: Actor, task_id: str, *, upstream_id: str | None) -> TaskRow:
        """Ends an unknown outcome by the operator's word: it became this upstream task, or none.

        Writes the audit row ``task.resolve`` in the same transaction.

        Args:
            actor: the operator.
            task_id: our own id of the task.
            upstream_id: the task that it became; None means that there is none, and nothing was charged.

        Raises:
            NotFoundError: 404, there is no such task.
            InvalidParameterError: 400, the task's channel does not know ``upstream_id``.
            ConflictError: 409, the outcome is not unknown, or another task owns ``upstream_id``.
            ServiceUnavailableError: 503, the upstream could not be asked.
        """
        row = await self._find(task_id)
        if row.status != TaskStatus.UNKNOWN.value:
            raise _not_unknown()
        if upstream_id is None:
            await self._end(actor, row)
        else:
            await self._attribute_for_operator(actor, row, upstream_id)
        return await self._find(task_id)

    async def _find(self, task_id: str) -> TaskRow:
        async with self._context.sessions.begin() as session:
            row = await AllIntents(session).find(task_id)
        if row is None:
            raise unknown_task()
        return row

    async def _write(
        self,
        session: AsyncSession,
        row: TaskRow,
        body: dict[str, Any],
        *,
        pricing: Pricing,
        asked_at: datetime,
        evidence: Evidence,
        actor: Actor | None,
    ) -> Verdict:
        now = self._context.clock()
        upstream_id: str = body["id"]
        source, detail = evidence.value
        intents = AllIntents(session)
        current = await intents.lock(row)
        is_own = current is not None and current.upstream_id == upstream_id
        if not is_own and await intents.owned([upstream_id]):
            if current is not None:
                current.claimed_upstream_id = None
            return _report_owned(row, upstream_id, evidence)
        if not is_own and (current is None or current.status != TaskStatus.UNKNOWN.value):
            return await _close(session, current, body, now=now)
        assert current is not None  # noqa: S101 - a row that owns an id exists
        apply_upstream_id(session, current, upstream_id, source=source, now=now, detail=detail)
        apply_upstream_state(session, current, body, pricing=pricing, asked_at=asked_at, source=source, now=now)
        await Orphans(session).remove(upstream_id)
        if actor is not None:
            record(session, actor, "task.resolve", _target(current), at=now, upstream_id=upstream_id)
        _log.info("task_attributed", task=current.id, upstream_id=upstream_id, evidence=detail)
        return Verdict.ATTRIBUTED

    async def _attribute_for_operator(self, actor: Actor, row: TaskRow, upstream_id: str) -> None:
        if not is_usable_id(upstream_id):
            raise InvalidParameterError("upstream_id", "`upstream_id` is no id of an upstream task.")
        channel = await self._context.directory.find(str(row.channel_id))
        if channel is None or channel.ark is None or not channel.is_ready_for("ark"):
            raise ServiceUnavailableError("The channel of this task is not active, so the upstream cannot be asked.")
        try:
            verdict = await self.attribute(row, upstream_id, channel.ark, evidence=Evidence.OPERATOR, actor=actor)
        except (UpstreamError, TimeoutError) as error:
            text = "The upstream could not be asked about this id. Please try again."
            raise ServiceUnavailableError(text, internal=repr(error)) from error
        if verdict is Verdict.NOT_FOUND:
            raise InvalidParameterError("upstream_id", f"The channel {channel.name} knows no task with this id.")
        if verdict is Verdict.OWNED:
            raise ConflictError("UpstreamIdOwned", "Another task owns this upstream id.", param="upstream_id")
        if verdict is not Verdict.ATTRIBUTED:
            raise _not_unknown()

    async def _end(self, actor: Actor, row: TaskRow) -> None:
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            current = await AllIntents(session).lock(row)
            if current is None or current.status != TaskStatus.UNKNOWN.value:
                raise _not_unknown()
            apply_no_task(session, current, source=Source.OPERATOR, now=now)
            record(session, actor, "task.resolve", _target(current), at=now, absent=True)


async def _close(session: AsyncSession, row: TaskRow | None, body: dict[str, Any], *, now: datetime) -> Verdict:
    """Keeps the task of an intent that has ended without it, or was deleted by its tenant, as an orphan."""
    if row is None or row.status == TaskStatus.SUBMITTING.value:
        return Verdict.CLOSED
    OWNERSHIP_CONFLICTS.inc()
    _log.error("evidence_for_ended_intent", task=row.id, upstream_id=body["id"])
    row.claimed_upstream_id = None
    row.next_poll_at = None if row.upstream_id is None else row.next_poll_at
    await keep_as_orphan(session, row, body, now=now)
    return Verdict.CLOSED


def _report_owned(row: TaskRow, upstream_id: str, evidence: Evidence) -> Verdict:
    OWNERSHIP_CONFLICTS.inc()
    _log.error("upstream_id_already_owned", task=row.id, upstream_id=upstream_id, evidence=evidence.value[1])
    return Verdict.OWNED


def _target(row: TaskRow) -> Target:
    return Target("task", row.id, row.tenant_id)


def _not_unknown() -> ConflictError:
    return ConflictError("InvalidAction", "The outcome of this task is not unknown; there is nothing to resolve.")
