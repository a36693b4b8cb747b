"""The written side of a create: the intent before the upstream is called, the outcome after it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.errors import NoChannelError
from app.tasks.models import IDEMPOTENCY_INDEX, TaskRow, TaskStatus
from app.tasks.repository import TaskRepository, hold_owners
from app.tasks.state import Source, apply_unknown, apply_upstream_id
from app.tasks.submission import Accepted, Outcome, Refused, Unknown

_FIRST_RETRY_SECONDS = 0.2
_LONGEST_RETRY_SECONDS = 10.0
_GIVE_UP_AFTER = timedelta(hours=1)

_log = structlog.get_logger()


@dataclass(frozen=True)
class Intent:
    """Names the row of one create."""

    tenant_id: str
    spare_id: str


class IntentLog:
    """Writes intents and their outcomes, each in a short transaction of its own."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def open(self, row: TaskRow) -> Intent | None:
        """Commits a new task as an intent; returns None when another one has just taken its ``Idempotency-Key``.

        Raises:
            NoChannelError: 503, its tenant or its channel was deleted in this very moment.
        """
        try:
            async with self._sessions.begin() as session:
                await _hold_owners(session, row.tenant_id, str(row.channel_id))
                session.add(row)
        except IntegrityError as error:
            if IDEMPOTENCY_INDEX not in str(error.orig):
                raise
            return None
        return Intent(row.tenant_id, row.id)

    async def note_attempt(self, intent: Intent, channel_id: str, upstream_model: str) -> None:
        """Records which channel is about to be asked, and for which of its models.

        Raises:
            NoChannelError: 503, the channel was deleted in this very moment.
        """
        async with self._sessions.begin() as session:
            await _hold_owners(session, intent.tenant_id, channel_id)
            row = await TaskRepository(session, intent.tenant_id).find(intent.spare_id, is_locked=True)
            if row is not None:
                row.channel_id = channel_id
                row.upstream_model = upstream_model

    async def conclude(self, intent: Intent, outcome: Outcome) -> bool:
        """Records the outcome, and keeps trying while the database is away: the upstream may have been paid.

        A refused intent is deleted, which frees its ``Idempotency-Key``.

        Returns:
            False when it could not be recorded; the log then holds what an operator needs to do so.
        """
        try:
            await self._insist(intent, outcome)
        except IntegrityError:
            # Another row has that id already: an operator must look, and nobody is shown somebody else's task.
            _log.exception("upstream_id_already_owned", task=intent.spare_id, outcome=repr(outcome))
            await self.conclude(intent, Unknown())
            return False
        except BaseException as error:
            _log.exception("outcome_not_recorded", task=intent.spare_id, outcome=repr(outcome))
            if not isinstance(error, Exception):
                raise
            return False
        return True

    async def _insist(self, intent: Intent, outcome: Outcome) -> None:
        pause = _FIRST_RETRY_SECONDS
        deadline = self._clock() + _GIVE_UP_AFTER
        while True:
            try:
                await self._write(intent, outcome)
            except IntegrityError:
                raise
            except Exception as error:
                if self._clock() > deadline:
                    raise
                _log.warning("outcome_not_recorded_yet", task=intent.spare_id, error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_RETRY_SECONDS)
            else:
                return

    async def _write(self, intent: Intent, outcome: Outcome) -> None:
        now = self._clock()
        async with self._sessions.begin() as session:
            row = await TaskRepository(session, intent.tenant_id).find(intent.spare_id, is_locked=True)
            if row is None or row.status != TaskStatus.SUBMITTING.value:
                return  # an earlier try was committed, and its answer lost
            if isinstance(outcome, Refused):
                await session.delete(row)
            elif isinstance(outcome, Accepted):
                apply_upstream_id(session, row, outcome.upstream_id, source=Source.CREATE, now=now)
            else:
                apply_unknown(session, row, source=Source.CREATE, now=now)


async def _hold_owners(session: AsyncSession, tenant_id: str, channel_id: str) -> None:
    """A deletion that comes later sees the intent; after one that came earlier nothing may be sent any more."""
    if not await hold_owners(session, tenant_id, channel_id):
        raise NoChannelError
