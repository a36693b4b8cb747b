"""Cases 404, 405 and 409 of the table of errors: what is asked for, and the state it is in."""

import pytest

from tests.support.answers import check_error
from tests.support.driving import act
from tests.support.gateway import TASKS, Gateway, Tenant

GROUPS = "/api/v3/open/ListAssetGroups"
NO_TOKEN = "20260101000000" + "0" * 20


@pytest.mark.parametrize(
    ("action", "member", "code"),
    [
        ("GetAssetGroup", "Id", "NotFound.group_id"),
        ("UpdateAssetGroup", "Id", "NotFound.group_id"),
        ("DeleteAssetGroup", "Id", "NotFound.group_id"),
        ("CreateAsset", "GroupId", "NotFound.group_id"),
        ("GetAsset", "Id", "NotFound.asset_id"),
        ("UpdateAsset", "Id", "NotFound.asset_id"),
        ("DeleteAsset", "Id", "NotFound.asset_id"),
        ("GetVisualValidateResult", "BytedToken", "NotFound.BytedToken"),
    ],
)
async def test_an_unknown_group_asset_or_session_is_404(tenant: Tenant, action: str, member: str, code: str) -> None:
    rest = {"URL": "https://example.com/a.png", "AssetType": "Image"} if action == "CreateAsset" else {}
    check_error(await tenant.action(action, **{member: NO_TOKEN, **rest}), 404, code, member)


@pytest.mark.parametrize(
    ("url", "action", "version"),
    [
        ("/api/v3/open/NoSuchAction", "NoSuchAction", "2024-01-01"),
        ("/api/v3/open/getasset", "getasset", "2024-01-01"),
        ("/api/v3/open/GetAsset?Version=2023-01-01", "GetAsset", "2023-01-01"),
        ("/api/v3/open/GetAsset/more", "GetAsset?more", "2024-01-01"),
        ("/api/v3/open/GetAsset%2F", "GetAsset?2F", "2024-01-01"),
        ("/api/v3/assets?Action=NoSuchAction&Version=2024-01-01", "NoSuchAction", "2024-01-01"),
        ("/api/v3/assets?Action=GetAsset&Version=2024-01-02", "GetAsset", "2024-01-02"),
        ("/?Action=NoSuchAction", "NoSuchAction", "2024-01-01"),
        ("/?Action=GetAsset&Version=x", "GetAsset", "x"),
    ],
)
async def test_an_unknown_action_or_version_is_404(tenant: Tenant, url: str, action: str, version: str) -> None:
    answer = await tenant.http.post(url, json={})
    error = check_error(answer, 404, "InvalidActionOrVersion", "Action")
    assert answer.json()["ResponseMetadata"]["Action"] == action
    assert f"Could not find operation {action} for version {version}." in error["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", TASKS), ("PATCH", f"{TASKS}/x"), ("GET", GROUPS), ("PUT", "/api/v3/assets"), ("GET", "/")],
)
async def test_a_wrong_method_is_405(tenant: Tenant, method: str, path: str) -> None:
    check_error(await tenant.http.request(method, path), 405, "MethodNotAllowed")


async def test_lists_of_nothing_have_the_documented_shape(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    assert (await tenant.http.get(TASKS)).json() == {"items": [], "total": 0}
    empty = await act(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert empty == {"TotalCount": 0, "Items": [], "PageNumber": 1, "PageSize": 20}
