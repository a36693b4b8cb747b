"""Upstream tasks without an owner, over the admin API."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete

from app.tasks.models import OrphanRow
from tests.support.frozen_gateway import ENDPOINT
from tests.support.gateway import FAST, MODEL, Gateway, Tenant

UPSTREAM_MODEL = "doubao-seedance-2-0-260128"


@pytest_asyncio.fixture(autouse=True)
async def no_orphans(gateway: Gateway) -> None:
    """Removes what other tests have left, and lets three days pass, so that no open create of theirs is possible."""
    gateway.clock.advance(3 * 86_400)
    async with gateway.sessions.begin() as session:
        await session.execute(delete(OrphanRow))


async def add(gateway: Gateway, upstream_id: str, created_at: datetime, **columns: Any) -> None:
    """Adds an orphan, by default on the channel ``default``."""
    channel_id = columns.pop("channel_id", None) or await gateway.channel_id("default")
    row = OrphanRow(
        **{
            "channel_id": channel_id,
            "upstream_id": upstream_id,
            "model": UPSTREAM_MODEL,
            "service_tier": "default",
            "status": "queued",
            "created_at": created_at,
            "first_seen_at": created_at,
            "last_seen_at": created_at,
            **columns,
        }
    )
    async with gateway.sessions.begin() as session:
        session.add(row)


async def orphans(gateway: Gateway, **query: str) -> list[dict[str, Any]]:
    answer = await gateway.admin.get("/orphans", params=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def possible(gateway: Gateway) -> dict[str, list[str]]:
    return {row["upstream_id"]: row["possible_tasks"] for row in await orphans(gateway)}


async def lost(gateway: Gateway, tenant: Tenant, model: str = MODEL) -> str:
    """Creates a task whose answer is lost; returns our id."""
    await gateway.fault("create_task", kind="cut", at="after")
    return await tenant.new_task(model=model)


async def test_an_orphan_is_shown_with_the_creates_that_may_have_made_it(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    gateway.clock.advance(7200)
    await tenant.new_task()
    mine, ours = await lost(gateway, tenant), await lost(gateway, other)
    now = gateway.clock().replace(microsecond=0)
    await add(gateway, "cgt-1", now)

    (shown,) = await orphans(gateway)

    moment = now.isoformat().replace("+00:00", "Z")
    assert shown == {
        "channel_id": await gateway.channel_id("default"),
        "upstream_id": "cgt-1",
        "model": UPSTREAM_MODEL,
        "service_tier": "default",
        "status": "queued",
        "created_at": moment,
        "first_seen_at": moment,
        "last_seen_at": moment,
        "possible_tasks": [mine, ours],
    }


async def test_only_creates_of_that_channel_model_and_time_are_possible(gateway: Gateway) -> None:
    gateway.clock.advance(7200)
    tenant, elsewhere = await gateway.tenant(), await gateway.tenant("second")
    task_id = await lost(gateway, tenant)
    fast = await lost(gateway, tenant, FAST)
    other = await lost(gateway, elsewhere)
    now = gateway.clock()
    fast_model = (await gateway.written(fast)).upstream_model
    assert (await gateway.written(other)).upstream_model == ENDPOINT
    await add(gateway, "cgt-mine", now)
    await add(gateway, "cgt-fast", now, model=fast_model)
    await add(gateway, "cgt-endpoint", now, channel_id=await gateway.channel_id("second"))
    await add(gateway, "cgt-early", now - timedelta(minutes=5))
    await add(gateway, "cgt-late", now + timedelta(hours=1))

    assert await possible(gateway) == {
        "cgt-mine": [task_id],
        "cgt-fast": [fast],
        "cgt-endpoint": [other],
        "cgt-early": [],
        "cgt-late": [],
    }


async def test_an_absent_create_stays_possible_and_a_known_one_does_not(gateway: Gateway) -> None:
    gateway.clock.advance(7200)
    tenant = await gateway.tenant()
    absent, found = await lost(gateway, tenant), await lost(gateway, tenant)
    upstream_id = str(gateway.received("create_task")[-1].resource_id)
    await add(gateway, "cgt-1", gateway.clock())
    for task_id, body in ((absent, {"absent": True}), (found, {"upstream_id": upstream_id})):
        resolved = await gateway.admin.post(f"/tasks/{task_id}/resolve", json=body)
        assert resolved.status_code == 200, resolved.text
    await gateway.force(upstream_id, "failed", code="OutputVideoSensitiveContentDetected")
    refreshed = await gateway.admin.post(f"/tasks/{found}/refresh")
    assert refreshed.json()["status"] == "failed"

    assert await possible(gateway) == {"cgt-1": [absent]}


async def test_a_resolved_orphan_disappears(gateway: Gateway) -> None:
    task_id = await lost(gateway, await gateway.tenant())
    upstream_id = str(gateway.received("create_task")[-1].resource_id)
    await add(gateway, upstream_id, gateway.clock())
    assert task_id in (await possible(gateway))[upstream_id]

    resolved = await gateway.admin.post(f"/tasks/{task_id}/resolve", json={"upstream_id": upstream_id})

    assert resolved.status_code == 200
    assert await orphans(gateway) == []


@pytest.mark.parametrize("gap_seconds", [0, 60])
async def test_pages_hold_every_orphan_once_newest_first(gateway: Gateway, gap_seconds: int) -> None:
    now = gateway.clock()
    for number in range(5):
        await add(gateway, f"cgt-{number}", now + timedelta(seconds=gap_seconds * number))
    pages: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        page = (await gateway.admin.get("/orphans", params={"limit": "2", **after})).json()
        pages.append([row["upstream_id"] for row in page["data"]])
        if not page["has_more"]:
            break
        after = {"after": page["next_cursor"]}

    assert pages == [["cgt-4", "cgt-3"], ["cgt-2", "cgt-1"], ["cgt-0"]]


async def test_no_tenant_sees_an_orphan(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await lost(gateway, tenant)
    upstream_id = str(gateway.received("create_task")[-1].resource_id)
    await add(gateway, upstream_id, gateway.clock())

    refused = await tenant.http.get(f"/api/v3/contents/generations/tasks/{upstream_id}")
    listed = await tenant.http.get("/api/v3/contents/generations/tasks")

    assert refused.status_code == 404
    assert [item["id"] for item in listed.json()["items"]] == [task_id]
