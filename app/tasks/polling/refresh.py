"""Asks the upstream about one task and applies its answer."""

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

import structlog

from app.channels.circuit_breaker import record_success
from app.errors import AccessDeniedError
from app.tasks.context import TasksContext
from app.tasks.freshness import MIN_REFRESH_INTERVAL
from app.tasks.models import TaskRow
from app.tasks.repository import TaskRepository
from app.tasks.state import Source, apply_not_found, apply_upstream_state
from app.upstream.credentials import ArkAccount
from app.upstream.errors import UpstreamError, UpstreamRejectedError
from app.upstream.rate_limits import RateClass

# After the bucket of an account was empty, it is not read for this long: its row would be a bottleneck.
_NO_CALL_BACKOFF_SECONDS = 0.1

_log = structlog.get_logger()


class PollOutcome(Enum):
    """The outcome of a client's poll.

    ``BY_OTHERS``: another process polls the task. ``NO_CALL``: the account has no GET left for it. ``NO_CHANNEL``: its
    channel is not usable.
    """

    POLLED = auto()
    BY_OTHERS = auto()
    NO_CALL = auto()
    NO_CHANNEL = auto()

    @property
    def may_have_changed(self) -> bool:
        """Whether the row is to be read again."""
        return self in {PollOutcome.POLLED, PollOutcome.BY_OTHERS}


class TaskRefresh:
    """Brings the row of one task up to date with the upstream."""

    def __init__(self, context: TasksContext, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """``monotonic`` returns seconds of a clock that never goes back; it times the backoff."""
        self._context = context
        self._monotonic = monotonic
        self._no_call_until: dict[str, float] = {}

    async def refresh(self, row: TaskRow, account: ArkAccount) -> None:
        """Asks about a task now and applies the answer.

        Raises:
            UpstreamError: there is no usable answer; the row is unchanged.
        """
        body: dict[str, Any] | None
        asked_at = self._context.clock()
        try:
            body = await self._context.ark.get(account, str(row.upstream_id))
        except UpstreamRejectedError as error:
            if not error.is_not_found:
                raise
            body = None
        pricing = await self._context.pricing.current()
        now = self._context.clock()
        async with self._context.sessions.begin() as session:
            current = await TaskRepository(session, row.tenant_id).find(row.id, is_locked=True)
            if current is None:
                return
            if body is None:
                apply_not_found(session, current, pricing=pricing, source=Source.POLL, now=now)
            else:
                apply_upstream_state(
                    session, current, body, pricing=pricing, asked_at=asked_at, source=Source.POLL, now=now
                )
                await record_success(session, str(row.channel_id), now=now)

    async def account_of(self, row: TaskRow, allowed: frozenset[str] | None = None) -> ArkAccount | None:
        """Returns the account that holds a task; None: its channel is not usable at the moment.

        Raises:
            AccessDeniedError: 403, its channel is none of ``allowed``; None allows all.
        """
        channel = await self._context.directory.find(str(row.channel_id))
        if channel is not None and not channel.is_in(allowed):
            raise AccessDeniedError("This API key may not use the upstream channel that holds this task.")
        return channel.ark if channel is not None and channel.is_ready_for("ark") else None

    async def has_channel(self, row: TaskRow) -> bool:
        """Says whether the channel of a task still exists, whatever its status."""
        return await self._context.directory.find(str(row.channel_id)) is not None

    async def refresh_once(self, row: TaskRow) -> PollOutcome:
        """Asks about a task unless another process does, or did so within two seconds, or the rate limit is used up.

        Without a usable answer the row is unchanged, but for ``asked_at``.
        """
        channel_id = str(row.channel_id)
        if self._monotonic() < self._no_call_until.get(channel_id, 0.0):
            return PollOutcome.NO_CALL
        account = await self.account_of(row)
        if account is None:
            return PollOutcome.NO_CHANNEL
        outcome = await self._claim(row, channel_id)
        if outcome is PollOutcome.POLLED:
            try:
                await self.refresh(row, account)
            except UpstreamError as error:
                _log.warning("poll_failed", task=row.upstream_id, channel=row.channel_id, error=repr(error))
        return outcome

    async def _claim(self, row: TaskRow, channel_id: str) -> PollOutcome:
        """Claims the poll and a call of the account in one transaction.

        A call is not spent when another process polls the task, and ``asked_at`` is not set when no call is left.
        """
        async with self._context.sessions() as session:
            tasks = TaskRepository(session, row.tenant_id)
            if not await tasks.claim_poll(row.id, now=self._context.clock(), min_age=MIN_REFRESH_INTERVAL):
                return PollOutcome.BY_OTHERS
            if not await self._context.rates.acquire_in(session, channel_id, RateClass.POLL_GET):
                self._no_call_until[channel_id] = self._monotonic() + _NO_CALL_BACKOFF_SECONDS
                return PollOutcome.NO_CALL
            await session.commit()
            return PollOutcome.POLLED
