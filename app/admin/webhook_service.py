"""Use cases of the operator for deliveries and webhook secrets.

They stand above ``webhooks``, because a delivery is shown with the id by which its tenant knows the task. Every change
writes its audit row in the same transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, Target, record
from app.core.sealing import SecretBox
from app.errors import NotFoundError
from app.http.paging import PageRequest
from app.tasks.admin_repository import AdminTaskRepository
from app.tasks.models import TaskRow
from app.tasks.responses import public_id
from app.tenants.changes import check_tenant_found
from app.tenants.repository import AllTenants
from app.webhooks.delivery_worker import FreshBodies
from app.webhooks.models import OPERATOR, DeliveryRow
from app.webhooks.outbox import apply_resend
from app.webhooks.repository import AllDeliveries, DeliverySearch
from app.webhooks.secrets import replace_secret


@dataclass(frozen=True)
class IssuedSecret:
    """A new webhook secret, of a tenant or of the operator."""

    secret: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True)
class ShownDelivery:
    """A delivery, with the id by which its tenant knows the task."""

    row: DeliveryRow
    task_id: str


@dataclass(frozen=True)
class WebhookService:
    """Administers the deliveries and webhook secrets of all tenants.

    Attributes:
        sessions: of the database.
        box: seals secrets.
        clock: the time now.
        fresh_bodies: as for the worker, so that what is shown is what is posted.
    """

    sessions: async_sessionmaker[AsyncSession]
    box: SecretBox
    clock: Callable[[], datetime]
    fresh_bodies: FreshBodies | None = None

    async def rotate_secret(self, actor: Actor, tenant_id: str) -> IssuedSecret:
        """Gives a tenant a new secret, which signs all later deliveries.

        Raises:
            NotFoundError: 404, no such tenant.
        """
        now = self.clock()
        async with self.sessions.begin() as session:
            check_tenant_found(await AllTenants(session).lock(tenant_id))
            secret = await replace_secret(session, self.box, tenant_id, now=now)
            record(session, actor, "webhook_secret.rotate", Target("tenant", tenant_id, tenant_id), at=now)
        return IssuedSecret(secret, now)

    async def rotate_operator_secret(self, actor: Actor) -> IssuedSecret:
        """Gives the operator's endpoint a new secret, which signs all later messages to it."""
        now = self.clock()
        async with self.sessions.begin() as session:
            secret = await replace_secret(session, self.box, OPERATOR, now=now)
            record(session, actor, "webhook_secret.rotate", Target("operator", OPERATOR), at=now)
        return IssuedSecret(secret, now)

    async def list_deliveries(self, page: PageRequest, wanted: DeliverySearch) -> Sequence[ShownDelivery]:
        """Returns deliveries newest first, one more than asked when there are more; ``task_id`` may be either id.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self.sessions() as session:
            if wanted.task_id is not None:
                wanted = replace(wanted, task_id=await AdminTaskRepository(session).spare_id(wanted.task_id))
            return await _shown(session, await AllDeliveries(session).page(page, wanted))

    async def look(self, actor: Actor, delivery_id: str) -> tuple[ShownDelivery, str]:
        """Returns a delivery and the body of a post at this moment; the audit log records the look.

        Raises:
            NotFoundError: 404, no such delivery.
        """
        async with self.sessions.begin() as session:
            row = await AllDeliveries(session).find(delivery_id)
            if row is None:
                raise _unknown_delivery()
            fresh = {} if self.fresh_bodies is None else await self.fresh_bodies(session, [row])
            record(session, actor, "delivery.look", _target(row), at=self.clock())
            return (await _shown(session, [row]))[0], fresh.get(row.id, row.body)

    async def resend(self, actor: Actor, delivery_id: str) -> ShownDelivery:
        """Schedules a delivery again, whatever its status.

        Raises:
            NotFoundError: 404, no such delivery.
        """
        now = self.clock()
        async with self.sessions.begin() as session:
            row = await AllDeliveries(session).lock(delivery_id)
            if row is None:
                raise _unknown_delivery()
            record(session, actor, "delivery.resend", _target(row), at=now, status=row.status, attempts=row.attempts)
            apply_resend(row, now=now)
            return (await _shown(session, [row]))[0]


def _unknown_delivery() -> NotFoundError:
    return NotFoundError("The specified delivery is not found.", field="delivery_id", param="delivery_id")


def _target(row: DeliveryRow) -> Target:
    return Target("delivery", row.id, None if row.tenant_id == OPERATOR else row.tenant_id)


async def _shown(session: AsyncSession, rows: Sequence[DeliveryRow]) -> list[ShownDelivery]:
    names = [(row.tenant_id, row.task_id) for row in rows]
    tasks = await session.scalars(select(TaskRow).where(tuple_(TaskRow.tenant_id, TaskRow.id).in_(names)))
    shown = {task.id: public_id(task) for task in tasks}
    return [ShownDelivery(row, shown.get(row.task_id, row.task_id)) for row in rows]
