"""The background job that brings deliveries to tenants' endpoints, at least once each.

Claim, post, apply: a short transaction takes due deliveries under a lease, nothing is open while a tenant's endpoint
is awaited, and the result is written only if the lease still holds. A process that dies in between leaves a lease
that expires, and the message is posted again under the same ``webhook-id``.
"""

import asyncio
import random
from collections.abc import Callable, MutableSequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.sealing import SealError, SecretBox
from app.ids import new_id
from app.jobs import WorkUnderWay
from app.observability.metrics import DELIVERIES, LEASE_LOSSES
from app.webhooks.failures import Failure
from app.webhooks.fairness import Caps, Lane, share_places
from app.webhooks.lanes import DueLanes
from app.webhooks.models import DeliveryRow, DeliveryStatus
from app.webhooks.repository import AllDeliveries
from app.webhooks.schedule import next_try_at
from app.webhooks.secrets import secret_of
from app.webhooks.sender import Message, TryOutcome, TryResult, WebhookSender

LEASE = timedelta(seconds=60)
"""Longer than a post and its transactions may take."""

KEPT_FOR = timedelta(days=30)
"""How long an ended delivery stays in the log."""

_RUN_SECONDS = 5.0
_POLL_SECONDS = 0.5
_DRAIN_SECONDS = 5.0
_PRUNED_AT_ONCE = 1000
_JOB = "deliver"

_log = structlog.get_logger()


class Deliverer:
    """Posts what is due; any number of processes may do so on one database."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        sender: WebhookSender,
        box: SecretBox,
        clock: Callable[[], datetime],
        *,
        caps: Caps | None = None,
        shuffle: Callable[[MutableSequence[Any]], None] = random.shuffle,
    ) -> None:
        """Makes the job.

        Args:
            sessions: of the database.
            sender: posts.
            box: opens the tenants' secrets.
            clock: the time in UTC.
            caps: how much is posted at once.
            shuffle: draws whose turn it is.
        """
        self._sessions = sessions
        self._sender = sender
        self._box = box
        self._clock = clock
        self._caps = caps or Caps()
        self._shuffle = shuffle
        self._due_lanes = DueLanes()
        self._under_way = WorkUnderWay()
        self._posting: dict[asyncio.Task[None], Lane] = {}

    async def run_once(self) -> None:
        """Posts what is due, for some seconds or until nothing is; slow posts go on behind it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _RUN_SECONDS
        while True:
            is_started = await self._start_due()
            if not (is_started or self._posting) or loop.time() >= until:
                return
            if self._posting:
                await asyncio.wait(self._posting, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self, *, patience_seconds: float = _DRAIN_SECONDS) -> None:
        """Waits for what is being posted, then breaks off the rest, which is posted again once its lease is over."""
        await self._under_way.drain(patience_seconds=patience_seconds)

    async def prune(self) -> None:
        """Removes what ended thirty days ago."""
        removed = _PRUNED_AT_ONCE
        while removed == _PRUNED_AT_ONCE:
            async with self._sessions.begin() as session:
                removed = await AllDeliveries(session).prune(
                    ended_before=self._clock() - KEPT_FOR, limit=_PRUNED_AT_ONCE
                )

    async def _start_due(self) -> bool:
        """Claims as much as there are free places for and starts posting it; False when there was nothing."""
        if len(self._posting) >= self._caps.total:
            return False
        token, now = new_id("lease"), self._clock()
        async with self._sessions.begin() as session:
            due = await self._due_lanes.find(session, now=now, most=self._caps.per_origin)
            places = share_places(due, self._posting.values(), self._caps, shuffle=self._shuffle)
            if not places:
                return False
            rows = await AllDeliveries(session).claim(places, now=now, token=token, until=now + LEASE)
            # In one order, or two processes that make secrets could wait for each other.
            tenants = sorted({row.tenant_id for row in rows})
            secrets = {tenant: await self._secret_of(session, tenant, now) for tenant in tenants}
        for row in rows:
            task = self._under_way.start(self._deliver(row, token, secrets[row.tenant_id]))
            self._posting[task] = Lane(row.tenant_id, row.origin)
            task.add_done_callback(self._posting.pop)
        return bool(rows)

    async def _secret_of(self, session: AsyncSession, tenant_id: str, now: datetime) -> str | None:
        """Returns a tenant's secret; None when it does not open, which must not hold up the others."""
        try:
            return await secret_of(session, self._box, tenant_id, now=now)
        except SealError as error:
            _log.error("webhook_secret_sealed", tenant=tenant_id, error=str(error))
            return None

    async def _deliver(self, row: DeliveryRow, token: str, secret: str | None) -> None:
        try:
            result = await self._try(row, secret)
            DELIVERIES.labels(result.outcome.value).inc()
            await self._apply(row.id, token, result)
        except Exception as error:  # noqa: BLE001 - the lease expires, and the message is posted again
            _log.warning("delivery_not_recorded", delivery=row.id, origin=row.origin, error=type(error).__name__)

    async def _try(self, row: DeliveryRow, secret: str | None) -> TryResult:
        """Posts once. Every failure is a result; otherwise the message would be tried without end and show no error."""
        if secret is None:
            return TryResult(TryOutcome.UNSIGNED, error=Failure.NOT_SIGNED.value)
        message = Message(id=row.id, url=row.url, body=row.body)
        try:
            return await self._sender.post(message, secret=secret, now=self._clock())
        except Exception as error:  # noqa: BLE001 - its text may hold the address or the secret
            _log.error("delivery_broken", delivery=row.id, origin=row.origin, error=type(error).__name__)
            return TryResult(TryOutcome.UNSENT, error=Failure.NOT_SENT.value)

    async def _apply(self, delivery_id: str, token: str, result: TryResult) -> None:
        now = self._clock()
        async with self._sessions.begin() as session:
            row = await AllDeliveries(session).held(delivery_id, token=token)
            if row is not None:
                apply_result(row, result, now=now)
        if row is None:
            LEASE_LOSSES.labels(_JOB).inc()
            _log.warning("delivery_lease_lost", delivery=delivery_id, outcome=result.outcome.value)
            return
        _log.info(
            "delivery_tried",
            delivery=row.id,
            tenant=row.tenant_id,
            task=row.task_id,
            origin=row.origin,
            attempt=row.attempts,
            outcome=result.outcome.value,
            status=result.status,
            error=result.error,
            state=row.status,
        )


def apply_result(row: DeliveryRow, result: TryResult, *, now: datetime) -> None:
    """Writes what a try brought into its row: the end, or when to try again."""
    row.lease_token = row.lease_until = None
    row.last_status, row.last_error = result.status, result.error
    row.updated_at = now
    row.next_attempt_at = None
    if result.outcome is TryOutcome.DELIVERED:
        row.status = DeliveryStatus.DELIVERED.value
        row.delivered_at = now
        return
    following = next_try_at(row.attempts, now=now)
    if result.outcome is TryOutcome.GONE or following > row.retry_until:
        row.status = DeliveryStatus.FAILED.value
        return
    row.next_attempt_at = following
