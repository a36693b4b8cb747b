"""Queries on deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, literal_column, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.due_work import Probe
from app.db.page import PLAN_FOR_VALUES
from app.http.paging import ALWAYS, PageRequest, Period, newest_first
from app.webhooks.models import DeliveryRow, DeliveryStatus, WebhookSecretRow
from app.webhooks.scheduler import Destination

DELIVERIES_DUE = Probe("(SELECT min(next_attempt_at) FROM deliveries WHERE next_attempt_at IS NOT NULL) <= :now")
"""Some message may be tried now."""

# Compares a row with the time in it, so that only ix_deliveries_destinations fits (``app.webhooks.due_destinations``).
_CLAIM = text(
    """
    WITH picked AS (
        SELECT found.id
        FROM unnest(CAST(:tenant_ids AS text[]), CAST(:origins AS text[]), CAST(:counts AS int[]))
            AS destinations (tenant_id, origin, slots)
        CROSS JOIN LATERAL (
            SELECT id FROM deliveries
            WHERE next_attempt_at IS NOT NULL AND tenant_id = destinations.tenant_id AND origin = destinations.origin
              AND (tenant_id, origin, next_attempt_at) <= (destinations.tenant_id, destinations.origin, :now)
            ORDER BY next_attempt_at LIMIT destinations.slots
            FOR UPDATE SKIP LOCKED
        ) AS found
    )
    UPDATE deliveries
    SET lease_token = :token, lease_until = :until, next_attempt_at = :until, attempts = attempts + 1, updated_at = :now
    WHERE id IN (SELECT id FROM picked)
    RETURNING deliveries.*
    """
)


class Place(NamedTuple):
    """The place of a delivery in the order of creation."""

    created_at: datetime
    id: str


@dataclass(frozen=True)
class DeliverySearch:
    """Filter of a list; None means all.

    Attributes:
        delivery_id: its id.
        tenant_id: the owner.
        task_id: our own id of the task.
        key_id: the API key that made the task.
        origin: of the URL, such as ``https://hooks.example``.
        status: the state.
        period: when the message was written.
    """

    delivery_id: str | None = None
    tenant_id: str | None = None
    task_id: str | None = None
    key_id: str | None = None
    origin: str | None = None
    status: DeliveryStatus | None = None
    period: Period = ALWAYS


class AllDeliveries:
    """The deliveries of all tenants, for the background job and the operator."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(
        self, slots: Mapping[Destination, int], *, now: datetime, token: str, until: datetime
    ) -> Sequence[DeliveryRow]:
        """Claims as many due deliveries of each destination as it has slots, under a lease.

        Deliveries that another process is claiming are skipped. A delivery whose lease has expired is due again.
        """
        values = {
            "tenant_ids": [destination.tenant_id for destination in slots],
            "origins": [destination.origin for destination in slots],
            "counts": list(slots.values()),
            "now": now,
            "token": token,
            "until": until,
        }
        return (await self._session.scalars(select(DeliveryRow).from_statement(_CLAIM), values)).all()

    async def lock_leased(self, delivery_id: str, *, token: str) -> DeliveryRow | None:
        """Returns a delivery, locked, if the lease of that token still holds."""
        query = select(DeliveryRow).where(DeliveryRow.id == delivery_id, DeliveryRow.lease_token == token)
        found: DeliveryRow | None = await self._session.scalar(query.with_for_update())
        return found

    async def lock(self, delivery_id: str) -> DeliveryRow | None:
        """Returns a delivery, locked against changes."""
        return await self._session.get(DeliveryRow, delivery_id, with_for_update=True)

    async def find(self, delivery_id: str) -> DeliveryRow | None:
        """Returns a delivery."""
        return await self._session.get(DeliveryRow, delivery_id)

    async def page(self, page: PageRequest, wanted: DeliverySearch) -> Sequence[DeliveryRow]:
        """Returns deliveries newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        conditions = wanted.period.conditions(DeliveryRow.created_at)
        if wanted.delivery_id is not None:
            conditions.append(DeliveryRow.id == wanted.delivery_id)
        if wanted.tenant_id is not None:
            conditions.append(DeliveryRow.tenant_id == wanted.tenant_id)
        if wanted.task_id is not None:
            conditions.append(DeliveryRow.task_id == wanted.task_id)
        if wanted.key_id is not None:
            conditions.append(DeliveryRow.key_id == wanted.key_id)
        if wanted.origin is not None:
            conditions.append(DeliveryRow.origin == wanted.origin)
        if wanted.status is not None:
            # A constant of the statement: with a parameter, a prepared plan could not use the partial index.
            conditions.append(DeliveryRow.status == literal_column(f"'{wanted.status.value}'"))
        return await newest_first(self._session, DeliveryRow, conditions, page)

    async def lock_all(self, delivery_ids: Sequence[str]) -> Sequence[DeliveryRow]:
        """Returns those of the deliveries that exist, locked against changes, in the order of their ids."""
        query = select(DeliveryRow).where(DeliveryRow.id.in_(delivery_ids)).order_by(DeliveryRow.id)
        return (await self._session.scalars(query.with_for_update())).all()

    async def failing_to(
        self, origin: str, tenant_id: str | None, *, status: DeliveryStatus, after: Place | None, limit: int
    ) -> Sequence[Place]:
        """Returns the deliveries of a status to an origin that were tried in vain, oldest first.

        An index has all that is compared, so that those to other origins are passed over without reading their rows.
        """
        conditions = [
            # Constants of the statement, see ``page``.
            DeliveryRow.status == literal_column(f"'{status.value}'"),
            DeliveryRow.origin == origin,
            DeliveryRow.attempts > 0,
        ]
        if tenant_id is not None:
            conditions.append(DeliveryRow.tenant_id == tenant_id)
        place = (DeliveryRow.created_at, DeliveryRow.id)
        if after is not None:
            conditions.append(tuple_(*place) > after)
        await self._session.execute(PLAN_FOR_VALUES)
        found = await self._session.execute(select(*place).where(*conditions).order_by(*place).limit(limit))
        return [Place(*each) for each in found]

    async def lock_idle(self, delivery_ids: Sequence[str], *, status: DeliveryStatus) -> Sequence[DeliveryRow]:
        """Returns those of the deliveries that still have a status, locked, without those that are under way."""
        query = select(DeliveryRow).where(
            DeliveryRow.id.in_(delivery_ids), DeliveryRow.status == status.value, DeliveryRow.lease_token.is_(None)
        )
        return (await self._session.scalars(query.order_by(DeliveryRow.id).with_for_update(skip_locked=True))).all()

    async def prune(self, *, ended_before: datetime, limit: int) -> int:
        """Removes some of the deliveries that ended before a moment; returns how many."""
        old = (
            select(DeliveryRow.id)
            .where(
                DeliveryRow.updated_at < ended_before,
                DeliveryRow.next_attempt_at.is_(None),
            )
            .order_by(DeliveryRow.updated_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("old")
        )
        removed = await self._session.scalars(
            delete(DeliveryRow).where(DeliveryRow.id.in_(select(old.c.id))).returning(DeliveryRow.id)
        )
        return len(removed.all())


async def remove_messages(session: AsyncSession, tenant_id: str) -> None:
    """Removes a deleted tenant's messages, whether they were delivered or not, and its secret."""
    for table in (DeliveryRow, WebhookSecretRow):
        await session.execute(delete(table).where(table.tenant_id == tenant_id))
