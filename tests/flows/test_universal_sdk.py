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
from tests.support.gateway import Gateway, Tenant
from tests.support.logs import written

Call = Callable[..., Awaitable[Any]]


def client(
    gateway: Gateway,
    *,
    access_key: str = "unused",
    secret_key: str = "unused",
    header: str | None = None,
    path: str = "",
    region: str = "cn-beijing",
) -> Call:
    """Returns a function that calls an action in a thread.

    Args:
        gateway: to call.
        access_key: the way that needs no header: the API key takes its place.
        secret_key: the way of tools that insist on signing: beside the access key id of a signing key.
        header: the way of the spec's example, with the one header that the signer leaves alone.
        path: the path of the endpoint.
        region: to sign for.
    """
    configuration = volcenginesdkcore.Configuration()
    configuration.ak, configuration.sk = access_key, secret_key
    configuration.region = region
    configuration.scheme = "http"
    configuration.host = gateway.base_url.removeprefix("http://") + path
    api_client = volcenginesdkcore.ApiClient(configuration)
    if header is not None:
        api_client.set_default_header("X-Api-Key", header)
    api = UniversalApi(api_client)

    def call(action: str, **body: Any) -> Any:
        info = UniversalInfo("POST", "ark", "2024-01-01", action, "application/json")
        return api.do_call(info, body)

    return lambda action, **body: asyncio.to_thread(call, action, **body)


async def signing_key(gateway: Gateway, tenant: Tenant) -> dict[str, str]:
    """Returns a signing key as ``client`` takes it."""
    made = (await gateway.admin.post(f"/keys/{tenant.key_id}/signing-key")).json()
    return {"access_key": made["access_key_id"], "secret_key": made["secret_access_key"]}


def told(error: ApiException) -> tuple[int, str, str]:
    """Returns status, code and message of an error, read where the documentation says."""
    found = json.loads(error.body)["ResponseMetadata"]["Error"]
    return error.status, found["Code"], found["Message"]


@pytest.mark.parametrize("way", ["access_key", "header", "signing_key"])
async def test_every_action_works(gateway: Gateway, way: str) -> None:
    tenant = await gateway.tenant()
    call = client(gateway, **(await signing_key(gateway, tenant) if way == "signing_key" else {way: tenant.key}))
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


async def test_an_error_is_found_where_the_documentation_looks_for_it(gateway: Gateway) -> None:
    call = client(gateway, access_key=(await gateway.tenant()).key)
    with pytest.raises(ApiException) as caught:
        await call("GetAsset", Id="asset-20260101000000-zzzzz")
    assert caught.value.status == 404
    metadata = json.loads(caught.value.body)["ResponseMetadata"]
    strings = dict.fromkeys(("RequestId", "Action", "Version", "Service", "Region"), str)
    check_shape(metadata, {**strings, "Error": {"Code": str, "Message": str}})
    assert (metadata["Action"], metadata["Error"]["Code"]) == ("GetAsset", "NotFound.asset_id")


async def test_the_error_for_a_missing_key_says_where_it_belongs(gateway: Gateway) -> None:
    with pytest.raises(ApiException) as caught:
        await client(gateway)("ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert caught.value.status == 401
    assert "AccessKeyId" in json.loads(caught.value.body)["ResponseMetadata"]["Error"]["Message"]


async def test_errors_reach_a_client_whose_endpoint_has_a_path(gateway: Gateway) -> None:
    """That entry answers bare results, which this SDK cannot read; its errors it can."""
    call = client(gateway, access_key=(await gateway.tenant()).key, path="/api/v3/assets")
    with pytest.raises(ApiException) as caught:
        await call("GetAssetGroup", Id="group-20260101000000-zzzzz")
    assert caught.value.status == 404
    assert json.loads(caught.value.body)["error"]["code"] == "NotFound.group_id"


@pytest.mark.parametrize("path", ["/", ""])
async def test_a_signing_key_works_whether_or_not_the_endpoint_ends_in_a_slash(gateway: Gateway, path: str) -> None:
    call = client(gateway, **await signing_key(gateway, await gateway.tenant()), path=path)
    assert (await call("ListAssetGroups", Filter={"GroupType": "AIGC"}))["TotalCount"] == 0


async def test_the_error_for_a_signing_key_names_the_endpoint_that_it_is_for(gateway: Gateway) -> None:
    call = client(gateway, **await signing_key(gateway, await gateway.tenant()), path="/api/v3/assets")
    with pytest.raises(ApiException) as caught:
        await call("ListAssetGroups", Filter={"GroupType": "AIGC"})
    status, code, message = told(caught.value)
    assert (status, code) == (401, "AuthenticationError")
    assert "endpoint without a path" in message


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"secret_key": "SGSKother"}, 401, "SignatureDoesNotMatch"),
        ({"region": "ap-southeast-1"}, 400, "InvalidCredential"),
        ({"access_key": "SGAK" + "a" * 20}, 401, "AuthenticationError"),
    ],
)
async def test_what_is_wrong_with_a_signature_reaches_the_user_in_one_call(
    gateway: Gateway, change: dict[str, str], status: int, code: str
) -> None:
    call = client(gateway, **{**await signing_key(gateway, await gateway.tenant()), **change})
    with written() as log, pytest.raises(ApiException) as caught:
        await call("ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert told(caught.value)[:2] == (status, code)
    assert len(log.requests()) == 1


async def test_the_error_for_a_forbidden_key_as_access_key_id_says_where_else_it_belongs(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    await gateway.admin.patch(f"/tenants/{tenant.id}", json={"allow_key_as_access_key_id": False})
    with pytest.raises(ApiException) as caught:
        await client(gateway, access_key=tenant.key)("ListAssetGroups", Filter={"GroupType": "AIGC"})
    status, code, message = told(caught.value)
    assert (status, code) == (401, "AuthenticationError")
    assert "signing key" in message
    assert (await client(gateway, header=tenant.key)("ListAssetGroups", Filter={"GroupType": "AIGC"}))["Items"] == []
