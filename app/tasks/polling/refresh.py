"""Asking the upstream about one task, seldom enough for the account's rate limit."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.circuit_breaker import record_success
from app.channels.directory import ChannelDirectory
from app.core.background import SingleFlight
from app.core.turns import leave_turn
from app.errors import AccessDeniedError
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.repository import TaskRepository
from app.tasks.state import Source, apply_not_found, apply_upstream_state
from app.upstream.ark import ArkClient
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass, RateLimiter

FRESH_FOR = timedelta(seconds=2)
_PATIENCE_SECONDS = 5.0
# So long an account that had no call to spare is not asked for one: a thousand clients would all wait for its one row.
_SPENT_SECONDS = 0.1

_log = structlog.get_logger()


class TaskRefresh:
    """Brings one task's mirror to the upstream's state."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        directory: ChannelDirectory,
        ark: ArkClient,
        rates: RateLimiter,
        clock: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes it.

        Args:
            sessions: of the database.
            directory: knows the accounts of channels.
            ark: asks them.
            rates: says whether an account has a call to spare.
            clock: the time of day, UTC-aware.
            monotonic: seconds that never go back, which decide how long a used-up rate is remembered.
        """
        self._sessions = sessions
        self._directory = directory
        self._ark = ark
        self._rates = rates
        self._clock = clock
        self._flights: SingleFlight[bool] = SingleFlight()
        self._monotonic = monotonic
        self._spent_until: dict[str, float] = {}

    def is_due(self, row: TaskRow) -> bool:
        """Says whether a client's question is worth one to the upstream: not within two seconds of the last one."""
        if row.upstream_id is None or TaskStatus(row.status).is_final:
            return False
        now = self._clock()
        return all(moment is None or now - moment >= FRESH_FOR for moment in (row.asked_at, row.looked_at))

    async def refresh(self, row: TaskRow) -> bool:
        """Looks at a task for a client, if the account has a call to spare, and waits at most five seconds.

        However many clients ask at once, in this process or another, the upstream gets one call. A slow one goes on
        behind the answer. When the upstream does not answer, ``asked_at`` stays later than ``looked_at``.

        Returns:
            Whether the row may have changed; False when there was no call to spare, or nobody who may be asked.
        """
        leave_turn()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._flights.run((row.tenant_id, row.id), lambda: self._refresh_once(row))
        except TimeoutError:
            return True

    async def look(self, row: TaskRow, account: ArkAccount) -> None:
        """Asks the upstream about a task now, and applies the answer.

        Raises:
            UpstreamError: the upstream gave no usable answer; the mirror is as it was.
        """
        body: dict[str, Any] | None
        asked_at = self._clock()
        try:
            body = await self._ark.get(account, str(row.upstream_id))
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise
            body = None
        now = self._clock()
        async with self._sessions.begin() as session:
            current = await TaskRepository(session, row.tenant_id).find(row.id, is_locked=True)
            if current is None:
                return
            if body is None:
                apply_not_found(session, current, source=Source.LOOK, now=now)
            else:
                apply_upstream_state(session, current, body, asked_at=asked_at, source=Source.LOOK, now=now)
                await record_success(session, str(row.channel_id), now=now)

    async def account_of(self, row: TaskRow, allowed: frozenset[str] | None = None) -> ArkAccount | None:
        """Returns the account that owns a task, or None while it must not be asked.

        Raises:
            AccessDeniedError: 403, its channel is none of ``allowed``; None allows all.
        """
        channel = await self._directory.find(str(row.channel_id))
        if channel is not None and not channel.is_in(allowed):
            raise AccessDeniedError("This API key may not use the upstream channel that holds this task.")
        return channel.ark if channel is not None and channel.is_ready_for("ark") else None

    async def has_channel(self, row: TaskRow) -> bool:
        """Says whether the channel of a task still exists, of whatever status."""
        return await self._directory.find(str(row.channel_id)) is not None

    async def _refresh_once(self, row: TaskRow) -> bool:
        channel_id = str(row.channel_id)
        if self._monotonic() < self._spent_until.get(channel_id, 0.0):
            return False
        account = await self.account_of(row)
        if account is None:
            return False
        claim = await self._claim(row, channel_id)
        if claim is not _Claim.OURS:
            return claim is _Claim.OTHERS
        try:
            await self.look(row, account)
        except UpstreamError as error:
            _log.warning("look_failed", task=row.upstream_id, channel=row.channel_id, error=repr(error))
        return True

    async def _claim(self, row: TaskRow, channel_id: str) -> "_Claim":
        """Claims the look and a call of the account's, both or neither: a call must not be lost on a look of another's.

        Nor must ``asked_at`` say that a question was put for which there was no call to spare.
        """
        async with self._sessions() as session:
            tasks = TaskRepository(session, row.tenant_id)
            if not await tasks.claim_look(row.id, now=self._clock(), min_age=FRESH_FOR):
                return _Claim.OTHERS
            if not await self._rates.acquire_in(session, channel_id, RateClass.INTERACTIVE_GET):
                self._spent_until[channel_id] = self._monotonic() + _SPENT_SECONDS
                return _Claim.NO_CALL
            await session.commit()
            return _Claim.OURS


class _Claim(Enum):
    """What became of the wish to look at a task."""

    OURS = auto()
    OTHERS = auto()
    NO_CALL = auto()
