"""Upstream tasks without an owner, over the admin API."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, insert, update

from app.tasks.models import OrphanRow, TaskRow
from tests.support.frozen_gateway import ENDPOINT
from tests.support.gateway import FAST, MODEL, Gateway, Tenant

UPSTREAM_MODEL = "doubao-seedance-2-0-260128"


@pytest_asyncio.fixture(autouse=True)
async def no_orphans(gateway: Gateway) -> AsyncIterator[None]:
    """Removes what other tests have left; three days before and after let no create be possible in another test."""
    gateway.clock.advance(3 * 86_400)
    async with gateway.sessions.begin() as session:
        await session.execute(delete(OrphanRow))
    yield
    gateway.clock.advance(3 * 86_400)


async def add(gateway: Gateway, upstream_id: str, created_at: datetime, *, count: int = 1, **columns: Any) -> None:
    """Adds an orphan, by default on the channel ``default``; several are numbered."""
    channel_id = columns.pop("channel_id", None) or await gateway.channel_id("default")
    row = {
        "channel_id": channel_id,
        "model": UPSTREAM_MODEL,
        "service_tier": "default",
        "status": "queued",
        "created_at": created_at,
        "first_seen_at": created_at,
        "last_seen_at": created_at,
        **columns,
    }
    ids = [upstream_id] if count == 1 else [f"{upstream_id}-{number:03}" for number in range(count)]
    async with gateway.sessions.begin() as session:
        await session.execute(insert(OrphanRow), [{**row, "upstream_id": each} for each in ids])


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


async def test_an_orphan_is_found_by_its_id_and_by_the_create_that_may_have_made_it(gateway: Gateway) -> None:
    gateway.clock.advance(7200)
    tenant = await gateway.tenant()
    mine, fast = await lost(gateway, tenant), await lost(gateway, tenant, FAST)
    known = await tenant.new_task()
    fast_model = (await gateway.written(fast)).upstream_model
    now = gateway.clock()
    await add(gateway, "cgt-first", now)
    # More than a page, which are no reason to end before the one behind them.
    await add(gateway, "cgt-fast", now + timedelta(seconds=1), count=105, model=fast_model)
    await add(gateway, "cgt-last", now + timedelta(seconds=2))
    await add(gateway, "cgt-early", now - timedelta(minutes=5))
    await add(gateway, "cgt-late", now + timedelta(hours=1))
    await add(gateway, "cgt-elsewhere", now, channel_id=await gateway.channel_id("second"))

    async def found(**query: str) -> list[str]:
        return [row["upstream_id"] for row in await orphans(gateway, **query)]

    assert await found(upstream_id="cgt-first") == ["cgt-first"]
    assert await found(task=mine) == ["cgt-last", "cgt-first"]
    assert await found(task=mine, upstream_id="cgt-first") == ["cgt-first"]
    assert await found(task=mine, upstream_id="cgt-fast-001") == []
    assert len(await found(task=fast, limit="100")) == 100
    assert await found(task=known) == await found(task="none") == await found(upstream_id="none") == []
    first = (await gateway.admin.get("/orphans", params={"task": mine, "limit": "1"})).json()
    assert [row["upstream_id"] for row in first["data"]] == ["cgt-last"]
    assert await found(task=mine, limit="1", after=first["next_cursor"]) == ["cgt-first"]


async def test_the_orphans_of_a_create_are_those_that_name_it(gateway: Gateway) -> None:
    gateway.clock.advance(7200)
    tenant, elsewhere = await gateway.tenant(), await gateway.tenant("second")
    creates = [await lost(gateway, tenant), await lost(gateway, tenant, FAST), await lost(gateway, elsewhere)]
    now = gateway.clock()
    fast_model = (await gateway.written(creates[1])).upstream_model
    models = [UPSTREAM_MODEL, fast_model, "doubao-seedance-2-0", ENDPOINT, "ep-a-260128", "Doubao-260128", ""]
    models.append("a\nb-260128")
    for name in ("default", "second"):
        channel_id = await gateway.channel_id(name)
        for number, model in enumerate(models):
            for minutes in (-5, 0, 60):
                created_at = now + timedelta(minutes=minutes, seconds=number)
                await add(gateway, f"cgt-{name}-{number}-{minutes}", created_at, model=model, channel_id=channel_id)

    shown = await orphans(gateway, limit="100")
    assert len(shown) == 2 * 3 * len(models)
    for task_id in creates:
        of_create = [row for row in shown if task_id in row["possible_tasks"]]
        assert 0 < len(of_create) <= len(models)
        assert await orphans(gateway, task=task_id, limit="100") == of_create


async def test_which_creates_are_possible_does_not_depend_on_what_else_is_shown(gateway: Gateway) -> None:
    gateway.clock.advance(7200)
    task_id = await lost(gateway, await gateway.tenant())
    row = await gateway.written(task_id)
    async with gateway.sessions.begin() as session:
        cut_at = row.created_at + timedelta(days=2)
        await session.execute(update(TaskRow).where(TaskRow.id == task_id).values(cut_at=cut_at))
    await add(gateway, "cgt-near", row.created_at + timedelta(hours=20))
    await add(gateway, "cgt-far", row.created_at + timedelta(hours=30))

    expected = {"cgt-near": [task_id], "cgt-far": []}
    assert await possible(gateway) == expected
    for upstream_id, tasks in expected.items():
        (shown,) = await orphans(gateway, upstream_id=upstream_id)
        assert shown["possible_tasks"] == tasks
    assert [shown["upstream_id"] for shown in await orphans(gateway, task=task_id)] == ["cgt-near"]


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
