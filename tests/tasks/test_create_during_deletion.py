"""A create that meets the deletion of its tenant or its channel: either the deletion sees it, or it is not sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text as sql

from tests.support.gateway import Gateway, Tenant
from tests.support.timeouts import HANG_SECONDS

_LOCK_WAITERS = sql(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@asynccontextmanager
async def _being_deleted(gateway: Gateway, table: str, row_id: str) -> AsyncIterator[None]:
    """Holds the lock that a deletion holds while it counts; the deletion is committed at the end of the block."""
    async with gateway.sessions.begin() as session:
        await session.execute(sql(f"SELECT 1 FROM {table} WHERE id = :id FOR UPDATE"), {"id": row_id})
        yield
        await session.execute(sql(f"UPDATE {table} SET deleted_at = now() WHERE id = :id"), {"id": row_id})


async def _until_a_lock_is_awaited(gateway: Gateway) -> None:
    async with asyncio.timeout(HANG_SECONDS), gateway.sessions() as session:
        while not await session.scalar(_LOCK_WAITERS):  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("table", ["tenants", "channels"])
async def test_a_create_that_waits_for_a_deletion_is_not_sent(gateway: Gateway, table: str) -> None:
    channel_id = await gateway.add_channel(f"leaving-{table}", gateway.sandbox.ark_base_url, "second-ark-key")
    tenant: Tenant = await gateway.tenant(f"leaving-{table}")
    async with _being_deleted(gateway, table, tenant.id if table == "tenants" else channel_id):
        creating = asyncio.create_task(tenant.create_task())
        await _until_a_lock_is_awaited(gateway)
    response = await creating
    assert response.status_code == 503, response.text
    assert response.headers["retry-after"].isdigit()
    assert gateway.received("create_task") == []
    assert await gateway.rows_of(tenant) == []
