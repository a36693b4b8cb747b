"""What clients see while the upstream throttles, fails, refuses the account or is out of reach."""

import asyncio
from typing import Any

import pytest

from tests.assets.gateway import AssetsGateway, by_path, list_assets, list_groups, refused
from tests.support.driving import URL, act, new_asset, new_group
from tests.support.gateway import HELD, Tenant
from tests.support.timeouts import HANG_SECONDS, until

TROUBLES: list[dict[str, Any]] = [
    {"kind": "cut", "at": "before"},
    {"kind": "cut", "at": "body"},
    {"kind": "answer", "status": 500, "body": "oops"},
    {"kind": "garbage"},
    {"kind": "throttle", "status": 200},
    {"kind": "error", "code": "SignatureDoesNotMatch", "status": 401},
    {"kind": "error", "code": "InternalServiceError", "status": 200},
    {"kind": "answer", "status": 404, "body": ""},
]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_reads_answer_from_the_database_and_say_so(
    gateway: AssetsGateway, tenant: Tenant, trouble: dict[str, Any]
) -> None:
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id, Name="kept")
    await gateway.fault("GetAsset", **trouble)
    await gateway.fault("GetAssetGroup", **trouble)
    asset = await by_path(tenant, "GetAsset", {"Id": asset_id})
    group = await by_path(tenant, "GetAssetGroup", {"Id": group_id})
    assert (asset.status_code, asset.json()["Name"], asset.json()["URL"]) == (200, "kept", URL)
    assert (group.status_code, group.json()["Name"]) == (200, "MyAssetGroup")
    for response in (asset, group):
        assert int(response.headers["x-seedgate-stale"]) < 30
    for action, object_id in (("GetAsset", asset_id), ("GetAssetGroup", group_id)):
        assert "x-seedgate-stale" not in (await by_path(tenant, action, {"Id": object_id})).headers


@pytest.mark.parametrize("trouble", [{"kind": "cut", "at": "after"}, {"kind": "answer", "status": 502, "body": ""}])
async def test_an_unclear_update_or_deletion_is_a_503_that_may_be_repeated(
    gateway: AssetsGateway, tenant: Tenant, trouble: dict[str, Any]
) -> None:
    asset_id = await new_asset(tenant, await new_group(tenant))
    for action, body in (("UpdateAsset", {"Id": asset_id, "Name": "new"}), ("DeleteAsset", {"Id": asset_id})):
        await gateway.fault(action, **trouble)
        response = await by_path(tenant, action, body)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "ServiceUnavailable"), response.text
        assert response.headers["retry-after"]
        assert (await by_path(tenant, action, body)).status_code == 200


async def test_deleting_what_the_upstream_does_not_have_succeeds(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id)
    fresh.clock.advance(120)
    fresh.delete_upstream(asset_id)
    fresh.delete_upstream(group_id)
    assert await act(tenant, "DeleteAsset", Id=asset_id) == {}
    assert await act(tenant, "DeleteAssetGroup", Id=group_id) == {}
    assert await fresh.services.asset_poller.run_once() == 0


async def test_deleting_a_group_takes_its_assets_along_here_and_upstream(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    group_id, other_id = await new_group(tenant, "goes"), await new_group(tenant, "stays")
    asset_ids = [await new_asset(tenant, group_id) for _ in range(3)]
    kept = await new_asset(tenant, other_id)
    assert await act(tenant, "DeleteAssetGroup", Id=group_id) == {}
    for asset_id in asset_ids:
        await refused(tenant, "GetAsset", 404, "NotFound.asset_id", Id=asset_id)
        assert gateway.sandbox.store.assets.assets[asset_id].deleted_at is not None
    await refused(tenant, "GetAssetGroup", 404, "NotFound.group_id", Id=group_id)
    body = {"GroupId": group_id, "URL": URL, "AssetType": "Image"}
    await refused(tenant, "CreateAsset", 404, "NotFound.group_id", **body)
    assert [item["Id"] for item in (await list_assets(tenant))["Items"]] == [kept]
    assert [item["Id"] for item in (await list_groups(tenant))["Items"]] == [other_id]


async def test_the_next_channel_takes_a_create_that_the_best_one_cannot(fresh: AssetsGateway) -> None:
    other_account = fresh.sandbox.config.accounts[1]
    await fresh.add_assets_channel("second", other_account, priority=-1)
    tenant = await fresh.tenant()
    first_id = await new_group(tenant)
    await fresh.fault("CreateAssetGroup", kind="error", status=403, code="AccessDenied")
    second_id = await new_group(tenant)
    await fresh.fault("CreateAssetGroup", kind="throttle")
    third_id = await new_group(tenant)
    groups = fresh.sandbox.store.assets.groups
    assert [groups[found].account.name for found in (first_id, second_id, third_id)] == ["default", "other", "other"]
    # What exists is only ever asked of its own channel.
    asset_id = await new_asset(tenant, second_id)
    assert fresh.sandbox.store.assets.assets[asset_id].account.name == "other"
    assert (await by_path(tenant, "GetAsset", {"Id": asset_id})).headers.get("x-seedgate-stale") is None


async def test_a_create_that_provably_was_not_sent_goes_to_the_next_channel(fresh: AssetsGateway) -> None:
    other_account = fresh.sandbox.config.accounts[1]
    await fresh.add_assets_channel("unreachable", other_account, priority=5, openapi_url="http://127.0.0.1:1")
    tenant = await fresh.tenant()
    assert (await act(tenant, "GetAssetGroup", Id=await new_group(tenant)))["Name"] == "MyAssetGroup"
    await fresh.change_channel("default", status="suspended")
    response = await by_path(tenant, "CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "ServiceUnavailable")


async def test_a_key_whose_only_channel_is_suspended_gets_503_with_retry_after(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    limited = await fresh.key_of(tenant.id, allowed_channels=["default"])
    await fresh.change_channel(status="suspended")
    response = await by_path(limited, "CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "ServerOverloaded")


async def test_a_suspended_channel_is_not_asked(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id)
    await fresh.change_channel(status="suspended")
    before = fresh.calls
    shown = await by_path(tenant, "GetAsset", {"Id": asset_id})
    assert (shown.status_code, shown.json()["Status"]) == (200, "Processing")
    assert shown.headers["x-seedgate-stale"]
    for action, body in (
        ("UpdateAsset", {"Id": asset_id, "Name": "x"}),
        ("DeleteAsset", {"Id": asset_id}),
        ("CreateAsset", {"GroupId": group_id, "URL": URL, "AssetType": "Image"}),
        ("CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"}),
        ("CreateVisualValidateSession", {"CallbackURL": "https://example.com"}),
    ):
        response = await by_path(tenant, action, body)
        assert (response.status_code, response.json()["error"]["code"]) == (503, "ServerOverloaded"), action
        assert response.headers["retry-after"]
    assert (await list_assets(tenant))["TotalCount"] == 1
    assert fresh.calls == before


async def test_a_channel_without_a_key_pair_answers_clearly(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    await fresh.change_channel(access_key_id=None, secret_access_key=None)
    for action, body in (
        ("CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"}),
        ("CreateVisualValidateSession", {"CallbackURL": "https://example.com"}),
    ):
        error = await refused(tenant, action, 403, "OperationDenied.ServiceNotOpen", **body)
        assert "AK/SK" in error["message"]
    assert (await list_groups(tenant))["TotalCount"] == 0
    await refused(tenant, "GetAssetGroup", 404, "NotFound.group_id", Id="group-x")


async def test_objects_of_a_channel_without_a_key_pair_are_shown_as_last_known(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    await fresh.change_channel(access_key_id=None, secret_access_key=None)
    shown = await by_path(tenant, "GetAssetGroup", {"Id": group_id})
    assert (shown.status_code, shown.json()["Id"]) == (200, group_id)
    assert shown.headers["x-seedgate-stale"]
    response = await by_path(tenant, "UpdateAssetGroup", {"Id": group_id, "Name": "x"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "ServerOverloaded")


async def test_an_object_that_the_upstream_does_not_show_yet_exists_here(fresh: AssetsGateway) -> None:
    fresh.sandbox.store.consistency_delay_seconds = 5
    tenant = await fresh.tenant()
    asset_id = await new_asset(tenant, await new_group(tenant), Name="new")
    shown = await by_path(tenant, "GetAsset", {"Id": asset_id})
    assert (shown.status_code, shown.json()["Status"], shown.json()["Name"]) == (200, "Processing", "new")
    changed = await by_path(tenant, "UpdateAsset", {"Id": asset_id, "Name": "newer"})
    assert (changed.status_code, changed.headers["retry-after"]) == (503, "2")
    assert await act(tenant, "DeleteAsset", Id=asset_id) == {}
    await refused(tenant, "GetAsset", 404, "NotFound.asset_id", Id=asset_id)
    assert fresh.upstream_ids("assets", "new") == [asset_id], "the upstream could not delete what it did not see"
    fresh.clock.advance(61)
    assert await fresh.services.asset_poller.run_once() == 1
    assert fresh.upstream_ids("assets", "new") == []
    assert await fresh.services.asset_poller.run_once() == 0


async def test_a_client_that_disconnects_does_not_undo_a_create(gateway: AssetsGateway, tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    before = gateway.count("CreateAsset")
    await gateway.fault("CreateAsset", **HELD)
    body = {"GroupId": group_id, "URL": URL, "AssetType": "Image"}
    creating = asyncio.create_task(tenant.http.post("/api/v3/open/CreateAsset", json=body))
    await until(lambda: gateway.count("CreateAsset") > before)
    creating.cancel()
    await gateway.until_abandoned(tenant)
    await gateway.release()
    async with asyncio.timeout(HANG_SECONDS):
        while (await list_assets(tenant))["TotalCount"] == 0:  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.01)
