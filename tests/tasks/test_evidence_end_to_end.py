"""The evidence that the gateway plants with each create comes back from the upstream, and is shown to no client."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from tests.support.gateway import ENDLESS, MODEL, TASKS, Tenant, serve_gateway, text
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS
from tests.tasks.searching import Search


@pytest_asyncio.fixture
async def second_gateway(search: Search) -> AsyncIterator[str]:
    """One more gateway on the same database, which has the upstream call back the first one."""
    changed = search.gateway.settings.model_copy(update={"public_url": search.gateway.base_url})
    async with serve_gateway(changed, search.gateway.clock, search.gateway.seconds) as base_url:
        yield base_url


async def _create(base_url: str, tenant: Tenant) -> str:
    async with httpx.AsyncClient(
        verify=PLAIN, base_url=base_url, headers={"Authorization": f"Bearer {tenant.key}"}
    ) as client:
        made = await client.post(TASKS, json={"model": MODEL, "content": text(ENDLESS)})
    assert made.status_code == 200, made.text
    return str(made.json()["id"])


async def test_the_upstreams_own_callback_resolves_a_lost_create(search: Search, second_gateway: str) -> None:
    tenant = await search.gateway.tenant()
    await search.gateway.fault("create_task", kind="cut", at="after")
    task_id = await _create(second_gateway, tenant)
    upstream_id = search.gateway.received("create_task")[-1].resource_id
    async with asyncio.timeout(HANG_SECONDS):
        while (await search.row(task_id)).claimed_upstream_id is None:  # noqa: ASYNC110 - the database has no event
            await asyncio.sleep(0.02)
    await search.run(after_seconds=3)
    row = await search.row(task_id)
    assert (row.upstream_id, row.status) == (upstream_id, "queued")
    assert not search.gateway.received("list_tasks")
    assert (await search.show(tenant, task_id))["id"] == task_id


async def test_a_create_that_is_refused_although_the_upstream_called_back_for_it_is_not_answered_with_an_error(
    search: Search, second_gateway: str
) -> None:
    tenant = await search.gateway.tenant()
    await search.gateway.fault("create_task", kind="throttle", at="after", delay_seconds=3600)
    creating = asyncio.create_task(_create(second_gateway, tenant))
    upstream_id = await search.gateway.effect("create_task")
    async with asyncio.timeout(HANG_SECONDS):
        while [row.claimed_upstream_id for row in await search.gateway.rows_of(tenant)] != [upstream_id]:  # noqa: ASYNC110 - the database has no event
            await asyncio.sleep(0.02)
    await search.gateway.release()
    task_id = await creating
    await search.run(after_seconds=3)
    assert (await search.row(task_id)).upstream_id == search.gateway.received("create_task")[-1].resource_id
    assert (await search.show(tenant, task_id))["id"] == task_id


async def test_a_callback_of_a_final_state_is_followed_by_a_poll_at_once(search: Search, second_gateway: str) -> None:
    tenant = await search.gateway.tenant()
    upstream_id = await _create(second_gateway, tenant)
    search.gateway.clock.advance(3)
    await search.services.task_poller.run_once()
    looks = len(search.gateway.received("get_task"))
    await search.gateway.force(upstream_id, "succeeded")
    async with asyncio.timeout(HANG_SECONDS):
        while (await search.row(upstream_id)).status != "succeeded":
            search.gateway.clock.advance(0.1)
            await search.services.task_poller.run_once()
            await asyncio.sleep(0.02)
    assert len(search.gateway.received("get_task")) <= looks + 1


async def test_an_echoed_tag_resolves_a_lost_create_and_is_not_shown(search: Search) -> None:
    await search.declare("default", correlate="safety_identifier")
    try:
        tenant = await search.gateway.tenant()
        search.gateway.expire_caches()
        task_id, upstream_id = await search.lose(tenant)
        await search.lose(tenant)
        sent = json.loads(search.gateway.received("create_task")[0].body or "")
        assert sent["safety_identifier"].startswith("sg-")
        await search.gateway.force(upstream_id, "succeeded")
        await search.run()
        shown = await search.show(tenant, task_id)
        assert (shown["status"], "safety_identifier" in shown) == ("succeeded", False)
        assert (await search.row(task_id)).upstream_id == upstream_id
    finally:
        await search.declare("default", correlate="off")
