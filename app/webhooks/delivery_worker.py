"""The background job that posts deliveries to the endpoints of tenants and of the operator, each at least once.

Claim, post, apply: a short transaction claims due deliveries under a lease, no transaction is open while an endpoint is
awaited, and the result is written only if the lease still holds. When a process dies in between, its lease expires, and
the message is posted again under the same ``webhook-id``.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.background import BackgroundTasks
from app.core.sealing import SealError, SecretBox
from app.ids import new_id
from app.observability.counters import DELIVERIES, LEASE_LOSSES
from app.retention_days import RetentionDays
from app.webhooks.backoff import next_attempt_after
from app.webhooks.due_destinations import DueDestinations
from app.webhooks.failures import Failure
from app.webhooks.models import OPERATOR, DeliveryRow, DeliveryStatus
from app.webhooks.repository import AllDeliveries
from app.webhooks.scheduler import Caps, Destination, allocate_slots
from app.webhooks.secrets import secret_of
from app.webhooks.sender import Message, Outcome, Result, WebhookSender

LEASE = timedelta(seconds=60)
"""Longer than an attempt and its transactions can take."""

RETENTION = timedelta(days=RetentionDays().deliveries)
"""How long a delivered or failed message stays in the log, unless the operator says otherwise."""

_RUN_TIMEOUT_SECONDS = 5.0
_POLL_INTERVAL_SECONDS = 0.5
_DRAIN_TIMEOUT_SECONDS = 5.0
_PRUNE_BATCH_SIZE = 1000
_JOB = "deliver"

_log = structlog.get_logger()


FreshBodies = Callable[[AsyncSession, Sequence[DeliveryRow]], Awaitable[Mapping[str, str]]]
"""Returns the bodies of messages that are to be sent in place of the written ones, by the ids of the messages."""


@dataclass(frozen=True)
class OperatorEndpoint:
    """The operator's endpoint.

    Attributes:
        url: of its settings.
        sender: posts to any address, private ones included, since the operator has chosen it.
    """

    url: str = field(repr=False)
    sender: WebhookSender


class DeliveryWorker:
    """Posts due deliveries; any number of processes may run one."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        sender: WebhookSender,
        box: SecretBox,
        clock: Callable[[], datetime],
        *,
        operator: OperatorEndpoint | None = None,
        retention: timedelta = RETENTION,
        caps: Caps | None = None,
        fresh_bodies: FreshBodies | None = None,
        shuffle: Callable[[MutableSequence[Any]], None] = random.shuffle,
    ) -> None:
        self._fresh_bodies = fresh_bodies
        self._sessions = sessions
        self._sender = sender
        self._box = box
        self._clock = clock
        self._operator = operator
        self._retention = retention
        self._caps = caps or Caps()
        self._shuffle = shuffle
        self._due_destinations = DueDestinations()
        self._background = BackgroundTasks()
        self._posting: dict[asyncio.Task[None], Destination] = {}

    async def run_once(self) -> None:
        """Posts due messages until there are none, for some seconds at most; slow posts continue in the background."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _RUN_TIMEOUT_SECONDS
        while True:
            is_started = await self._start_due()
            if not (is_started or self._posting) or loop.time() >= until:
                return
            if self._posting:
                await asyncio.wait(self._posting, timeout=_POLL_INTERVAL_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self, *, timeout_seconds: float = _DRAIN_TIMEOUT_SECONDS) -> None:
        """Waits for the posts under way, then cancels the rest, which are repeated once their leases expire."""
        await self._background.drain(timeout_seconds=timeout_seconds)

    async def prune(self) -> None:
        """Removes messages that ended longer ago than they are kept."""
        removed = _PRUNE_BATCH_SIZE
        while removed == _PRUNE_BATCH_SIZE:
            async with self._sessions.begin() as session:
                removed = await AllDeliveries(session).prune(
                    ended_before=self._clock() - self._retention, limit=_PRUNE_BATCH_SIZE
                )

    async def _start_due(self) -> bool:
        """Claims as many due messages as there are free slots and starts posting them; False: there were none."""
        if len(self._posting) >= self._caps.total:
            return False
        token, now = new_id("lease"), self._clock()
        async with self._sessions.begin() as session:
            due = await self._due_destinations.find(session, now=now, most=self._caps.per_origin)
            slots = allocate_slots(due, self._posting.values(), self._caps, shuffle=self._shuffle)
            if not slots:
                return False
            rows = await AllDeliveries(session).claim(slots, now=now, token=token, until=now + LEASE)
            # In a fixed order: two processes that create secrets could deadlock otherwise.
            tenants = sorted({row.tenant_id for row in rows})
            bodies = {} if self._fresh_bodies is None else await self._fresh_bodies(session, rows)
            secrets = {tenant: await self._secret_of(session, tenant, now) for tenant in tenants}
        for row in rows:
            task = self._background.start(
                self._deliver(row, token, secrets[row.tenant_id], bodies.get(row.id, row.body))
            )
            self._posting[task] = Destination(row.tenant_id, row.origin)
            task.add_done_callback(self._posting.pop)
        return bool(rows)

    async def _secret_of(self, session: AsyncSession, tenant_id: str, now: datetime) -> str | None:
        """Returns a tenant's secret; None when it cannot be opened, which must not delay other tenants."""
        try:
            return await secret_of(session, self._box, tenant_id, now=now)
        except SealError as error:
            _log.error("webhook_secret_sealed", tenant=tenant_id, error=str(error))
            return None

    async def _deliver(self, row: DeliveryRow, token: str, secret: str | None, body: str) -> None:
        try:
            result = await self._attempt(row, secret, body)
            DELIVERIES.labels(result.outcome.value).inc()
            await self._apply(row.id, token, result)
        except Exception as error:  # noqa: BLE001 - the lease expires, and the message is posted again
            _log.warning("delivery_not_recorded", delivery=row.id, origin=row.origin, error=type(error).__name__)

    async def _attempt(self, row: DeliveryRow, secret: str | None, body: str) -> Result:
        """Posts once. Every failure becomes a result, so that it is counted and shown instead of repeated endlessly."""
        if secret is None:
            return Result(Outcome.UNSIGNED, error=Failure.NOT_SIGNED.value)
        sender, url = self._sender, row.url
        if row.tenant_id == OPERATOR:
            if self._operator is None:
                return Result(Outcome.UNSENT, error=Failure.NO_ENDPOINT.value)
            sender, url = self._operator.sender, self._operator.url
        try:
            return await sender.post(Message(row.id, url, body), secret=secret, now=self._clock())
        except Exception as error:  # noqa: BLE001 - logged by type, since its text may contain the URL or the secret
            _log.error("delivery_attempt_failed", delivery=row.id, origin=row.origin, error=type(error).__name__)
            return Result(Outcome.UNSENT, error=Failure.NOT_SENT.value)

    async def _apply(self, delivery_id: str, token: str, result: Result) -> None:
        now = self._clock()
        async with self._sessions.begin() as session:
            row = await AllDeliveries(session).lock_leased(delivery_id, token=token)
            if row is not None:
                apply_result(row, result, now=now)
        if row is None:
            LEASE_LOSSES.labels(_JOB).inc()
            _log.warning("delivery_lease_lost", delivery=delivery_id, outcome=result.outcome.value)
            return
        _log.info(
            "delivery_attempted",
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


def apply_result(row: DeliveryRow, result: Result, *, now: datetime) -> None:
    """Writes the result of an attempt into its row: the final status, or when the next attempt is due."""
    row.lease_token = row.lease_until = None
    row.last_status, row.last_error = result.status, result.error
    row.updated_at = now
    row.next_attempt_at = None
    if result.outcome is Outcome.DELIVERED:
        row.status = DeliveryStatus.DELIVERED.value
        row.delivered_at = now
        return
    next_attempt_at = next_attempt_after(row.attempts, now=now)
    if result.outcome is Outcome.GONE or next_attempt_at > row.retry_until:
        row.status = DeliveryStatus.FAILED.value
        return
    row.next_attempt_at = next_attempt_at
