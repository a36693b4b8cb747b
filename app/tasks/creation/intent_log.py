"""Writes the intent of a create before the upstream is called, and its outcome afterwards."""

import asyncio
import weakref
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.circuit_breaker import record_clear_create, record_unknown
from app.core.backoff import backoff_seconds
from app.creates.idempotency import is_key_taken
from app.creates.locks import lock_owners
from app.creates.retry_dedup import Attempt, RequestFingerprint
from app.creates.task_offer import Accepted, Outcome, Refused, Unknown
from app.errors import UpstreamRefusalError
from app.observability.metrics import BREAKERS_OPENED, OWNERSHIP_CONFLICTS
from app.tasks.context import TasksContext
from app.tasks.models import IDEMPOTENCY_INDEX, TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import ListedTask
from app.tasks.recovery.orphans import Orphans
from app.tasks.repository import TaskRepository
from app.tasks.responses import public_id
from app.tasks.state import Source, apply_no_task, apply_unknown, apply_upstream_id

_MIN_RETRY_SECONDS = 0.2
_MAX_RETRY_SECONDS = 10.0
_RETRY_TIMEOUT_SECONDS = 3600.0

_log = structlog.get_logger()


@dataclass
class Intent:
    """Identifies the row of one create.

    Attributes:
        tenant_id: the owner.
        spare_id: its id.
        attempt: of the client's request or its key; None before ``open``.
        is_spare_id_given: the client was answered with the spare id before the outcome was written, so the row has to
            keep it. Set by the code that gives this answer.
        has_task: a callback has named a task although the upstream refused the create. Set with the outcome.
    """

    tenant_id: str
    spare_id: str
    attempt: Attempt | None = None
    is_spare_id_given: bool = False
    has_task: bool = False


class IntentLog:
    """Each method writes in a short transaction of its own."""

    def __init__(self, context: TasksContext) -> None:
        self._context = context
        self._open_here: weakref.WeakValueDictionary[str, Intent] = weakref.WeakValueDictionary()

    async def open(self, intent: Intent, row: TaskRow, fingerprint: RequestFingerprint) -> bool:
        """Commits a new task as an intent; returns False when another request has just taken the key.

        Args:
            intent: is given its attempt.
            row: the task.
            fingerprint: of the request, by which a retry is recognised.

        Raises:
            NoChannelError: 503, its tenant or its channel has just been deleted.
        """
        self._open_here[intent.spare_id] = intent
        try:
            async with self._context.sessions.begin() as session:
                await lock_owners(session, row.tenant_id, str(row.channel_id))
                session.add(row)
                intent.attempt = self._context.retry_dedup.add(session, fingerprint, result_id=row.id)
        except IntegrityError as error:
            # A gateway of the previous version writes keys only into the rows of tasks.
            if not is_key_taken(error) and IDEMPOTENCY_INDEX not in str(error.orig):
                raise
            return False
        return True

    async def set_channel(self, intent: Intent, channel_id: str, upstream_model: str) -> None:
        """Writes which channel is about to be asked, and for which of its models.

        Raises:
            NoChannelError: 503, the channel has just been deleted.
        """
        async with self._context.sessions.begin() as session:
            await lock_owners(session, intent.tenant_id, channel_id)
            row = await TaskRepository(session, intent.tenant_id).find(intent.spare_id, is_locked=True)
            if row is not None:
                row.channel_id = channel_id
                row.upstream_model = upstream_model
                row.sent_at = self._context.clock()
                row.absent_at = None
                if row.cut_at is not None:  # another process took this one for dead
                    row.cut_at = row.sent_at

    async def conclude(self, intent: Intent, outcome: Outcome) -> str | None:
        """Writes the outcome, and retries while the database is unavailable, since the task may have been charged.

        The row may have changed since it was opened: a callback was attributed, another process took this one for dead,
        or an earlier write was committed although its answer was lost.

        Returns:
            The id by which the client knows the task; None when the intent was refused and deleted, or when the outcome
            could not be written. The log then contains it, for the operator.
        """
        try:
            return await self._retry(intent, outcome)
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
        known = self._open_here.get(spare_id)
        if known is not None:
            known.is_spare_id_given = True
        return await self._retry(Intent(tenant_id, spare_id, is_spare_id_given=True), None) is not None

    async def _retry(self, intent: Intent, outcome: Outcome | None) -> str | None:
        retries = 0
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _RETRY_TIMEOUT_SECONDS  # a clock that jumps must not end it
        while True:
            is_spare_id_given = intent.is_spare_id_given
            try:
                shown_id = await self._write(intent, outcome)
            except IntegrityError:
                raise
            except Exception as error:
                if loop.time() > deadline:
                    raise
                _log.warning("outcome_not_recorded_yet", task=intent.spare_id, error=type(error).__name__)
                await asyncio.sleep(
                    backoff_seconds(retries, base_seconds=_MIN_RETRY_SECONDS, max_seconds=_MAX_RETRY_SECONDS)
                )
                retries += 1
            else:
                if is_spare_id_given == intent.is_spare_id_given:
                    return shown_id

    async def _write(self, intent: Intent, outcome: Outcome | None) -> str | None:
        now = self._context.clock()
        is_breaker_opened = False
        async with self._context.sessions.begin() as session:
            row = await TaskRepository(session, intent.tenant_id).find_intent(intent.spare_id, is_locked=True)
            if row is None:
                return None  # refused: an earlier write was committed although its answer was lost
            row.is_spare_id_public |= intent.is_spare_id_given
            channel_id = str(row.channel_id)
            if isinstance(outcome, Accepted):
                if not apply_upstream_id(session, row, outcome.upstream_id, source=Source.CREATE, now=now):
                    await _keep_as_orphan(session, row, outcome.upstream_id, now=now)
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
                await self._context.retry_dedup.remove(session, intent.attempt.id)
        else:
            error = outcome.error
            apply_no_task(session, row, source=Source.CREATE, now=now, code=error.code, message=error.message)
        if isinstance(outcome.error, UpstreamRefusalError):
            await record_clear_create(session, str(row.channel_id), now=now)


async def _keep_as_orphan(session: AsyncSession, row: TaskRow, upstream_id: str, *, now: datetime) -> None:
    """Lists a paid task as an orphan when its intent has ended without it, or was given another task."""
    task = ListedTask(
        id=upstream_id,
        model=row.upstream_model,
        service_tier=row.service_tier,
        status=TaskStatus.QUEUED.value,
        created_at=row.sent_at,
        tag=None,
    )
    await Orphans(session).note(str(row.channel_id), [task], now=now)
