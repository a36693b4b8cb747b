"""How a create of unknown outcome gets its upstream task: the one way beside the create's own answer.

Whatever the evidence is, the upstream is asked for the task on the intent's own channel first, and it must be nobody's.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, record
from app.channels.directory import ChannelDirectory
from app.errors import ConflictError, InvalidParameterError, ServiceUnavailableError
from app.observability.metrics import FOREIGN_CLAIMS
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import to_listed
from app.tasks.recovery.attribution_rules import fits
from app.tasks.recovery.orphans import Orphans
from app.tasks.recovery.repository import AllIntents
from app.tasks.responses import unknown_task
from app.tasks.state import Source, apply_no_task, apply_upstream_id, apply_upstream_state
from app.upstream.ark import ArkClient, is_usable_id
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass, RateLimiter

_UPSTREAM_ID_INDEX = "uq_tasks_upstream_id"
_TOKEN_TIMEOUT_SECONDS = 5.0

_log = structlog.get_logger()


class Evidence(Enum):
    """Why an upstream task is believed to be an intent's: who brought it, and in a word."""

    CALLBACK = (Source.CALLBACK, "callback")
    TAG = (Source.RECONCILER, "tag")
    ELIMINATION = (Source.RECONCILER, "elimination")
    OPERATOR = (Source.OPERATOR, "operator")


class Verdict(Enum):
    """What became of an attempt to bind.

    ``BOUND``: the intent owns the task, now or since before. ``OWNED``: another row owns it, which is an alarm.
    ``NOT_FOUND``: the channel does not know it. ``UNFIT``: it is not what was asked for, or does not tell yet.
    ``CLOSED``: the intent is not of unknown outcome any more, and the task is nobody's.
    """

    BOUND = "bound"
    OWNED = "owned"
    NOT_FOUND = "not_found"
    UNFIT = "unfit"
    CLOSED = "closed"


class Attribution:
    """Binds intents of any tenant to upstream tasks."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        directory: ChannelDirectory,
        ark: ArkClient,
        rates: RateLimiter,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._directory = directory
        self._ark = ark
        self._rates = rates
        self._clock = clock

    async def bind(
        self, row: TaskRow, upstream_id: str, account: ArkAccount, *, evidence: Evidence, actor: Actor | None = None
    ) -> Verdict:
        """Verifies with the upstream that a task exists, and makes it the intent's.

        Id, state, history, the tenant's delivery and the operator's list of orphans change in one transaction.

        Args:
            row: the intent, as it was.
            upstream_id: the task that it is believed to be.
            account: of the intent's channel.
            evidence: for that belief; what was only found by elimination must also fit what was asked for.
            actor: writes an audit row, when it is the operator's doing.

        Raises:
            TimeoutError: the account had no call to spare.
            UpstreamError: the upstream gave no usable answer.
        """
        if not await self._rates.acquire(
            str(row.channel_id), RateClass.BACKGROUND_GET, timeout_seconds=_TOKEN_TIMEOUT_SECONDS
        ):
            raise TimeoutError("no GET call to spare")
        asked_at = self._clock()
        try:
            body = await self._ark.get(account, upstream_id)
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise
            return Verdict.NOT_FOUND
        if evidence is Evidence.ELIMINATION and not fits(row, body):
            return Verdict.UNFIT
        try:
            async with self._sessions.begin() as session:
                return await self._write(session, row, body, asked_at=asked_at, evidence=evidence, actor=actor)
        except IntegrityError as error:
            if _UPSTREAM_ID_INDEX not in str(error.orig):
                raise
            return _alarm(row, upstream_id, evidence)

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
        async with self._sessions.begin() as session:
            row = await AllIntents(session).find(task_id)
        if row is None:
            raise unknown_task()
        if row.status != TaskStatus.UNKNOWN.value:
            raise _not_unknown()
        if upstream_id is None:
            await self._end(actor, row)
        else:
            await self._bind_by_word(actor, row, upstream_id)
        async with self._sessions.begin() as session:
            resolved = await AllIntents(session).find(task_id)
        if resolved is None:
            raise unknown_task()
        return resolved

    async def _write(
        self,
        session: AsyncSession,
        row: TaskRow,
        body: dict[str, Any],
        *,
        asked_at: datetime,
        evidence: Evidence,
        actor: Actor | None,
    ) -> Verdict:
        now = self._clock()
        upstream_id: str = body["id"]
        source, word = evidence.value
        intents = AllIntents(session)
        current = await intents.lock(row)
        is_own = current is not None and current.upstream_id == upstream_id
        if not is_own and await intents.owned([upstream_id]):
            if current is not None:
                current.claimed_upstream_id = None
            return _alarm(row, upstream_id, evidence)
        if not is_own and (current is None or current.status != TaskStatus.UNKNOWN.value):
            return await _leave(session, current, body, now=now)
        assert current is not None  # noqa: S101 - a row that owns an id exists
        apply_upstream_id(session, current, upstream_id, source=source, now=now, detail=word)
        apply_upstream_state(session, current, body, asked_at=asked_at, source=source, now=now)
        await Orphans(session).remove(upstream_id)
        if actor is not None:
            _record(session, current, actor, {"upstream_id": upstream_id}, now)
        _log.info("intent_bound", task=current.id, upstream_id=upstream_id, evidence=word)
        return Verdict.BOUND

    async def _bind_by_word(self, actor: Actor, row: TaskRow, upstream_id: str) -> None:
        if not is_usable_id(upstream_id):
            raise InvalidParameterError("upstream_id", "`upstream_id` is no id of an upstream task.")
        channel = await self._directory.find(str(row.channel_id))
        if channel is None or channel.ark is None or not channel.is_ready_for("ark"):
            raise ServiceUnavailableError("The channel of this task is not active, so the upstream cannot be asked.")
        try:
            verdict = await self.bind(row, upstream_id, channel.ark, evidence=Evidence.OPERATOR, actor=actor)
        except (UpstreamError, TimeoutError) as error:
            text = "The upstream could not be asked about this id. Please try again."
            raise ServiceUnavailableError(text, internal=repr(error)) from error
        if verdict is Verdict.NOT_FOUND:
            raise InvalidParameterError("upstream_id", f"The channel {channel.name} knows no task with this id.")
        if verdict is Verdict.OWNED:
            raise ConflictError("UpstreamIdOwned", "Another task owns this upstream id.", param="upstream_id")
        if verdict is not Verdict.BOUND:
            raise _not_unknown()

    async def _end(self, actor: Actor, row: TaskRow) -> None:
        now = self._clock()
        async with self._sessions.begin() as session:
            current = await AllIntents(session).lock(row)
            if current is None or current.status != TaskStatus.UNKNOWN.value:
                raise _not_unknown()
            apply_no_task(session, current, source=Source.OPERATOR, now=now)
            _record(session, current, actor, {"absent": True}, now)


async def _leave(session: AsyncSession, row: TaskRow | None, body: dict[str, Any], *, now: datetime) -> Verdict:
    """Shows the operator a paid task whose intent has ended without it or was deleted."""
    if row is None or row.status == TaskStatus.SUBMITTING.value:
        return Verdict.CLOSED
    FOREIGN_CLAIMS.inc()
    _log.error("task_of_an_ended_intent", task=row.id, upstream_id=body["id"])
    row.claimed_upstream_id = None
    row.next_look_at = None if row.upstream_id is None else row.next_look_at
    found = to_listed(body, str(body.get("service_tier") or row.service_tier))
    await Orphans(session).note(str(row.channel_id), [found], now=now)
    return Verdict.CLOSED


def _alarm(row: TaskRow, upstream_id: str, evidence: Evidence) -> Verdict:
    FOREIGN_CLAIMS.inc()
    _log.error("upstream_id_already_owned", task=row.id, upstream_id=upstream_id, evidence=evidence.value[1])
    return Verdict.OWNED


def _record(session: AsyncSession, row: TaskRow, actor: Actor, detail: dict[str, Any], now: datetime) -> None:
    record(session, actor, "task.resolve", ("task", row.id), at=now, tenant_id=row.tenant_id, detail=detail)


def _not_unknown() -> ConflictError:
    return ConflictError("InvalidAction", "The outcome of this task is not unknown; there is nothing to resolve.")
