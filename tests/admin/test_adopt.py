"""Upstream objects that the database does not know are adopted for a tenant, unless they may be of another one."""

import asyncio
import json
import secrets
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from app.assets.create_spec import Kind, may_be_of
from app.assets.models import AssetGroupRow, CreateIntentRow
from app.tasks.correlation import hash_of, new_callback_token, tag_of
from app.tasks.models import TaskRow
from tests.admin.forgotten import adopt, forget, lists, objects, reconcile
from tests.support.driving import new_asset, new_group
from tests.support.gateway import ENDLESS, HELD, TASKS, Gateway, Tenant, text
from tests.usage.test_ledger import settled


@pytest_asyncio.fixture(autouse=True)
async def a_time_of_its_own(gateway: Gateway) -> None:
    """Lets a day pass, so that nothing of another test was made since."""
    gateway.clock.advance(86_400)


async def audit(gateway: Gateway, tenant: Tenant, action: str) -> list[dict[str, Any]]:
    rows = await gateway.admin.get("/audit", params={"tenant": tenant.id, "action": action})
    return [row["detail"] for row in rows.json()["data"]]


async def test_an_adopted_task_has_its_state_and_usage_and_is_seen_by_its_tenant_alone(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    ended, queued = await tenant.new_task(), await tenant.new_task(content=text(ENDLESS))
    await gateway.force(ended, "succeeded", extra={"usage": {"total_tokens": 4711, "completion_tokens": 4711}})
    created_at = (await gateway.written(ended)).created_at
    await forget(gateway, ended, queued)
    assert (await tenant.http.get(f"{TASKS}/{ended}")).status_code == 404
    creates = len(gateway.received("create_task"))

    outcomes = await adopt(gateway, tenant, task_ids=[ended, queued])

    assert {task_id: view["outcome"] for task_id, view in outcomes.items()} == {ended: "adopted", queued: "adopted"}
    shown = (await tenant.http.get(f"{TASKS}/{ended}")).json()
    assert (shown["id"], shown["status"], shown["usage"]["total_tokens"]) == (ended, "succeeded", 4711)
    assert (await other.http.get(f"{TASKS}/{ended}")).status_code == 404
    listed = (await tenant.http.get(TASKS)).json()["items"]
    assert {item["id"] for item in listed} == {queued, ended}
    row = await gateway.written(ended)
    assert (row.model, row.key_id, row.total_tokens) == ("doubao-seedance-2", tenant.key_id, 4711)
    assert abs(row.created_at - created_at) < timedelta(seconds=1)
    told = (await gateway.admin.get(f"/tasks/{ended}")).json()["history"]
    assert [(event["status"], event["source"]) for event in told] == [("queued", "operator"), ("succeeded", "operator")]
    assert {detail["upstream_id"] for detail in await audit(gateway, tenant, "task.adopt")} == {ended, queued}
    assert (await tenant.http.delete(f"{TASKS}/{queued}")).status_code == 200
    assert len(gateway.received("create_task")) == creates
    assert objects(await reconcile(gateway)) == {}


@pytest.mark.parametrize("tier", [secrets.token_hex(4000), "", 5, {"a": 1}])
async def test_a_task_whose_tier_is_no_word_is_adopted_as_one_of_the_default_tier(gateway: Gateway, tier: Any) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    await gateway.force(task_id, "succeeded", extra={"service_tier": tier, "usage": {"total_tokens": 4711}})
    await forget(gateway, task_id)
    assert (await adopt(gateway, tenant, task_ids=[task_id]))[task_id]["outcome"] == "adopted"
    assert (await gateway.written(task_id)).service_tier == "default"
    row = await settled(gateway, tenant)
    assert (row.service_tier, row.total_tokens) == ("default", 4711)


async def test_a_task_with_an_owner_is_not_adopted(gateway: Gateway) -> None:
    owner, other = await gateway.tenant(), await gateway.tenant()
    kept, deleted = await owner.new_task(content=text(ENDLESS)), await owner.new_task()
    await gateway.force(deleted, "failed", code="InternalServiceError")
    async with gateway.sessions.begin() as session:
        (await session.get_one(TaskRow, (owner.id, (await gateway.written(deleted)).id))).deleted_at = gateway.clock()

    outcomes = await adopt(gateway, other, task_ids=[kept, deleted, "cgt-20260101000000-none1", "a/b"])

    assert [view["outcome"] for view in outcomes.values()] == ["owned", "owned", "not_found", "not_found"]
    assert (await other.http.get(f"{TASKS}/{kept}")).status_code == 404
    assert await audit(gateway, other, "task.adopt") == []
    assert [view["outcome"] for view in (await adopt(gateway, owner, task_ids=[kept])).values()] == ["own"]


async def test_a_task_of_a_create_that_is_under_way_is_not_adopted(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    fault = await gateway.fault("create_task", **HELD)
    create = asyncio.create_task(tenant.new_task(content=text(ENDLESS)))
    upstream_id = await gateway.effect("create_task")

    outcomes = await adopt(gateway, other, task_ids=[upstream_id])

    await gateway.release(fault)
    assert (await create, outcomes[upstream_id]["outcome"]) == (upstream_id, "in_flight")
    assert (await tenant.http.get(f"{TASKS}/{upstream_id}")).status_code == 200


async def test_an_upstream_whose_clock_is_wrong_gives_no_object_of_a_create_under_way_away(gateway: Gateway) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    await gateway.control.post("/clock", json={"skew_seconds": -800})
    faults = [await gateway.fault(operation, **HELD) for operation in ("create_task", "CreateAssetGroup")]
    creates = asyncio.gather(tenant.new_task(content=text(ENDLESS)), new_group(tenant, "under way"))
    task, group = await gateway.effect("create_task"), await gateway.effect("CreateAssetGroup")
    outcomes = await adopt(gateway, other, task_ids=[task], group_ids=[group])
    for fault in faults:
        await gateway.release(fault)
    await gateway.control.post("/clock", json={"skew_seconds": 0})
    assert tuple(await creates) == (task, group)
    assert {view["outcome"] for view in outcomes.values()} == {"in_flight"}


def test_a_name_that_the_upstream_shows_otherwise_hides_no_create_under_way() -> None:
    sent = {"Name": " a name ", "Description": "", "GroupType": "AIGC", "ProjectName": "default"}
    create = CreateIntentRow(id="one", kind=Kind.GROUP.value, members=sent)
    assert may_be_of(create, {**sent, "Name": "a name"})
    assert not may_be_of(create, {**sent, "ProjectName": "another"})


@pytest.mark.parametrize("evidence", ["its time", "a callback", "a tag"])
async def test_a_task_that_a_create_of_unknown_outcome_may_have_made_is_given_to_no_tenant(
    gateway: Gateway, evidence: str
) -> None:
    tenant, other = await gateway.tenant(), await gateway.tenant()
    await gateway.fault("create_task", kind="cut", at="after")
    lost = await tenant.new_task(content=text(ENDLESS))
    upstream_id = str(gateway.received("create_task")[-1].resource_id)
    token = new_callback_token()
    async with gateway.sessions.begin() as session:
        row = await session.get_one(TaskRow, (tenant.id, lost))
        if evidence != "its time":  # by a clock that was wrong
            row.sent_at = row.created_at = row.cut_at = gateway.clock() - timedelta(days=1)
            row.callback_token_hash = hash_of(token)
        if evidence == "a callback":
            row.claimed_upstream_id = upstream_id
    if evidence == "a tag":
        tag = tag_of(hash_of(token))
        await gateway.force(upstream_id, "succeeded", extra={"safety_identifier": tag})

    for each in (tenant, other):
        (view,) = (await adopt(gateway, each, task_ids=[upstream_id])).values()
        assert (view["outcome"], "seedgate tasks resolve" in view["detail"]) == ("failed", True)
        assert lost in view["detail"]

    resolved = await gateway.admin.post(f"/tasks/{lost}/resolve", json={"upstream_id": upstream_id})
    assert resolved.status_code == 200, resolved.text


async def test_a_deleted_task_is_called_deleted(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task = await tenant.new_task(content=text(ENDLESS))
    async with gateway.sessions.begin() as session:
        row = await session.get_one(TaskRow, (tenant.id, (await gateway.written(task)).id))
        row.deleted_at = gateway.clock()
    assert (await adopt(gateway, tenant, task_ids=[task]))[task]["outcome"] == "deleted"


@pytest.mark.parametrize("result", [{}, {"Id": "group-other"}, {"Id": "group-1", "GroupType": "New"}])
async def test_an_answer_without_the_group_that_was_asked_for_makes_no_group(
    gateway: Gateway, result: dict[str, Any]
) -> None:
    tenant = await gateway.tenant()
    body = json.dumps({"ResponseMetadata": {"RequestId": "x"}, "Result": {"GroupType": "AIGC", **result}})
    await gateway.fault("GetAssetGroup", kind="answer", at="before", status=200, body=body)
    assert (await adopt(gateway, tenant, group_ids=["group-1"]))["group-1"]["outcome"] == "failed"


async def test_an_asset_with_an_unusable_id_fails_the_adoption_and_makes_the_list_incomplete(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    group = await new_group(tenant, "kept")
    items = [{"Id": "asset-\0x", "GroupId": group, "Status": "Active"}]
    body = json.dumps({"ResponseMetadata": {"RequestId": "x"}, "Result": {"Items": items}})
    await gateway.fault("ListAssets", kind="answer", at="before", times=None, status=200, body=body)
    assert (await adopt(gateway, tenant, group_ids=[group]))[group]["outcome"] == "failed"
    told = lists(await reconcile(gateway))["asset"]
    assert (told["is_complete"], "usable id" in told["problem"]) == (False, True)
    await gateway.release()


async def test_a_group_that_is_the_tenants_on_another_channel_gets_no_asset(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    group = await new_group(tenant, "elsewhere")
    asset = await new_asset(tenant, group)
    await forget(gateway, asset)
    async with gateway.sessions.begin() as session:
        row = await session.get_one(AssetGroupRow, (tenant.id, group))
        row.channel_id = await gateway.channel_id("second")
    view = (await adopt(gateway, tenant, group_ids=[group]))[group]
    assert (view["outcome"], view["asset_ids"], "another channel" in view["detail"]) == ("failed", [], True)


async def test_a_group_is_adopted_with_its_assets(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.assets.account_snapshot._PAGE_SIZE", 2)
    tenant, other = await gateway.tenant(), await gateway.tenant()
    group, kept = await new_group(tenant, "lost"), await new_group(tenant, "kept")
    assets = [await new_asset(tenant, group, Name="an asset") for _ in range(3)]
    missing = await new_asset(tenant, kept, Name="an asset")
    await forget(gateway, group, *assets, missing)

    outcomes = await adopt(gateway, tenant, group_ids=[group, kept])

    assert {each: view["outcome"] for each, view in outcomes.items()} == {group: "adopted", kept: "own"}
    assert (set(outcomes[group]["asset_ids"]), outcomes[kept]["asset_ids"]) == (set(assets), [missing])
    shown = (await tenant.action("GetAssetGroup", Id=group)).json()
    assert shown["Name"] == "lost"
    for asset in (*assets, missing):
        assert (await tenant.action("GetAsset", Id=asset)).json()["Name"] == "an asset"
        assert (await other.action("GetAsset", Id=asset)).status_code == 404
    assert (await adopt(gateway, other, group_ids=[group]))[group]["outcome"] == "owned"
    assert (await tenant.action("DeleteAssetGroup", Id=group)).status_code == 200
    assert (await adopt(gateway, tenant, group_ids=[group]))[group]["outcome"] == "not_found"
    assert len(await audit(gateway, tenant, "group.adopt")) == 4


async def test_a_failed_upstream_call_stops_no_other_adoption(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    task, group = await tenant.new_task(content=text(ENDLESS)), await new_group(tenant, "lost")
    await forget(gateway, task, group)
    await gateway.fault("get_task", times=None, kind="cut", at="before")

    outcomes = await adopt(gateway, tenant, task_ids=[task], group_ids=[group])

    assert (outcomes[group]["outcome"], outcomes[task]["outcome"]) == ("adopted", "failed")
    assert outcomes[task]["detail"]
    await gateway.release()
    assert (await adopt(gateway, tenant, task_ids=[task]))[task]["outcome"] == "adopted"


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({}, 400, "InvalidParameter"),
        ({"task_ids": [f"cgt-{number}" for number in range(101)]}, 400, "InvalidParameter"),
        ({"task_ids": ["cgt-1"], "channel": "none"}, 400, "InvalidParameter.channel"),
        ({"group_ids": ["group-1"], "channel": "second"}, 400, "InvalidParameter.channel"),
        ({"task_ids": ["cgt-1"], "asset_ids": ["asset-1"]}, 400, "InvalidParameter.asset_ids"),
    ],
)
async def test_an_invalid_adoption_is_refused(gateway: Gateway, wanted: dict[str, Any], status: int, code: str) -> None:
    tenant = await gateway.tenant()
    answer = await gateway.admin.post(f"/tenants/{tenant.id}/adopt", json={"channel": "default", **wanted})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_nothing_is_adopted_for_a_keyless_or_unknown_tenant(gateway: Gateway) -> None:
    made = await gateway.admin.post("/tenants", json={"name": "keyless"})
    body = {"channel": "default", "task_ids": ["cgt-1"]}
    refused = await gateway.admin.post(f"/tenants/{made.json()['id']}/adopt", json=body)
    unknown = await gateway.admin.post("/tenants/none/adopt", json=body)
    assert (refused.status_code, unknown.status_code) == (409, 404)
