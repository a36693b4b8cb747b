"""A create that meets the deletion of its tenant or its channel: either the deletion sees it, or it is not sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text as sql

from tests.support.patience import HANG_SECONDS
from tests.support.stage import Stage, add_channel
from tests.support.world import Tenant

_LOCK_WAITERS = sql(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@asynccontextmanager
async def _being_deleted(stage: Stage, table: str, row_id: str) -> AsyncIterator[None]:
    """Holds the lock that a deletion holds while it counts; the deletion is committed at the end of the block."""
    async with stage.sessions.begin() as session:
        await session.execute(sql(f"SELECT 1 FROM {table} WHERE id = :id FOR UPDATE"), {"id": row_id})
        yield
        await session.execute(sql(f"UPDATE {table} SET deleted_at = now() WHERE id = :id"), {"id": row_id})


async def _until_a_lock_is_awaited(stage: Stage) -> None:
    async with asyncio.timeout(HANG_SECONDS), stage.sessions() as session:
        while not await session.scalar(_LOCK_WAITERS):  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("table", ["tenants", "channels"])
async def test_a_create_that_waits_for_a_deletion_is_not_sent(stage: Stage, table: str) -> None:
    channel_id = await add_channel(stage.world, f"leaving-{table}", stage.world.sandbox.ark_base_url, "second-ark-key")
    tenant: Tenant = await stage.tenant(f"leaving-{table}")
    async with _being_deleted(stage, table, tenant.id if table == "tenants" else channel_id):
        creating = asyncio.create_task(tenant.create_task())
        await _until_a_lock_is_awaited(stage)
    response = await creating
    assert response.status_code == 503, response.text
    assert response.headers["retry-after"].isdigit()
    assert stage.received("create_task") == []
    assert await stage.rows_of(tenant) == []
