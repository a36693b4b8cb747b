"""Cases 404, 405 and 409 of the table of errors: what is asked for, and the state it is in."""

import secrets

import pytest

from tests.support.answers import check_error
from tests.support.driving import act, count_received, create_with_fault, force, new_session
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.tasks.bodies import body, image

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


async def test_a_verification_that_nobody_finished_is_404(tenant: Tenant) -> None:
    token = (await new_session(tenant))["BytedToken"]
    answer = await tenant.action("GetVisualValidateResult", BytedToken=token)
    check_error(answer, 404, "NotFound.BytedToken", "BytedToken")
    assert token not in answer.text


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_task_is_404(tenant: Tenant, method: str) -> None:
    refused = await tenant.http.request(method, f"{TASKS}/cgt-20260101000000-zzzzz")
    check_error(refused, 404, "NotFound.id", "id")


async def test_an_unknown_asset_in_a_task_is_400_in_the_upstreams_words(tenant: Tenant) -> None:
    refused = await tenant.http.post(TASKS, json=body(image(url="asset://asset-20260101000000-zzzzz")))
    error = check_error(refused, 400, "InvalidParameter.content", "content[0].image_url.url")
    assert "The specified asset asset-20260101000000-zzzzz is not found." in error["message"]


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


@pytest.mark.parametrize("path", ["/api/v3/nothing", "/api/v3/contents/generations/tasks/a/b", "/v1/videos", "/x"])
async def test_an_unknown_route_is_404(tenant: Tenant, path: str) -> None:
    check_error(await tenant.http.get(path), 404, "NotFound")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", TASKS), ("PATCH", f"{TASKS}/x"), ("GET", GROUPS), ("PUT", "/api/v3/assets"), ("GET", "/")],
)
async def test_a_wrong_method_is_405(tenant: Tenant, method: str, path: str) -> None:
    check_error(await tenant.http.request(method, path), 405, "MethodNotAllowed")


async def test_a_running_task_cannot_be_deleted(gateway: Gateway, tenant: Tenant) -> None:
    task_id = await tenant.new_task()
    await force(gateway, tenant, task_id, "running")
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    error = check_error(refused, 409, "InvalidAction.RunningTaskDeletion")
    assert f"Cannot delete task `{task_id}` because it is currently running." in error["message"]
    assert refused.headers["x-should-retry"] == "false"


async def test_a_task_that_the_upstream_may_not_have_cannot_be_deleted(gateway: Gateway, tenant: Tenant) -> None:
    task_id = (await create_with_fault(gateway, tenant, kind="cut", at="after")).json()["id"]
    refused = await tenant.http.delete(f"{TASKS}/{task_id}")
    check_error(refused, 409, "InvalidAction")
    assert refused.headers["x-should-retry"] == "false"


async def test_an_idempotency_key_stands_for_one_body(gateway: Gateway, tenant: Tenant) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first = await tenant.http.post(TASKS, json=body(), headers=key)
    before = count_received(gateway, "create_task")
    again = await tenant.http.post(TASKS, json=body(), headers=key)
    assert again.json() == first.json()
    refused = await tenant.http.post(TASKS, json=body(duration=6), headers=key)
    check_error(refused, 409, "IdempotencyConflict")
    assert refused.headers["x-should-retry"] == "false"
    assert count_received(gateway, "create_task") == before


async def test_the_clients_request_id_is_echoed_and_ours_is_unique(tenant: Tenant) -> None:
    answers = [await tenant.http.get(path, headers={"X-Client-Request-Id": "mine-1"}) for path in (TASKS, "/x")]
    assert [answer.headers["x-client-request-id"] for answer in answers] == ["mine-1"] * 2
    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


async def test_lists_of_nothing_have_the_documented_shape(gateway: Gateway) -> None:
    tenant = await gateway.tenant()
    assert (await tenant.http.get(TASKS)).json() == {"items": [], "total": 0}
    empty = await act(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert empty == {"TotalCount": 0, "Items": [], "PageNumber": 1, "PageSize": 20}
