"""Resends many deliveries at once, in small steps. Every step writes its audit rows in the same transaction."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, Target, record
from app.webhooks.models import DeliveryStatus
from app.webhooks.outbox import apply_resend
from app.webhooks.repository import AllDeliveries, Place

MAX_IDS = 100
"""How many deliveries one request may name."""

MAX_RESENT = 1000
"""How many deliveries to an endpoint one request resends."""

_STEP = 100


@dataclass(frozen=True, slots=True)
class Resent:
    """What a request did.

    Attributes:
        resent: how many deliveries are due now.
        not_found: the ids that no delivery has.
        has_more: there may be more to that endpoint.
    """

    resent: int
    not_found: Sequence[str] = ()
    has_more: bool = False


@dataclass(frozen=True)
class BulkResend:
    """Resends deliveries of all tenants. They keep their ids, by which receivers recognise what they have."""

    sessions: async_sessionmaker[AsyncSession]
    clock: Callable[[], datetime]

    async def resend(self, actor: Actor, delivery_ids: Sequence[str]) -> Resent:
        """Schedules deliveries again, whatever their status; ids of nothing are reported and change nothing."""
        now = self.clock()
        async with self.sessions.begin() as session:
            rows = await AllDeliveries(session).lock_all(delivery_ids)
            for row in rows:
                target = Target("delivery", row.id, row.tenant_id)
                record(session, actor, "delivery.resend", target, at=now, status=row.status, attempts=row.attempts)
                apply_resend(row, now=now)
            found = {row.id for row in rows}
        return Resent(len(found), [each for each in dict.fromkeys(delivery_ids) if each not in found])

    async def resend_to(self, actor: Actor, origin: str, *, tenant_id: str | None) -> Resent:
        """Schedules what was given up or waits for another attempt, oldest first; None: of all tenants.

        What is being posted at this moment, or changed by another request, is left to that.
        """
        resent = 0
        for status in (DeliveryStatus.FAILED, DeliveryStatus.PENDING):
            after: Place | None = None
            while True:
                places, changed = await self._step(actor, origin, tenant_id, status, after)
                resent += changed
                if len(places) < _STEP:
                    break
                if resent + _STEP > MAX_RESENT:
                    return Resent(resent, has_more=True)
                after = places[-1]
        return Resent(resent)

    async def _step(
        self, actor: Actor, origin: str, tenant_id: str | None, status: DeliveryStatus, after: Place | None
    ) -> tuple[Sequence[Place], int]:
        """Resends the next deliveries; returns which were next, and how many of them it resent."""
        now = self.clock()
        async with self.sessions.begin() as session:
            deliveries = AllDeliveries(session)
            places = await deliveries.failing_to(origin, tenant_id, status=status, after=after, limit=_STEP)
            rows = await deliveries.lock_idle([place.id for place in places], status=status)
            for row in rows:
                apply_resend(row, now=now)
            for owner, count in Counter(row.tenant_id for row in rows).items():
                target = Target("endpoint", origin, owner)
                record(session, actor, "delivery.resend", target, at=now, status=status.value, count=count)
        return places, len(rows)
