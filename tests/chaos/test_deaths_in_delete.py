"""kill -9 of a gateway at every await of a delete."""

import asyncio

import pytest

from tests.chaos.clients import Create, send_until_answered
from tests.chaos.dooming import ask_doomed, doomed_gateways
from tests.chaos.launcher import Process
from tests.chaos.site import TASKS, Site, Tenant
from tests.chaos.verdict import billed_otherwise, budgets_otherwise, stuck

pytestmark = pytest.mark.slow

_ENDLESS = "[queue:1000000]"
_MIN_AWAITS = 10


async def test_a_delete_of_a_queued_task_that_is_sent_again_cancels_it_and_the_mirror_says_so(site: Site) -> None:
    survivor = await site.gateway()
    tenant = await site.tenant(survivor)
    ids: list[str] = []
    async for doomed in doomed_gateways(site, f"request:DELETE {TASKS}", background="off"):
        ids.append(await _create(site, survivor, tenant, f"{_ENDLESS} {len(ids)}"))
        await _delete_until_done(site, doomed, survivor, tenant, ids[-1])
    assert len(ids) >= _MIN_AWAITS
    upstream = {task["id"]: task for task in (await site.ledger())["tasks"]}
    assert {upstream[task_id]["status"] for task_id in ids} == {"cancelled"}
    for task_id in ids:
        shown = await site.http.get(f"{survivor.url}{TASKS}/{task_id}", headers=tenant.headers)
        # Gone when the retry found it cancelled already, and so removed it.
        assert shown.status_code == 404 or shown.json()["status"] == "cancelled", shown.text
    assert (await billed_otherwise(site), await budgets_otherwise(site), await stuck(site)) == ([], [], [])


async def test_a_delete_of_a_finished_task_that_is_sent_again_removes_it_and_its_usage_is_kept(site: Site) -> None:
    survivor = await site.gateway()
    tenant = await site.tenant(survivor)
    ids: list[str] = []
    async for doomed in doomed_gateways(site, f"request:DELETE {TASKS}", background="off"):
        ids.append(await _create(site, survivor, tenant, f"[queue:0][run:0] {len(ids)}"))
        await _until_final_upstream(site, ids[-1])
        await _delete_until_done(site, doomed, survivor, tenant, ids[-1])
    assert len(ids) >= _MIN_AWAITS
    ledger = {task["id"]: task for task in (await site.ledger())["tasks"]}
    rows = {row["upstream_id"]: row for row in await site.query("SELECT upstream_id, status, total_tokens FROM tasks")}
    for task_id in ids:
        assert ledger[task_id]["deleted_at"] is not None
        assert (rows[task_id]["status"], rows[task_id]["total_tokens"]) == (
            "succeeded",
            ledger[task_id]["billed_tokens"],
        )
        assert (await site.http.get(f"{survivor.url}{TASKS}/{task_id}", headers=tenant.headers)).status_code == 404
    assert (await billed_otherwise(site), await budgets_otherwise(site), await stuck(site)) == ([], [], [])


async def _create(site: Site, gateway: Process, tenant: Tenant, prompt: str) -> str:
    create = Create(tenant, prompt)
    await send_until_answered(create, site.http, lambda: gateway.url)
    return create.ids[0]


async def _delete_until_done(site: Site, doomed: Process, survivor: Process, tenant: Tenant, task_id: str) -> None:
    """Deletes a task; without an answer, again through the gateway that lives, as often as it is asked to come back."""
    path = f"{TASKS}/{task_id}"
    answer = await ask_doomed(site, doomed, tenant, "DELETE", path)
    async with asyncio.timeout(30):
        while answer is None or answer.status_code >= 500:
            answer = await site.http.delete(survivor.url + path, headers=tenant.headers)
            await asyncio.sleep(0.05)
    assert answer.status_code in {200, 404}, answer.text


async def _until_final_upstream(site: Site, task_id: str) -> None:
    async with asyncio.timeout(20):
        while True:
            tasks = {task["id"]: task for task in (await site.ledger())["tasks"]}
            if tasks[task_id]["status"] == "succeeded":
                return
            await asyncio.sleep(0.05)
