"""The spec's Assets examples, as they stand there, get the documented answers on both of its entries."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.contract import examples
from tests.support.answers import check_shape
from tests.support.driving import activate, new_asset, new_group, pass_verification
from tests.support.gateway import Gateway, Tenant
from tests.support.plain import PLAIN

GROUP = dict.fromkeys(("Id", "Name", "Description", "GroupType", "ProjectName", "CreateTime", "UpdateTime"), str)
ASSET = dict.fromkeys(
    ("Id", "Name", "URL", "GroupId", "AssetType", "Status", "ProjectName", "CreateTime", "UpdateTime"), str
)
PAGE = {"TotalCount": int, "PageNumber": int, "PageSize": int}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

Send = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(params=["/api/v3/open/{action}", "/api/v3/assets?Action={action}&Version=2024-01-01"])
def send(request: pytest.FixtureRequest) -> Send:
    """Sends an example to one of the documented entries and returns the bare result."""

    async def post(tenant: Tenant, action: str, text: str, **ids: str) -> dict[str, Any]:
        for name, value in ids.items():
            text = text.replace(f"{{{name}}}", value)
        response = await tenant.http.post(
            request.param.format(action=action),
            content=text.encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {tenant.key}"},
        )
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    return post


async def test_groups_are_created_listed_shown_and_updated(gateway: Gateway, send: Send) -> None:
    tenant = await gateway.tenant()
    created = await send(tenant, "CreateAssetGroup", examples.CREATE_ASSET_GROUP)
    check_shape(created, {"Id": str})
    assert re.fullmatch(r"group-\d{14}-[a-z0-9]{5}", created["Id"])

    page = await send(tenant, "ListAssetGroups", examples.LIST_ASSET_GROUPS)
    check_shape(page, {**PAGE, "Items": [GROUP]})
    (item,) = page["Items"]
    times = {name: item[name] for name in ("CreateTime", "UpdateTime")}
    assert all(TIME.fullmatch(text) for text in times.values())
    described = {"Name": "MyAssetGroup", "Description": "My video assets", "GroupType": "AIGC"}
    assert item == {**created, **described, **times, "ProjectName": "default"}
    assert (page["TotalCount"], page["PageNumber"], page["PageSize"]) == (1, 1, 10)

    shown = await send(tenant, "GetAssetGroup", examples.BY_ID, id=item["Id"])
    check_shape(shown, GROUP)
    # Asked, the upstream tells its own time of creation, which is a moment from ours.
    assert {**shown, **times} == item
    assert await send(tenant, "UpdateAssetGroup", examples.UPDATE_ASSET_GROUP, id=item["Id"]) == created
    # Listed first: the GET would bring the change from the upstream.
    (listed,) = (await send(tenant, "ListAssetGroups", examples.LIST_ASSET_GROUPS))["Items"]
    changed = await send(tenant, "GetAssetGroup", examples.BY_ID, id=item["Id"])
    check_shape(changed, GROUP)
    for seen in (changed, listed):
        assert (seen["Name"], seen["Description"]) == ("MyAssetGroup2", "Updated description")


async def test_assets_are_created_listed_shown_updated_and_deleted(gateway: Gateway, send: Send) -> None:
    tenant = await gateway.tenant()
    group_id = await new_group(tenant)
    created = await send(tenant, "CreateAsset", examples.CREATE_ASSET, id=group_id)
    check_shape(created, {"Id": str})
    asset_id = created["Id"]
    assert re.fullmatch(r"asset-\d{14}-[a-z0-9]{5}", asset_id)

    page = await send(tenant, "ListAssets", examples.LIST_ASSETS, id=group_id)
    check_shape(page, {**PAGE, "Items": [ASSET]})
    assert (page["TotalCount"], page["PageNumber"], page["PageSize"]) == (1, 1, 10)
    (item,) = page["Items"]
    assert (item["Id"], item["Name"], item["GroupId"], item["AssetType"], item["ProjectName"], item["URL"]) == (
        *(asset_id, "reference-image", group_id, "Image", "default"),
        "https://example.com/reference.png",
    )
    assert item["Status"] in {"Processing", "Active"}
    assert all(TIME.fullmatch(item[name]) for name in ("CreateTime", "UpdateTime"))

    await activate(gateway, tenant, asset_id)
    shown = await send(tenant, "GetAsset", examples.BY_ID, id=asset_id)
    check_shape(shown, {**ASSET, "Moderation": {"Strategy": str}})
    assert shown["Status"] == "Active"
    async with httpx.AsyncClient(verify=PLAIN) as client:
        assert (await client.get(shown["URL"])).content.startswith(b"\x89PNG")

    (listed,) = (await send(tenant, "ListAssets", examples.LIST_ASSETS, id=group_id))["Items"]
    assert {**shown, "URL": item["URL"], "Moderation": None} == {**listed, "Moderation": None}

    assert await send(tenant, "UpdateAsset", examples.UPDATE_ASSET, id=asset_id) == {"Id": asset_id}
    assert (await send(tenant, "GetAsset", examples.BY_ID, id=asset_id))["Name"] == "reference-image-v2"
    assert await send(tenant, "DeleteAsset", examples.BY_ID, id=asset_id) == {}
    assert (await send(tenant, "ListAssets", examples.LIST_ASSETS, id=group_id))["TotalCount"] == 0


@pytest.mark.parametrize("status", ["Processing", "Active", "Failed"])
async def test_an_asset_has_each_documented_status(gateway: Gateway, tenant: Tenant, send: Send, status: str) -> None:
    await gateway.control.post("/settings", json={"time_scale": 0.01})
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id)
    await gateway.control.post("/settings", json={"time_scale": 200})
    if status != "Processing":
        await gateway.control.post(f"/assets/{asset_id}", json={"status": status, "code": "DownloadFailed"})
    shown = await send(tenant, "GetAsset", examples.BY_ID, id=asset_id)
    assert shown["Status"] == status
    filters = {"GroupType": "AIGC", "GroupIds": [group_id]}
    page = await tenant.action("ListAssets", Filter=filters, PageNumber=1, PageSize=10)
    check_shape(page.json(), {**PAGE, "Items": [ASSET]})
    assert ("Error" in shown) is (status == "Failed")
    if status == "Failed":
        check_shape(shown["Error"], {"Code": str, "Message": str})
        assert shown["Error"]["Code"] == "DownloadFailed"


async def test_a_verified_face_yields_a_group_for_the_persons_assets(tenant: Tenant, send: Send) -> None:
    session = await send(tenant, "CreateVisualValidateSession", examples.CREATE_VISUAL_VALIDATE_SESSION)
    check_shape(session, {"BytedToken": str, "CallbackURL": str, "H5Link": str})
    assert session["CallbackURL"] == "https://www.example.com/callback"

    back = await pass_verification(session["H5Link"])
    assert str(back).startswith("https://www.example.com/callback?")
    assert back.params["resultCode"] == "10000"
    assert back.params["bytedToken"] == session["BytedToken"]

    token = session["BytedToken"]
    result = await send(tenant, "GetVisualValidateResult", examples.GET_VISUAL_VALIDATE_RESULT, id=token)
    check_shape(result, {"GroupId": str})
    group = await send(tenant, "GetAssetGroup", examples.BY_ID, id=result["GroupId"])
    check_shape(group, GROUP)
    assert group["GroupType"] == "LivenessFace"
    assert await send(tenant, "CreateAsset", examples.CREATE_ASSET, id=result["GroupId"])
