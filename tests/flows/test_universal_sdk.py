"""The official Python SDK for the control plane (UniversalApi), as it is installed, on the native entry."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import volcenginesdkcore
from volcenginesdkcore.rest import ApiException
from volcenginesdkcore.universal import UniversalApi, UniversalInfo

from tests.support.answers import check_shape
from tests.support.driving import URL, act, pass_verification
from tests.support.world import World

Call = Callable[..., Awaitable[Any]]


def client(world: World, *, access_key: str = "unused", header: str | None = None, path: str = "") -> Call:
    """Returns a function that calls an action in a thread.

    Args:
        world: to call.
        access_key: the way that needs no header: the API key takes its place.
        header: the way of the spec's example, with the one header that the signer leaves alone.
        path: of the endpoint.
    """
    configuration = volcenginesdkcore.Configuration()
    configuration.ak, configuration.sk = access_key, "unused"
    configuration.region = "cn-beijing"
    configuration.scheme = "http"
    configuration.host = world.base_url.removeprefix("http://") + path
    api_client = volcenginesdkcore.ApiClient(configuration)
    if header is not None:
        api_client.set_default_header("X-Api-Key", header)
    api = UniversalApi(api_client)

    def call(action: str, **body: Any) -> Any:
        info = UniversalInfo("POST", "ark", "2024-01-01", action, "application/json")
        return api.do_call(info, body)

    return lambda action, **body: asyncio.to_thread(call, action, **body)


@pytest.mark.parametrize("way", ["access_key", "header"])
async def test_every_action_works(world: World, way: str) -> None:
    tenant = await world.tenant()
    call = client(world, **{way: tenant.key})
    group_id = (await call("CreateAssetGroup", Name="我的 素材", GroupType="AIGC"))["Id"]
    groups = await call("ListAssetGroups", Filter={"GroupType": "AIGC", "Name": "素材"})
    assert [item["Id"] for item in groups["Items"]] == [group_id]
    assert (await call("GetAssetGroup", Id=group_id))["Name"] == "我的 素材"
    assert await call("UpdateAssetGroup", Id=group_id, Name="renamed") == {"Id": group_id}

    asset_id = (await call("CreateAsset", GroupId=group_id, URL=URL, AssetType="Image"))["Id"]
    assets = await call("ListAssets", Filter={"GroupType": "AIGC"}, PageNumber=1, PageSize=10)
    assert (assets["TotalCount"], assets["Items"][0]["Id"]) == (1, asset_id)
    assert (await call("GetAsset", Id=asset_id))["GroupId"] == group_id
    assert await call("UpdateAsset", Id=asset_id, Name="renamed") == {"Id": asset_id}
    assert await call("DeleteAsset", Id=asset_id) == {}

    session = await call("CreateVisualValidateSession", CallbackURL="https://www.example.com/callback")
    await pass_verification(session["H5Link"])
    verified = await call("GetVisualValidateResult", BytedToken=session["BytedToken"])
    assert (await call("GetAssetGroup", Id=verified["GroupId"]))["GroupType"] == "LivenessFace"

    assert await call("DeleteAssetGroup", Id=group_id) == {}
    assert (await act(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"}))["TotalCount"] == 0


async def test_an_error_is_found_where_the_documentation_looks_for_it(world: World) -> None:
    call = client(world, access_key=(await world.tenant()).key)
    with pytest.raises(ApiException) as caught:
        await call("GetAsset", Id="asset-20260101000000-zzzzz")
    assert caught.value.status == 404
    metadata = json.loads(caught.value.body)["ResponseMetadata"]
    strings = dict.fromkeys(("RequestId", "Action", "Version", "Service", "Region"), str)
    check_shape(metadata, {**strings, "Error": {"Code": str, "Message": str}})
    assert (metadata["Action"], metadata["Error"]["Code"]) == ("GetAsset", "NotFound.asset_id")


async def test_a_key_that_was_never_set_is_told_where_it_goes(world: World) -> None:
    with pytest.raises(ApiException) as caught:
        await client(world)("ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert caught.value.status == 401
    assert "AccessKeyId" in json.loads(caught.value.body)["ResponseMetadata"]["Error"]["Message"]


async def test_errors_reach_a_client_whose_endpoint_has_a_path(world: World) -> None:
    """That entry answers bare results, which this SDK cannot read; its errors it can."""
    call = client(world, access_key=(await world.tenant()).key, path="/api/v3/assets")
    with pytest.raises(ApiException) as caught:
        await call("GetAssetGroup", Id="group-20260101000000-zzzzz")
    assert caught.value.status == 404
    assert json.loads(caught.value.body)["error"]["code"] == "NotFound.group_id"
