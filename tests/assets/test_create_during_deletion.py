"""A create or a verification during the deletion of its tenant or channel leaves no object without an owner."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text as sql

from tests.assets.gateway import AssetsGateway, by_path
from tests.support.driving import act, pass_verification
from tests.support.gateway import HELD
from tests.support.timeouts import HANG_SECONDS, until

_LOCK_WAITERS = sql(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_ROWS = sql("SELECT (SELECT count(*) FROM asset_groups) + (SELECT count(*) FROM assets)")


@asynccontextmanager
async def _being_deleted(gateway: AssetsGateway, table: str, row_id: str) -> AsyncIterator[None]:
    """Holds the lock that a deletion holds while it counts; the deletion is committed at the end of the block."""
    async with gateway.sessions.begin() as session:
        await session.execute(sql(f"SELECT 1 FROM {table} WHERE id = :id FOR UPDATE"), {"id": row_id})
        yield
        await session.execute(sql(f"UPDATE {table} SET deleted_at = now() WHERE id = :id"), {"id": row_id})


async def _until_a_lock_is_awaited(gateway: AssetsGateway) -> None:
    async with asyncio.timeout(HANG_SECONDS), gateway.sessions() as session:
        while not await session.scalar(_LOCK_WAITERS):  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.02)


async def _count_rows(gateway: AssetsGateway) -> int:
    async with gateway.sessions.begin() as session:
        return int(await session.scalar(_ROWS) or 0)


async def _delete_channel(gateway: AssetsGateway) -> int:
    deleted = await gateway.admin.delete(f"/channels/{await gateway.channel_id()}")
    return deleted.status_code


@pytest.mark.parametrize("table", ["tenants", "channels"])
async def test_a_create_that_waits_for_a_deletion_is_not_sent(fresh: AssetsGateway, table: str) -> None:
    tenant = await fresh.tenant()
    body = {"Name": "late", "GroupType": "AIGC"}
    async with _being_deleted(fresh, table, tenant.id if table == "tenants" else await fresh.channel_id()):
        creating = asyncio.create_task(by_path(tenant, "CreateAssetGroup", body))
        await _until_a_lock_is_awaited(fresh)
    response = await creating
    assert response.status_code == 503, response.text
    assert fresh.count("CreateAssetGroup") == 0


@pytest.mark.parametrize("owner", ["tenants", "channels"])
async def test_an_owner_is_not_deleted_while_a_create_is_in_flight(fresh: AssetsGateway, owner: str) -> None:
    tenant = await fresh.tenant()
    await fresh.fault("CreateAssetGroup", **HELD)
    creating = asyncio.create_task(by_path(tenant, "CreateAssetGroup", {"Name": "inflight", "GroupType": "AIGC"}))
    await until(lambda: fresh.count("CreateAssetGroup"))
    owner_id = tenant.id if owner == "tenants" else await fresh.channel_id()
    deleted = await fresh.admin.delete(f"/{owner}/{owner_id}")
    assert (deleted.status_code, deleted.json()["error"]["code"]) == (409, "InvalidAction"), deleted.text
    await fresh.release()
    assert (await creating).status_code == 200


async def test_a_create_of_unknown_outcome_does_not_prevent_a_deletion(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    await fresh.fault("CreateAssetGroup", kind="cut", at="before")
    with pytest.raises(Exception, match="did not answer"):
        await fresh.run(tenant, "CreateAssetGroup", Name="lost", GroupType="AIGC", search_timeout_seconds=0.0)
    assert await _delete_channel(fresh) == 204
    fresh.services.directory.invalidate()
    fresh.clock.advance(60)
    await fresh.services.asset_create_recovery.run_once()
    assert await _count_rows(fresh) == 0


async def test_a_verification_whose_channel_is_being_deleted_leaves_no_group(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    opened = await act(tenant, "CreateVisualValidateSession", CallbackURL="https://example.com/back")
    await pass_verification(opened["H5Link"])
    await fresh.fault("GetVisualValidateResult", **HELD)
    asking = asyncio.create_task(by_path(tenant, "GetVisualValidateResult", {"BytedToken": opened["BytedToken"]}))
    await until(lambda: fresh.count("GetVisualValidateResult"))
    assert await _delete_channel(fresh) == 204
    await fresh.release()
    assert (await asking).status_code == 503
    assert await _count_rows(fresh) == 0
