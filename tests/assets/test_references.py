"""``asset://`` in a task: only existing assets of the tenant are forwarded to the upstream."""

from typing import Any

import pytest

from tests.assets.gateway import AssetsGateway, by_path
from tests.support.driving import URL, act, new_asset, new_group
from tests.support.gateway import Tenant


async def _create_with(tenant: Tenant, asset_id: str) -> tuple[int, str]:
    image = {"type": "image_url", "image_url": {"url": f"asset://{asset_id}"}, "role": "first_frame"}
    response = await tenant.create_task(content=[{"type": "text", "text": "a kitten"}, image])
    message = response.json().get("error", {}).get("message", "")
    return response.status_code, message.partition(" Request id:")[0].replace(asset_id, "<id>")


async def _unknown(tenant: Tenant) -> tuple[int, str]:
    status, message = await _create_with(tenant, "asset-20260101000000-zzzzz")
    assert (status, message.endswith("The specified asset <id> is not found.")) == (400, True), message
    return status, message


@pytest.mark.parametrize("deletion", ["DeleteAsset", "DeleteAssetGroup"])
async def test_a_deleted_asset_is_like_one_that_never_existed(
    gateway: AssetsGateway, tenant: Tenant, deletion: str
) -> None:
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id)
    gateway.finish_processing()
    assert (await _create_with(tenant, asset_id))[0] == 200
    await act(tenant, deletion, Id=asset_id if deletion == "DeleteAsset" else group_id)
    before = gateway.calls
    assert await _create_with(tenant, asset_id) == await _unknown(tenant)
    assert gateway.calls == before, "the upstream was asked to use a deleted asset"


async def test_an_asset_that_is_gone_upstream_is_like_one_that_never_existed_but_not_after_one_not_found(
    fresh: AssetsGateway,
) -> None:
    tenant = await fresh.tenant()
    asset_id = await new_asset(tenant, await new_group(tenant))
    fresh.clock.advance(120)
    await fresh.fault("GetAsset", times=2, kind="error", status=404, code="NotFound.asset_id")
    await by_path(tenant, "GetAsset", {"Id": asset_id})
    assert (await _create_with(tenant, asset_id))[0] == 200
    fresh.clock.advance(61)
    await by_path(tenant, "GetAsset", {"Id": asset_id})
    assert await _create_with(tenant, asset_id) == await _unknown(tenant)


async def test_the_duplicate_of_a_repeated_create_cannot_be_used(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    await fresh.fault("CreateAsset", kind="cut", at="after")
    await fresh.fault("ListAssets", kind="error", status=500, code="InternalServiceError")
    body: dict[str, Any] = {"GroupId": group_id, "URL": URL, "AssetType": "Image", "Name": "twice"}
    with pytest.raises(Exception, match="did not answer"):
        await fresh.run(tenant, "CreateAsset", search_timeout_seconds=0.0, **body)
    fresh.clock.advance(1)
    kept = await new_asset(tenant, group_id, Name="twice")
    (duplicate,) = [found for found in fresh.upstream_ids("assets", "twice") if found != kept]
    fresh.clock.advance(125)
    for _ in range(2):
        assert (await _create_with(tenant, duplicate))[0] == 400
        assert (await _create_with(tenant, kept))[0] == 200
        assert await fresh.services.asset_create_recovery.run_once() < 2
    assert duplicate in fresh.upstream_ids("assets", "twice"), "the poller deletes it"
    assert (await by_path(tenant, "GetAsset", {"Id": duplicate})).status_code == 404
