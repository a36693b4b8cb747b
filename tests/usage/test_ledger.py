"""Each task is settled in the ledger once, with its final state, by the tokens that the upstream says."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.composition import open_services
from app.money.amounts import cost_micros
from app.usage.models import LedgerRow
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant, get
from tests.support.gateway import text as prompt

WEEK_SECONDS = 8 * 86_400
DUE_SECONDS = 6
FIXED: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}
FIXED_TOKENS = 108_900
"""What such a task costs, exactly."""
VIDEO = [
    *prompt("a kitten"),
    {"type": "video_url", "role": "reference_video", "video_url": {"url": "https://example.com/a.mp4"}},
]


async def ledger_of(gateway: Gateway, tenant: Tenant) -> list[LedgerRow]:
    """Returns the rows of a tenant, oldest first."""
    async with gateway.sessions() as session:
        query = select(LedgerRow).where(LedgerRow.tenant_id == tenant.id).order_by(LedgerRow.id)
        return list(await session.scalars(query))


async def settled(gateway: Gateway, tenant: Tenant) -> LedgerRow:
    """Returns the only row of a tenant."""
    rows = await ledger_of(gateway, tenant)
    assert len(rows) == 1, rows
    return rows[0]


async def billed(gateway: Gateway, task_id: str) -> int:
    """Returns what the sandbox billed for a task."""
    tasks = (await gateway.ledger())["tasks"]
    return int(next(task["billed_tokens"] for task in tasks if task["id"] == task_id))


@pytest.mark.parametrize("status", ["succeeded", "failed", "expired", "cancelled"])
async def test_a_task_that_ends_is_settled_once_with_what_the_upstream_bills(gateway: Gateway, status: str) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(resolution="720p", duration=5)
    assert await ledger_of(gateway, tenant) == []
    await gateway.force(task_id, status)
    for _ in range(2):
        assert (await get(tenant, task_id)).json()["status"] == status
        gateway.clock.advance(DUE_SECONDS)
    row, task = await settled(gateway, tenant), await gateway.row(task_id)
    assert task is not None
    assert row.total_tokens == await billed(gateway, task_id)
    assert (row.total_tokens > 0) is (status == "succeeded")
    assert (row.kind, row.status, row.is_estimated, row.web_searches) == ("settlement", status, False, 0)
    assert (row.tenant_id, row.key_id, row.task_id, row.upstream_id) == (tenant.id, tenant.key_id, task.id, task_id)
    assert (row.channel_id, row.model, row.upstream_model) == (task.channel_id, task.model, task.upstream_model)
    assert (row.resolution, row.service_tier, row.has_video_input) == ("720p", "default", False)
    assert (row.created_at, row.settled_at) == (task.created_at, task.finished_at)


async def test_what_the_price_depends_on_and_the_searches_are_kept(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    parts: list[tuple[dict[str, Any], tuple[str, bool | None, bool | None, int]]] = [
        ({"resolution": "480p", "generate_audio": True}, ("480p", False, True, 0)),
        ({"content": VIDEO, "generate_audio": False, "resolution": "720p"}, ("720p", True, False, 0)),
        ({"tools": [{"type": "web_search"}], "resolution": "720p"}, ("720p", False, False, 1)),
    ]
    for fields, _ in parts:
        task_id = await tenant.new_task(**fields)
        await gateway.force(task_id, "succeeded")
        await get(tenant, task_id)
    rows = await ledger_of(gateway, tenant)
    found = [(row.resolution, row.has_video_input, row.has_audio, row.web_searches) for row in rows]
    assert found == [expected for _, expected in parts]


async def test_processes_that_see_the_end_at_the_same_time_settle_it_once(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    ids = [await tenant.new_task() for _ in range(4)]
    for task_id in ids:
        await gateway.force(task_id, "succeeded")
    gateway.clock.advance(DUE_SECONDS)
    async with (
        open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as first,
        open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as second,
    ):
        await asyncio.gather(
            first.task_poller.run_once(),
            second.task_poller.run_once(),
            *(tenant.http.delete(f"{TASKS}/{task_id}") for task_id in ids),
            *(tenant.http.get(f"{TASKS}/{task_id}") for task_id in ids),
        )
    for task_id in ids:
        await tenant.http.delete(f"{TASKS}/{task_id}")
    rows = await ledger_of(gateway, tenant)
    assert sorted(str(row.upstream_id) for row in rows) == sorted(ids)
    assert [row.total_tokens for row in rows] == [await billed(gateway, str(row.upstream_id)) for row in rows]


async def test_a_task_that_was_erased_before_its_end_was_seen_is_estimated_and_not_free(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await tenant.new_task(content=prompt(ENDLESS), **FIXED)
    gateway.clock.advance(WEEK_SECONDS)
    async with open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as services:
        await services.task_poller.run_once()
    row = await settled(gateway, tenant)
    assert (row.status, row.is_estimated, row.total_tokens) == ("expired", True, FIXED_TOKENS)
    assert (row.currency, row.cost_micros) == ("CNY", cost_micros(FIXED_TOKENS, 46_000_000))


async def test_a_delete_of_a_task_that_the_upstream_has_erased_is_estimated_and_not_free(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=prompt(ENDLESS), **FIXED)
    await gateway.fault("get_task", times=None, kind="error", status=404, code="NotFound.ID")
    await gateway.fault("delete_task", times=None, kind="error", status=404, code="NotFound.ID")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    row = await settled(gateway, tenant)
    assert (row.status, row.is_estimated, row.total_tokens) == ("cancelled", True, FIXED_TOKENS)


async def test_a_success_without_usable_usage_is_estimated(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(**FIXED)
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": "many"}})
    await get(tenant, task_id)
    row = await settled(gateway, tenant)
    assert (row.status, row.is_estimated, row.total_tokens) == ("succeeded", True, FIXED_TOKENS)


async def test_the_ledger_stays_when_task_key_and_tenant_are_deleted(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded")
    assert (await tenant.http.delete(f"{TASKS}/{task_id}")).status_code == 200
    assert (await gateway.admin.delete(f"/keys/{tenant.key_id}")).status_code == 204
    assert (await gateway.admin.delete(f"/tenants/{tenant.id}")).status_code == 204
    assert (await settled(gateway, tenant)).total_tokens == await billed(gateway, task_id)


@pytest.mark.parametrize("statement", ["UPDATE ledger SET total_tokens = 0", "DELETE FROM ledger"])
async def test_the_database_refuses_to_change_or_delete_a_row(gateway: Gateway, statement: str) -> None:
    async with gateway.sessions() as session:
        with pytest.raises(DBAPIError, match="neither changed nor deleted"):
            await session.execute(text(statement))


async def test_the_database_refuses_a_second_settlement(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "failed")
    await get(tenant, task_id)
    again = text("""
        INSERT INTO ledger (kind, tenant_id, key_id, task_id, model, upstream_model, service_tier, status, total_tokens,
                            web_searches, is_estimated, created_at, settled_at)
        SELECT kind, tenant_id, key_id, task_id, model, upstream_model, service_tier, status, total_tokens,
               web_searches, is_estimated, created_at, settled_at
        FROM ledger WHERE tenant_id = :tenant_id
    """)
    async with gateway.sessions() as session:
        with pytest.raises(DBAPIError, match="uq_ledger_settlement"):
            await session.execute(again, {"tenant_id": tenant.id})


async def test_the_final_video_of_a_draft_has_the_price_of_its_drafts_input(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    model = "doubao-seedance-2-5-260628"
    for content, expected in ((prompt("a kitten"), False), (VIDEO, True)):
        draft_id = await tenant.new_task(model=model, content=content, draft=True, resolution="480p")
        await gateway.force(draft_id, "succeeded")
        await get(tenant, draft_id)
        final = [{"type": "draft_task", "draft_task": {"id": draft_id}}]
        task_id = await tenant.new_task(model=model, content=final, resolution="1080p")
        await gateway.force(task_id, "succeeded")
        await get(tenant, task_id)
        row = (await ledger_of(gateway, tenant))[-1]
        assert (row.upstream_id, row.has_video_input, row.is_estimated) == (task_id, expected, False)
        assert row.micros_per_million_tokens == (46_000_000 if expected else 77_000_000)
