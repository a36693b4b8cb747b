"""The written side of a create: the intent before the upstream is called, the outcome after it."""

import asyncio
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.circuit_breaker import record_clear_create, record_unknown
from app.channels.directory import ChannelDirectory
from app.core.backoff import backoff_seconds
from app.creates.idempotency import is_key_taken
from app.creates.locks import lock_owners
from app.creates.retry_dedup import Attempt, RequestFingerprint, RetryDedup
from app.creates.task_offer import Accepted, Outcome, Refused, Unknown
from app.errors import UpstreamRefusalError
from app.observability.metrics import BREAKERS_OPENED, FOREIGN_CLAIMS
from app.tasks.models import IDEMPOTENCY_INDEX, TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import ListedTask
from app.tasks.recovery.orphans import Orphans
from app.tasks.repository import TaskRepository
from app.tasks.responses import public_id
from app.tasks.state import Source, apply_no_task, apply_unknown, apply_upstream_id

_BASE_RETRY_SECONDS = 0.2
_MAX_RETRY_SECONDS = 10.0
_GIVE_UP_AFTER_SECONDS = 3600.0

_log = structlog.get_logger()


@dataclass
class Intent:
    """Names the row of one create.

    Attributes:
        tenant_id: whose.
        spare_id: its id.
        attempt: the client's request that carries it, or its key; None before ``open``.
        is_spare_id_given: the client was answered with the spare id before the outcome was written, so that the
            outcome has to keep it. Set by whoever gives that answer.
        has_task: the upstream refused it and yet called back for a task of it. Set with the outcome.
    """

    tenant_id: str
    spare_id: str
    attempt: Attempt | None = None
    is_spare_id_given: bool = False
    has_task: bool = False


class IntentLog:
    """Writes intents and their outcomes, each in a short transaction of its own."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        *,
        retry_dedup: RetryDedup,
        directory: ChannelDirectory,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._retry_dedup = retry_dedup
        self._directory = directory
        self._clock = clock
        self._carried: weakref.WeakValueDictionary[str, Intent] = weakref.WeakValueDictionary()

    async def open(self, intent: Intent, row: TaskRow, request: RequestFingerprint) -> bool:
        """Commits a new task as an intent; returns False when another one has just taken its ``Idempotency-Key``.

        Args:
            intent: is given its attempt.
            row: the task.
            request: what a retry of the client will be known by.

        Raises:
            NoChannelError: 503, its tenant or its channel was deleted in this very moment.
        """
        self._carried[intent.spare_id] = intent
        try:
            async with self._sessions.begin() as session:
                await lock_owners(session, row.tenant_id, str(row.channel_id))
                session.add(row)
                intent.attempt = self._retry_dedup.add(session, request, result_id=row.id)
        except IntegrityError as error:
            # A gateway of the version before writes keys into the rows of tasks alone.
            if not is_key_taken(error) and IDEMPOTENCY_INDEX not in str(error.orig):
                raise
            return False
        return True

    async def note_attempt(self, intent: Intent, channel_id: str, upstream_model: str) -> None:
        """Records which channel is about to be asked, and for which of its models.

        Raises:
            NoChannelError: 503, the channel was deleted in this very moment.
        """
        async with self._sessions.begin() as session:
            await lock_owners(session, intent.tenant_id, channel_id)
            row = await TaskRepository(session, intent.tenant_id).find(intent.spare_id, is_locked=True)
            if row is not None:
                row.channel_id = channel_id
                row.upstream_model = upstream_model
                row.sent_at = self._clock()
                row.absent_at = None
                if row.cut_at is not None:  # another process took this one for dead
                    row.cut_at = row.sent_at

    async def conclude(self, intent: Intent, outcome: Outcome) -> str | None:
        """Records the outcome, and keeps trying while the database is away: the upstream may have been paid.

        The row may have become something else since it was written: bound by a callback, given up for dead by another
        process, or concluded by an earlier try whose answer was lost.

        Returns:
            The id that the client knows the task by from now on; None when the intent is refused and gone, or when
            the outcome could not be recorded, and the log holds what an operator needs to do so.
        """
        try:
            return await self._insist(intent, outcome)
        except IntegrityError:
            # Another row has that id already: an operator must look, and nobody is shown somebody else's task.
            FOREIGN_CLAIMS.inc()
            _log.exception("upstream_id_already_owned", task=intent.spare_id, outcome=repr(outcome))
            return await self.conclude(intent, Unknown())
        except BaseException as error:
            _log.exception("outcome_not_recorded", task=intent.spare_id, outcome=repr(outcome))
            if not isinstance(error, Exception):
                raise
            return None

    async def show_spare_id(self, tenant_id: str, spare_id: str) -> bool:
        """Keeps the spare id of an open intent, because a client was answered with it; tries for a while.

        Returns:
            False when there is nothing to keep: the create was refused meanwhile.
        """
        carried = self._carried.get(spare_id)
        if carried is not None:
            carried.is_spare_id_given = True
        return await self._insist(Intent(tenant_id, spare_id, is_spare_id_given=True), None) is not None

    async def _insist(self, intent: Intent, outcome: Outcome | None) -> str | None:
        retries = 0
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GIVE_UP_AFTER_SECONDS  # no clock that jumps may end it
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
                    backoff_seconds(retries, base_seconds=_BASE_RETRY_SECONDS, max_seconds=_MAX_RETRY_SECONDS)
                )
                retries += 1
            else:
                if is_spare_id_given == intent.is_spare_id_given:
                    return shown_id

    async def _write(self, intent: Intent, outcome: Outcome | None) -> str | None:
        now = self._clock()
        is_breaker_opened = False
        async with self._sessions.begin() as session:
            row = await TaskRepository(session, intent.tenant_id).find_intent(intent.spare_id, is_locked=True)
            if row is None:
                return None  # refused: an earlier try was committed, and its answer lost
            row.is_spare_id_public |= intent.is_spare_id_given
            channel_id = str(row.channel_id)
            if isinstance(outcome, Accepted):
                if not apply_upstream_id(session, row, outcome.upstream_id, source=Source.CREATE, now=now):
                    await _leave(session, row, outcome.upstream_id, now=now)
                await record_clear_create(session, channel_id, now=now)
            elif isinstance(outcome, Refused):
                await self._apply_refusal(session, row, intent, outcome, now)
            elif isinstance(outcome, Unknown) and row.status == TaskStatus.SUBMITTING.value:
                apply_unknown(session, row, source=Source.CREATE, now=now)
                is_breaker_opened = await record_unknown(session, channel_id, now=now)
        if is_breaker_opened:
            BREAKERS_OPENED.inc()
            _log.error("breaker_opened", channel=channel_id)
            self._directory.invalidate()
        return public_id(row)

    async def _apply_refusal(
        self, session: AsyncSession, row: TaskRow, intent: Intent, outcome: Refused, now: datetime
    ) -> None:
        """Forgets a refused intent, which frees its ``Idempotency-Key``, or ends it when its id has been shown.

        What a callback has bound, or named, exists after all, and is left to it.
        """
        if row.upstream_id is not None or row.claimed_upstream_id is not None:
            _log.error("refused_create_has_a_task", task=row.id, error=outcome.error.code)
            apply_unknown(session, row, source=Source.CREATE, now=now)
            intent.has_task = True
            return
        if row.status == TaskStatus.SUBMITTING.value and not row.is_spare_id_public:
            await session.delete(row)
            if intent.attempt is not None:
                await self._retry_dedup.remove(session, intent.attempt.id)
        else:
            error = outcome.error
            apply_no_task(session, row, source=Source.CREATE, now=now, code=error.code, message=error.message)
        if isinstance(outcome.error, UpstreamRefusalError):
            await record_clear_create(session, str(row.channel_id), now=now)


async def _leave(session: AsyncSession, row: TaskRow, upstream_id: str, *, now: datetime) -> None:
    """Shows the operator a paid task whose intent was ended without it, or was given another one."""
    task = ListedTask(
        id=upstream_id,
        model=row.upstream_model,
        service_tier=row.service_tier,
        status=TaskStatus.QUEUED.value,
        created_at=row.sent_at,
        tag=None,
    )
    await Orphans(session).note(str(row.channel_id), [task], now=now)
