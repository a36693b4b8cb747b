"""The three entries lead to the same actions."""

from typing import Any

import pytest

from app.assets.actions import ACTIONS
from tests.assets.gateway import AssetsGateway
from tests.support.driving import new_group
from tests.support.gateway import Tenant

VERSION = "2024-01-01"
BARE_PATHS = [
    "/api/v3/open/GetAssetGroup",
    "/api/v3/open/GetAssetGroup/",
    "/api/v3/open/GetAssetGroup//",
    "/api/v3/open//GetAssetGroup",
    "/api/v3/open/GetAssetGroup?Version=2024-01-01",
    "/api/v3/assets?Action=GetAssetGroup&Version=2024-01-01",
    "/api/v3/assets/?Action=GetAssetGroup&Version=2024-01-01",
    "/api/v3/assets//?Action=GetAssetGroup&Version=2024-01-01",
    "/api/v3/assets?Action=GetAssetGroup",
]
NATIVE_PATHS = ["/?Action=GetAssetGroup&Version=2024-01-01", "//?Action=GetAssetGroup", "/?Action=GetAssetGroup"]


async def _post(gateway: AssetsGateway, tenant: Tenant, path: str, **options: Any) -> Any:
    # httpx folds "//" at the start of a path into the host, so the whole URL is given.
    return await tenant.http.post(gateway.base_url + path, **options)


@pytest.mark.parametrize("path", BARE_PATHS)
async def test_bare_entries_answer_the_same_bare_result(gateway: AssetsGateway, anyone: Tenant, path: str) -> None:
    group_id = await new_group(anyone)
    response = await _post(gateway, anyone, path, json={"Id": group_id})
    assert response.status_code == 200, response.text
    assert response.json()["Id"] == group_id
    assert "ResponseMetadata" not in response.json()


@pytest.mark.parametrize("path", NATIVE_PATHS)
async def test_the_native_entry_answers_in_the_envelope(gateway: AssetsGateway, anyone: Tenant, path: str) -> None:
    group_id = await new_group(anyone)
    response = await _post(gateway, anyone, path, json={"Id": group_id})
    assert response.status_code == 200, response.text
    body = response.json()
    assert set(body) == {"ResponseMetadata", "Result"}
    assert body["Result"]["Id"] == group_id
    assert body["ResponseMetadata"] == {
        "RequestId": response.headers["x-request-id"],
        "Action": "GetAssetGroup",
        "Version": VERSION,
        "Service": "ark",
        "Region": "cn-beijing",
    }


@pytest.mark.parametrize("path", ["/api/v3/assets", "/api/v3/assets/?Version=2024-01-01", "/", "/?Action="])
async def test_a_query_without_an_action_is_400(gateway: AssetsGateway, anyone: Tenant, path: str) -> None:
    response = await _post(gateway, anyone, path, json={})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "MissingParameter.Action")


@pytest.mark.parametrize("name", ["Action", "Version"])
@pytest.mark.parametrize("path", ["/api/v3/assets", "/"])
async def test_an_action_or_version_that_is_given_twice_is_400(
    gateway: AssetsGateway, anyone: Tenant, path: str, name: str
) -> None:
    query = f"Action=GetAsset&Version={VERSION}&{name}={'ListAssets' if name == 'Action' else VERSION}"
    response = await _post(gateway, anyone, f"{path}?{query}", json={})
    assert (response.status_code, response.json()["error"]["code"]) == (400, f"InvalidParameter.{name}")


async def test_an_empty_body_means_an_empty_object(anyone: Tenant) -> None:
    response = await anyone.http.post("/api/v3/open/GetAsset")
    assert response.json()["error"]["code"] == "MissingParameter.Id"


async def test_nothing_is_redirected(gateway: AssetsGateway, anyone: Tenant) -> None:
    for path in ("/api/v3/assets/", "/api/v3/assets", "/api/v3/open/GetAsset/"):
        response = await _post(gateway, anyone, path, json={})
        assert response.status_code in {400, 404}


async def test_every_action_is_an_operation_of_its_own_in_the_documentation(gateway: AssetsGateway) -> None:
    paths = (await gateway.anonymous.get("/openapi.json")).json()["paths"]
    for name in ACTIONS:
        operation = paths[f"/api/v3/open/{name}"]["post"]
        assert operation["operationId"] == name
        assert operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert {"200", "400", "401", "404"} <= set(operation["responses"])
    shown = [path for path in paths if path == "/" or path.startswith(("/api/v3/open", "/api/v3/assets"))]
    assert sorted(shown) == sorted([*(f"/api/v3/open/{name}" for name in ACTIONS), "/api/v3/assets", "/"])
