"""Fixtures of the webhook tests."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from ipaddress import ip_network
from typing import Any

import pytest_asyncio
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.core.sealing import SecretBox, generate_key
from app.db.engine import session_factory
from app.ids import new_id
from app.tenants.models import TenantRow, TenantStatus
from app.webhooks.callback_url_policy import CallbackUrlPolicy
from app.webhooks.delivery_worker import DeliveryWorker
from app.webhooks.models import DeliveryRow
from app.webhooks.outbox import enqueue
from app.webhooks.scheduler import Caps
from app.webhooks.secrets import secret_of
from app.webhooks.sender import Timeouts, open_sender
from tests.support.clock import MovableClock
from tests.support.due_jobs import jobs_run_only_when_due
from tests.support.timeouts import HANG_SECONDS
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["jobs_run_only_when_due"]

LOOPBACK = CallbackUrlPolicy(allow=(ip_network("127.0.0.0/8"),))


class Office:
    """The outbox of some tenants, and any number of processes that deliver it."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], stack: AsyncExitStack) -> None:
        self.sessions = sessions
        self.clock = MovableClock(stands_still=True)
        self.box = SecretBox.from_text(generate_key())
        self._stack = stack

    async def process(self, *, total_seconds: float = HANG_SECONDS, caps: Caps | None = None) -> DeliveryWorker:
        """Returns the job of one more process."""
        tls, timeouts = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), Timeouts(total_seconds=total_seconds)
        sender = await self._stack.enter_async_context(
            open_sender(LOOPBACK, max_concurrent=64, tls=tls, timeouts=timeouts)
        )
        worker = DeliveryWorker(self.sessions, sender, self.box, self.clock, caps=caps)
        self._stack.push_async_callback(worker.drain, timeout_seconds=0)
        return worker

    async def receiver(self) -> Receiver:
        """Returns one more endpoint."""
        return await self._stack.enter_async_context(receiving())

    async def tenant(self) -> str:
        """Makes a tenant and returns its id."""
        now = self.clock()
        row = TenantRow(
            id=new_id("tenant"),
            name="t",
            status=TenantStatus.ACTIVE.value,
            details={},
            created_at=now,
            updated_at=now,
        )
        async with self.sessions.begin() as session:
            session.add(row)
        return row.id

    async def write(self, tenant_id: str, url: str, *, count: int = 1, **body: Any) -> list[str]:
        """Writes messages as a change of state does; returns their ids, oldest first."""
        async with self.sessions.begin() as session:
            for number in range(count):
                enqueue(
                    session,
                    tenant_id=tenant_id,
                    task_id=f"task-{number}",
                    key_id="key",
                    url=url,
                    body={"id": f"task-{number}", **body},
                    now=self.clock(),
                )
            return [row.id for row in session.new if isinstance(row, DeliveryRow)]

    async def flood(self, tenant_id: str, url: str, *, count: int) -> None:
        """Writes many messages in one statement."""
        (first,) = await self.write(tenant_id, url)
        columns = "tenant_id, task_id, url, origin, body, status, attempts, next_attempt_at, retry_until, created_at"
        statement = text(
            f"INSERT INTO deliveries (id, {columns}, updated_at) "
            f"SELECT id || number, {columns}, updated_at FROM deliveries, generate_series(2, :count) AS number "
            "WHERE id = :first"
        )
        async with self.sessions.begin() as session:
            await session.execute(statement, {"count": count, "first": first})

    async def row(self, delivery_id: str) -> DeliveryRow:
        """Returns a delivery as it is in the database."""
        async with self.sessions() as session:
            return (await session.scalars(select(DeliveryRow).where(DeliveryRow.id == delivery_id))).one()

    async def rows(self, tenant_id: str) -> Sequence[DeliveryRow]:
        """Returns a tenant's deliveries."""
        async with self.sessions() as session:
            return (await session.scalars(select(DeliveryRow).where(DeliveryRow.tenant_id == tenant_id))).all()

    async def secret(self, tenant_id: str) -> str:
        """Returns a tenant's secret."""
        async with self.sessions.begin() as session:
            return await secret_of(session, self.box, tenant_id, now=self.clock())


async def settle(worker: DeliveryWorker) -> None:
    """Runs a worker until no message is due and its posts have ended."""
    await worker.run_once()
    await worker.drain(timeout_seconds=HANG_SECONDS)


@pytest_asyncio.fixture
async def office(engine: AsyncEngine, clean_database: None) -> AsyncIterator[Office]:
    """An empty outbox."""
    async with AsyncExitStack() as stack:
        yield Office(session_factory(engine), stack)
