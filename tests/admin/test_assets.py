"""Groups, assets and face verifications of all tenants over the admin API."""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.ids import new_id
from tests.support.driving import URL, act, activate, new_asset, new_group, new_session
from tests.support.gateway import Gateway, Tenant

HOSTILE = "<img src=x onerror=alert(1)> 100%_"
FIELDS = {
    *("id", "tenant_id", "channel_id", "group_id", "group_type", "name", "project_name"),
    *("asset_type", "status", "error", "created_at", "updated_at", "polled_at"),
}


@pytest_asyncio.fixture
async def tenant(gateway: Gateway) -> Tenant:
    return await gateway.tenant()


async def listed(gateway: Gateway, path: str, **query: str) -> list[dict[str, Any]]:
    answer = await gateway.admin.get(path, params=query)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def client_in(gateway: Gateway, role: str) -> httpx.AsyncClient:
    made = await gateway.admin.post("/admins", json={"name": f"a {role}", "role": role})
    return gateway.client(made.json()["token"])


async def test_assets_and_groups_of_all_tenants_are_found_by_each_of_their_filters(
    gateway: Gateway, tenant: Tenant
) -> None:
    other = await gateway.tenant()
    group = await new_group(tenant, HOSTILE)
    second = await new_group(tenant, "second")
    foreign = await new_group(other, "second")
    image = await new_asset(tenant, group, Name=HOSTILE)
    video = await new_asset(tenant, second, Name="Clip", AssetType="Video")
    of_other = await new_asset(other, foreign)

    async def groups(**query: str) -> list[str]:
        return [row["id"] for row in await listed(gateway, "/groups", **query)]

    async def assets(**query: str) -> list[str]:
        return [row["id"] for row in await listed(gateway, "/assets", **query)]

    assert (await groups())[:3] == [foreign, second, group]
    assert await groups(tenant=tenant.id) == [second, group]
    assert await groups(tenant=tenant.id, type="AIGC", q="SECO") == [second]
    assert await groups(q=HOSTILE, tenant=tenant.id) == await groups(q=group) == [group]
    assert await groups(tenant=tenant.id, type="LivenessFace") == []
    assert (await assets())[:3] == [of_other, video, image]
    assert await assets(tenant=tenant.id) == [video, image]
    assert (
        await assets(group=second) == await assets(tenant=tenant.id, type="Video") == await assets(q=video) == [video]
    )
    assert await assets(q="%_", tenant=tenant.id) == [image]
    status = next(row["status"] for row in await listed(gateway, "/assets", q=image))
    assert image in await assets(tenant=tenant.id, status=status)
    assert await assets(tenant=tenant.id, status="Failed") == []
    times = [row["created_at"] for row in await listed(gateway, "/assets", tenant=tenant.id)]
    assert await assets(tenant=tenant.id, to=times[0]) == [image]
    await act(tenant, "DeleteAsset", Id=image)
    assert await assets(tenant=tenant.id) == [video]


async def test_an_asset_is_shown_by_its_id_as_the_list_does(gateway: Gateway, tenant: Tenant) -> None:
    asset = await new_asset(tenant, await new_group(tenant, "g"))
    shown = await gateway.admin.get(f"/assets/{asset}")
    assert [shown.json()] == await listed(gateway, "/assets", q=asset)
    assert URL not in shown.text
    await act(tenant, "DeleteAsset", Id=asset)
    assert (await gateway.admin.get(f"/assets/{asset}")).status_code == 404


async def test_pages_hold_every_row_once(gateway: Gateway, tenant: Tenant) -> None:
    group = await new_group(tenant, "g")
    made = [group, *[await new_group(tenant, "g") for _ in range(2)]]
    assets = [await new_asset(tenant, group) for _ in range(3)]
    for path, ids in (("/groups", made), ("/assets", assets)):
        found: list[str] = []
        after: dict[str, str] = {}
        while True:
            query = {"tenant": tenant.id, "limit": "2", **after}
            page = (await gateway.admin.get(path, params=query)).json()
            found += [row["id"] for row in page["data"]]
            if not page["has_more"]:
                break
            after = {"after": page["next_cursor"]}
        assert found == ids[::-1], path


async def test_a_list_shows_no_address_of_an_asset_and_names_as_they_are(gateway: Gateway, tenant: Tenant) -> None:
    asset = await new_asset(tenant, await new_group(tenant, "g"), Name=HOSTILE)
    for client in (await client_in(gateway, "viewer"), await client_in(gateway, "owner")):
        answer = await client.get("/admin/v1/assets", params={"tenant": tenant.id})
        (row,) = answer.json()["data"]
        assert (set(row), row["id"], row["name"]) == (FIELDS, asset, HOSTILE)
        assert "http" not in answer.text
        assert answer.headers["content-type"] == "application/json"


async def test_an_asset_is_shown_to_owners_and_operators_and_each_look_is_recorded(
    gateway: Gateway, tenant: Tenant
) -> None:
    asset = await new_asset(tenant, await new_group(tenant, "g"))
    await activate(gateway, tenant, asset)
    path = f"/admin/v1/assets/{asset}/media"

    shown = await (await client_in(gateway, "operator")).get(path)

    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    body = shown.json()
    assert {name: body[name] for name in ("id", "tenant_id", "asset_type", "is_signed")} == {
        "id": asset,
        "tenant_id": tenant.id,
        "asset_type": "Image",
        "is_signed": True,
    }
    assert body["url"] != URL
    async with httpx.AsyncClient() as anyone:
        assert (await anyone.get(body["url"])).status_code == 200
    for role in ("viewer", "billing"):
        assert (await (await client_in(gateway, role)).get(path)).status_code == 403
    (look,) = await listed(gateway, "/audit", action="asset.look", tenant=tenant.id)
    assert (look["actor"], look["target_type"], look["target_id"]) == ("a operator", "asset", asset)


async def test_a_look_without_the_upstream_shows_the_submitted_address_and_is_recorded(
    gateway: Gateway, tenant: Tenant
) -> None:
    asset = await new_asset(tenant, await new_group(tenant, "g"))
    await gateway.fault("GetAsset", kind="error", status=500, code="InternalServiceError")

    shown = (await gateway.admin.get(f"/assets/{asset}/media")).json()

    assert (shown["url"], shown["is_signed"]) == (URL, False)
    assert len(await listed(gateway, "/audit", action="asset.look", tenant=tenant.id)) == 1


async def test_a_deleted_asset_is_not_shown(gateway: Gateway, tenant: Tenant) -> None:
    asset = await new_asset(tenant, await new_group(tenant, "g"))
    await act(tenant, "DeleteAsset", Id=asset)
    for asset_id in (asset, new_id("asset"), "none"):
        answer = await gateway.admin.get(f"/assets/{asset_id}/media")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound.asset_id")
    assert await listed(gateway, "/audit", action="asset.look", tenant=tenant.id) == []


async def test_face_verifications_are_listed_without_token_and_link(gateway: Gateway, tenant: Tenant) -> None:
    sessions = [await new_session(tenant) for _ in range(3)]

    first = await gateway.admin.get("/face-verifications", params={"tenant": tenant.id, "limit": "2"})
    rest = await listed(gateway, "/face-verifications", tenant=tenant.id, after=first.json()["next_cursor"])

    rows = first.json()["data"] + rest
    assert [row["tenant_id"] for row in rows] == [tenant.id] * 3
    assert set(rows[0]) == {"tenant_id", "channel_id", "project_name", "group_id", "created_at", "finished_at"}
    times = [row["created_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert all(session["BytedToken"] not in first.text for session in sessions)
    assert await listed(gateway, "/face-verifications", tenant=tenant.id, to=times[-1]) == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/groups", {"type": "Image"}),
        ("/groups", {"status": "Active"}),
        ("/groups", {"q": ""}),
        ("/assets", {"status": "active"}),
        ("/assets", {"type": "AIGC"}),
        ("/assets", {"group": ""}),
        ("/assets", {"from": "now"}),
        ("/assets", {"after": "bm9uZQ"}),
        ("/face-verifications", {"after": "bm9uZQ"}),
        ("/face-verifications", {"after": "MjAzMC0wMS0wMVQwMDowMDowMCswMDowMCB6eg"}),
        ("/face-verifications", {"q": "a"}),
    ],
)
async def test_a_wrong_filter_is_refused_by_name(gateway: Gateway, path: str, query: dict[str, str]) -> None:
    answer = await gateway.admin.get(path, params=query)
    (name,) = query
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, f"InvalidParameter.{name}")
