"""Every request sample of the spec's "Assets" section, as it stands there, gets the documented answer."""

import re
from typing import Any

from tests.assets.library import Library, by_path, by_query, new_asset, new_group, ok
from tests.support.world import Tenant

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def _post(tenant: Tenant, action: str, text: str) -> dict[str, Any]:
    response = await tenant.http.post(
        f"/api/v3/open/{action}", content=text.encode(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


async def test_create_asset_group_answers_the_id(tenant: Tenant) -> None:
    body = await _post(
        tenant,
        "CreateAssetGroup",
        """{
    "Name": "MyAssetGroup",
    "Description": "My video assets",
    "GroupType": "AIGC"
  }""",
    )
    assert list(body) == ["Id"]
    assert re.fullmatch(r"group-\d{14}-[a-z0-9]{5}", body["Id"])


async def test_list_asset_groups_shows_what_was_created(tenant: Tenant) -> None:
    group_id = await new_group(tenant, Description="My video assets")
    body = await _post(
        tenant,
        "ListAssetGroups",
        """{
    "Filter": { "GroupType": "AIGC" },
    "PageNumber": 1,
    "PageSize": 10,
    "SortBy": "CreateTime",
    "SortOrder": "Desc"
  }""",
    )
    item = body["Items"][0]
    assert _TIME.fullmatch(item.pop("CreateTime"))
    assert _TIME.fullmatch(item.pop("UpdateTime"))
    assert body == {
        "TotalCount": 1,
        "Items": [
            {
                "Id": group_id,
                "Name": "MyAssetGroup",
                "Description": "My video assets",
                "GroupType": "AIGC",
                "ProjectName": "default",
            }
        ],
        "PageNumber": 1,
        "PageSize": 10,
    }


async def test_get_asset_group_has_the_list_items_shape(tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    body = await _post(tenant, "GetAssetGroup", f'{{\n    "Id": "{group_id}"\n  }}')
    listed = (await ok(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"}))["Items"][0]
    assert body == listed


async def test_update_asset_group_answers_the_id_and_is_seen_everywhere(tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    body = await _post(
        tenant,
        "UpdateAssetGroup",
        f"""{{
    "Id": "{group_id}",
    "Name": "MyAssetGroup2",
    "Description": "Updated description"
  }}""",
    )
    assert body == {"Id": group_id}
    listed = (await ok(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"}))["Items"][0]
    fetched = await ok(tenant, "GetAssetGroup", Id=group_id)
    assert [(shown["Name"], shown["Description"]) for shown in (listed, fetched)] == [
        ("MyAssetGroup2", "Updated description")
    ] * 2


async def test_create_asset_answers_the_id(tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    body = await _post(
        tenant,
        "CreateAsset",
        f"""{{
    "GroupId": "{group_id}",
    "URL": "https://example.com/reference.png",
    "Name": "reference-image",
    "AssetType": "Image"
  }}""",
    )
    assert list(body) == ["Id"]
    assert re.fullmatch(r"asset-\d{14}-[a-z0-9]{5}", body["Id"])


async def test_list_assets_shows_the_submitted_url(tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    asset_id = await new_asset(tenant, group_id, Name="reference-image")
    body = await _post(
        tenant,
        "ListAssets",
        f"""{{
    "Filter": {{
      "GroupType": "AIGC",
      "GroupIds": ["{group_id}"],
      "Statuses": ["Active", "Processing"]
    }},
    "PageNumber": 1,
    "PageSize": 10
  }}""",
    )
    item = body["Items"][0]
    assert _TIME.fullmatch(item.pop("CreateTime"))
    assert _TIME.fullmatch(item.pop("UpdateTime"))
    assert body == {
        "Items": [
            {
                "Id": asset_id,
                "Name": "reference-image",
                "URL": "https://example.com/reference.png",
                "GroupId": group_id,
                "AssetType": "Image",
                "Status": "Processing",
                "ProjectName": "default",
            }
        ],
        "TotalCount": 1,
        "PageNumber": 1,
        "PageSize": 10,
    }


async def test_get_asset_becomes_active_and_has_a_signed_url(library: Library, tenant: Tenant) -> None:
    asset_id = await new_asset(tenant, await new_group(tenant), Name="reference-image")
    library.finish_processing()
    body = await _post(tenant, "GetAsset", f'{{\n    "Id": "{asset_id}"\n  }}')
    assert body["Status"] == "Active"
    assert body["URL"].startswith(library.world.sandbox.origin)
    assert "X-Tos-Signature" in body["URL"]
    listed = (await ok(tenant, "ListAssets", Filter={"GroupType": "AIGC"}, PageNumber=1, PageSize=10))["Items"][0]
    assert listed["URL"] == "https://example.com/reference.png"
    assert listed["Status"] == "Active"
    assert set(listed) <= set(body)
    assert {name: body[name] for name in listed if name != "URL"} == {
        name: value for name, value in listed.items() if name != "URL"
    }


async def test_update_asset_answers_the_id(tenant: Tenant) -> None:
    asset_id = await new_asset(tenant, await new_group(tenant))
    body = await _post(tenant, "UpdateAsset", f'{{\n    "Id": "{asset_id}",\n    "Name": "reference-image-v2"\n  }}')
    assert body == {"Id": asset_id}
    assert (await ok(tenant, "GetAsset", Id=asset_id))["Name"] == "reference-image-v2"


async def test_delete_asset_answers_an_empty_object(tenant: Tenant) -> None:
    asset_id = await new_asset(tenant, await new_group(tenant))
    assert await _post(tenant, "DeleteAsset", f'{{\n    "Id": "{asset_id}"\n  }}') == {}
    assert (await by_path(tenant, "GetAsset", {"Id": asset_id})).status_code == 404
    listed = await ok(tenant, "ListAssets", Filter={"GroupType": "AIGC"}, PageNumber=1, PageSize=10)
    assert listed["TotalCount"] == 0


async def test_face_verification_yields_a_liveness_group(library: Library, tenant: Tenant) -> None:
    opened = await _post(
        tenant, "CreateVisualValidateSession", '{\n    "CallbackURL": "https://www.example.com/callback"\n  }'
    )
    assert set(opened) == {"BytedToken", "H5Link", "CallbackURL"}
    assert opened["CallbackURL"] == "https://www.example.com/callback"
    assert opened["BytedToken"] in opened["H5Link"]
    await library.pass_verification(opened["H5Link"])
    body = await _post(tenant, "GetVisualValidateResult", f'{{\n    "BytedToken": "{opened["BytedToken"]}"\n  }}')
    assert list(body) == ["GroupId"]
    assert (await ok(tenant, "GetAssetGroup", Id=body["GroupId"]))["GroupType"] == "LivenessFace"


async def test_the_go_sdks_call_reaches_the_same_action(tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    body = (await by_query(tenant, "GetAssetGroup", {"Id": group_id})).json()
    assert body == await ok(tenant, "GetAssetGroup", Id=group_id)
