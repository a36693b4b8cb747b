"""Requests that wait for an earlier create ask the database for it only in their tenant's turns."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.assets.create_replay import AssetReplay
from app.db.engine import open_engine
from app.tasks.repository import TaskRepository
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import HELD, MODEL, TASKS, Gateway
from tests.support.gateway import text as prompt
from tests.support.observed_calls import ObservedCalls
from tests.support.timeouts import HANG_SECONDS, until

gateway = prepared_gateway

# More than half of the connections of a process, which is a tenant's share.
WAITING = 8
INTERVAL_SECONDS = 0.02
KEY = {"Idempotency-Key": "once"}
MARK = {"X-Stainless-Retry-Count": "1"}
VIDEO = {"model": MODEL, "content": prompt("a kitten")}
GROUP = {"Name": "a group", "GroupType": "AIGC"}


async def test_many_repetitions_of_a_task_leave_connections_to_other_tenants(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same key, and marked as retries."""
    monkeypatch.setattr("app.tasks.creation.create_replay._CHECK_INTERVAL_SECONDS", INTERVAL_SECONDS)
    asked = ObservedCalls(monkeypatch, TaskRepository, "find_intent")
    tenant, other = await gateway.tenant(), await gateway.tenant()

    def create(headers: dict[str, str]) -> "asyncio.Task[httpx.Response]":
        return asyncio.create_task(tenant.http.post(TASKS, json=VIDEO, headers=headers))

    await gateway.fault("create_task", times=2, **HELD)
    first = [create({}), create(KEY)]
    await until(lambda: len(gateway.received("create_task")) == len(first))
    again = [create(headers) for headers in (MARK, KEY) for _ in range(WAITING)]
    await until(lambda: len(asked.callers) == len(again))
    await check_share(gateway, "tasks", other.http)
    await gateway.release()
    answers = await asyncio.gather(*first, *again)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == len(gateway.received("create_task")) == 2


async def test_many_repetitions_of_a_group_leave_connections_to_other_tenants(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.assets.create_replay._CHECK_INTERVAL_SECONDS", INTERVAL_SECONDS)
    asked = ObservedCalls(monkeypatch, AssetReplay, "_check")
    tenant, other = await gateway.tenant(), await gateway.tenant()

    async def create() -> Any:
        return (await tenant.http.post("/api/v3/open/CreateAssetGroup", json=GROUP, headers=KEY)).json()["Id"]

    await gateway.fault("CreateAssetGroup", **HELD)
    first = asyncio.create_task(create())
    await gateway.arrival("CreateAssetGroup")
    again = [asyncio.create_task(create()) for _ in range(WAITING)]
    await until(lambda: len(asked.callers) == len(again))
    await check_share(gateway, "asset_create_intents", other.http)
    await gateway.release()
    assert len(set(await asyncio.gather(first, *again))) == 1


async def check_share(gateway: Gateway, table: str, other: httpx.AsyncClient) -> None:
    """Locks a table; checks that half of the connections wait for it, and that another tenant is answered."""
    engine = open_engine(gateway.database_url, pool_size=1)
    try:
        async with engine.connect() as locking:
            await locking.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))

            async def waiting() -> int:
                counting = "SELECT count(*) FROM pg_locks WHERE relation = CAST(:name AS regclass) AND NOT granted"
                return int(await locking.scalar(text(counting), {"name": table}) or 0)

            share = gateway.settings.db_pool_size // 2
            async with asyncio.timeout(HANG_SECONDS):
                while await waiting() < share:  # noqa: ASYNC110 - a lock has no event
                    await asyncio.sleep(INTERVAL_SECONDS)
            # By then each of them would have asked again.
            await asyncio.sleep(3 * INTERVAL_SECONDS)
            assert await waiting() == share
            assert (await other.get("/api/v3/whoami")).status_code == 200
            assert await waiting() == share
    finally:
        await engine.dispose()
