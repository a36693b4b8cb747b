"""The erasure of a tenant removes its content here and upstream, keeps its sums, and leaves other tenants alone."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.assets.models import AssetGroupRow, AssetRow
from app.composition import open_services
from app.sandbox.config import DEFAULT_ACCOUNT
from app.tasks.models import TombstoneRow
from tests.support.budgets import ledger_of
from tests.support.driving import new_asset, new_group
from tests.support.gateway import ENDLESS, TASKS, Gateway, Tenant
from tests.support.gateway import text as content

SECRET = "a-word-of-the-tenant"
POLLED_AT_MOST = 25


async def run(gateway: Gateway, *, times: int = 1) -> None:
    """Runs the background jobs that matter: the erasure, and the poller that deletes assets upstream.

    One run of the poller takes so many of each kind, and objects of other tests may be due before those that are meant.
    """
    async with open_services(gateway.settings, clock=gateway.clock, monotonic=gateway.seconds) as services:
        for _ in range(times):
            await services.erasure.run_once()
            while await services.asset_poller.run_once() >= POLLED_AT_MOST:
                pass
            gateway.clock.advance(120)


async def erase(gateway: Gateway, tenant: Tenant) -> Any:
    return await gateway.admin.delete(f"/tenants/{tenant.id}", params={"erase": "true"})


async def audited(gateway: Gateway, tenant: Tenant) -> list[str]:
    rows = (await gateway.admin.get("/audit", params={"tenant": tenant.id})).json()["data"]
    return [row["action"] for row in rows]


async def stored_text(gateway: Gateway) -> str:
    """Returns all rows of the tables that hold what tenants send, as one text."""
    tables = ("tasks", "task_events", "deliveries", "assets", "asset_groups", "validation_sessions", "tenants")
    async with gateway.sessions() as session:
        return "\n".join([str((await session.execute(text(f"SELECT * FROM {table}"))).all()) for table in tables])


async def full_tenant(gateway: Gateway) -> tuple[Tenant, str, str, str]:
    """Returns a new tenant that has content, and the ids of its finished task, its group and its asset."""
    tenant = await gateway.tenant()
    await gateway.admin.patch(f"/tenants/{tenant.id}", json={"metadata": {"contact": SECRET}})
    task_id = await tenant.new_task(safety_identifier=SECRET)
    await gateway.force(task_id, "succeeded", extra={"usage": {"total_tokens": 4711, "completion_tokens": 4711}})
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).json()["status"] == "succeeded"
    group_id = await new_group(tenant, f"group {SECRET}", Description=SECRET)
    asset_id = await new_asset(tenant, group_id, Name=SECRET)
    return tenant, task_id, group_id, asset_id


async def test_nothing_of_an_erased_tenant_is_left_here_or_upstream(gateway: Gateway) -> None:
    other, other_task, other_group, _ = await full_tenant(gateway)
    before = (await stored_text(gateway)).count(SECRET)
    tenant, task_id, group_id, asset_id = await full_tenant(gateway)
    assert (await stored_text(gateway)).count(SECRET) > before

    answer = await erase(gateway, tenant)
    assert answer.status_code == 202
    assert answer.json()["id"] == tenant.id
    assert "usage and its cost" in answer.json()["kept"]
    await run(gateway, times=2)

    assert "tenant.erased" in await audited(gateway, tenant)
    assert (await stored_text(gateway)).count(SECRET) == before
    assert {entry.operation for entry in gateway.received("DeleteAsset") + gateway.received("DeleteAssetGroup")}
    async with gateway.sessions() as session:
        assert await session.get(TombstoneRow, task_id) is not None
        for row in (
            await session.get_one(AssetGroupRow, (tenant.id, group_id)),
            await session.get_one(AssetRow, (tenant.id, asset_id)),
        ):
            assert row.deleted_at is not None, "the id is never given to another tenant"
    assert (await gateway.admin.get(f"/tasks/{task_id}")).status_code == 404
    gateway.expire_caches()
    assert (await tenant.http.get(TASKS)).status_code == 401
    assert (await other.http.get(f"{TASKS}/{other_task}")).status_code == 200
    assert (await other.action("GetAssetGroup", Id=other_group)).status_code == 200


async def test_the_sums_of_an_erased_tenant_stay_and_are_shown(gateway: Gateway) -> None:
    tenant, *_ = await full_tenant(gateway)
    rows, sums = await ledger_of(gateway, tenant), await usage_of(gateway, tenant)
    assert [row["total_tokens"] for row in rows] == [4711]
    assert [(row["tenant_id"], row["total_tokens"], row["tasks"]) for row in sums] == [(tenant.id, 4711, 1)]
    assert sums[0]["cost_micros"] == rows[0]["cost_micros"] > 0

    assert (await erase(gateway, tenant)).status_code == 202
    await run(gateway, times=2)

    assert "tenant.erased" in await audited(gateway, tenant)
    assert await gateway.rows_of(tenant) == []
    assert await ledger_of(gateway, tenant) == rows
    assert await usage_of(gateway, tenant) == sums


async def usage_of(gateway: Gateway, tenant: Tenant) -> list[dict[str, Any]]:
    """Returns what the operator is shown of a tenant's usage of the last days."""
    since = (gateway.clock() - timedelta(days=2)).isoformat()
    answer = await gateway.admin.get("/usage", params={"group_by": "tenant", "tenant": tenant.id, "from": since})
    assert answer.status_code == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()["data"]
    return shown


async def test_an_erasure_goes_on_until_the_upstream_has_deleted_everything(gateway: Gateway) -> None:
    before = (await stored_text(gateway)).count(SECRET)
    tenant, *_ = await full_tenant(gateway)
    for name in ("DeleteAsset", "DeleteAssetGroup"):
        await gateway.fault(name, times=2, kind="error", status=500, code="InternalServiceError")
    assert (await erase(gateway, tenant)).status_code == 202
    await run(gateway, times=2)
    assert "tenant.erased" not in await audited(gateway, tenant)
    assert (await stored_text(gateway)).count(SECRET) == before
    await run(gateway, times=4)
    assert (await audited(gateway, tenant)).count("tenant.erased") == 1


async def test_an_erasure_ends_with_a_word_about_what_the_account_of_a_deleted_channel_keeps(gateway: Gateway) -> None:
    account = {"access_key_id": DEFAULT_ACCOUNT.access_key_id, "secret_access_key": DEFAULT_ACCOUNT.secret_access_key}
    closed = {"name": "closed", "openapi_url": gateway.sandbox.openapi_url, **account}
    channel = (await gateway.admin.post("/channels", json=closed)).json()
    tenant = await gateway.tenant("closed")
    group_id = await new_group(tenant, f"group {SECRET}")
    await new_asset(tenant, group_id, Name=SECRET)
    for name in ("DeleteAsset", "DeleteAssetGroup"):
        await gateway.fault(name, times=None, kind="error", status=500, code="InternalServiceError")
    assert (await erase(gateway, tenant)).status_code == 202
    await run(gateway, times=2)
    assert "tenant.erased" not in await audited(gateway, tenant)

    assert (await gateway.admin.delete(f"/channels/{channel['id']}")).status_code == 204
    gateway.expire_caches()
    await run(gateway, times=2)

    rows = (await gateway.admin.get("/audit", params={"tenant": tenant.id, "action": "tenant.erased"})).json()["data"]
    kept = [{"channel_id": channel["id"], "channel_name": "closed", "groups": 1, "assets": 1}]
    assert [row["detail"] for row in rows] == [{"left_upstream": kept}]
    calls = len(gateway.received("DeleteAsset") + gateway.received("DeleteAssetGroup"))
    await run(gateway, times=2)
    assert len(gateway.received("DeleteAsset") + gateway.received("DeleteAssetGroup")) == calls
    async with gateway.sessions() as session:
        # It will not be asked for again.
        assert (await session.get_one(AssetGroupRow, (tenant.id, group_id))).next_poll_at is None


async def test_a_tenant_that_was_deleted_before_can_be_erased_and_a_repetition_changes_nothing(
    gateway: Gateway,
) -> None:
    tenant, *_ = await full_tenant(gateway)
    assert (await gateway.admin.delete(f"/tenants/{tenant.id}")).status_code == 204
    assert [(await erase(gateway, tenant)).status_code for _ in range(2)] == [202, 202]
    await run(gateway, times=3)
    assert [(await erase(gateway, tenant)).status_code for _ in range(2)] == [202, 202]
    await run(gateway)
    actions = await audited(gateway, tenant)
    assert (actions.count("tenant.erase"), actions.count("tenant.erased")) == (1, 1)


async def test_a_tenant_with_unfinished_tasks_is_not_erased(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task(content=content(ENDLESS))
    assert (await erase(gateway, tenant)).status_code == 409
    await run(gateway)
    assert (await tenant.http.get(f"{TASKS}/{task_id}")).status_code == 200


@pytest.mark.parametrize("value", ["", "yes", "1", "TRUE"])
async def test_another_value_of_erase_deletes_nothing(gateway: Gateway, value: str) -> None:
    tenant = await gateway.tenant()
    answer = await gateway.admin.delete(f"/tenants/{tenant.id}", params={"erase": value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter.erase")
    assert (await tenant.http.get(TASKS)).status_code == 200


async def test_an_unknown_tenant_is_not_found(gateway: Gateway) -> None:
    assert (await gateway.admin.delete("/tenants/tenant-never", params={"erase": "true"})).status_code == 404
