"""Each row of the spec's parameter tables, with values that pass and values that do not."""

from typing import Any

import pytest

from tests.assets.library import URL, Library, by_path, new_asset, new_group, ok, refused
from tests.support.world import Tenant

GROUP = {"Name": "a group", "GroupType": "AIGC"}
ASSET = {"URL": URL, "AssetType": "Image"}
GROUPS_PAGE = {"Filter": {"GroupType": "AIGC"}}
ASSETS_PAGE = {"Filter": {"GroupType": "AIGC"}, "PageNumber": 1, "PageSize": 10}
SESSION = {"CallbackURL": "https://example.com/back"}

Wrong = tuple[dict[str, Any], str, str]

PAGING: list[Wrong] = [
    ({"PageNumber": 0}, "InvalidParameter.PageNumber", "PageNumber"),
    ({"PageNumber": -1}, "InvalidParameter.PageNumber", "PageNumber"),
    ({"PageNumber": "1"}, "InvalidParameter.PageNumber", "PageNumber"),
    ({"PageNumber": 1.5}, "InvalidParameter.PageNumber", "PageNumber"),
    ({"PageNumber": True}, "InvalidParameter.PageNumber", "PageNumber"),
    ({"PageNumber": 2**62}, "InvalidParameter.PageNumber", "PageNumber"),
    ({"PageSize": 0}, "InvalidParameter.PageSize", "PageSize"),
    ({"PageSize": 101}, "InvalidParameter.PageSize", "PageSize"),
    ({"PageSize": []}, "InvalidParameter.PageSize", "PageSize"),
    ({"SortBy": "Name"}, "InvalidParameter.SortBy", "SortBy"),
    ({"SortBy": "createtime"}, "InvalidParameter.SortBy", "SortBy"),
    ({"SortOrder": "desc"}, "InvalidParameter.SortOrder", "SortOrder"),
    ({"SortOrder": 1}, "InvalidParameter.SortOrder", "SortOrder"),
    ({"NextToken": "x"}, "InvalidParameter.NextToken", "NextToken"),
    ({"MaxResults": 10}, "InvalidParameter.MaxResults", "MaxResults"),
    ({"Limit": 10}, "InvalidParameter.Limit", "Limit"),
    ({"Filter": None}, "MissingParameter.Filter", "Filter"),
    ({"Filter": []}, "InvalidParameter.Filter", "Filter"),
    ({"Filter": {}}, "MissingParameter.Filter", "Filter.GroupType"),
    ({"Filter": {"GroupType": "aigc"}}, "InvalidParameter.Filter", "Filter.GroupType"),
    ({"Filter": {"GroupType": "AIGC", "Name": 5}}, "InvalidParameter.Filter", "Filter.Name"),
    ({"Filter": {"GroupType": "AIGC", "Name": "x" * 65}}, "InvalidParameter.Filter", "Filter.Name"),
    ({"Filter": {"GroupType": "AIGC", "GroupIds": "g"}}, "InvalidParameter.Filter", "Filter.GroupIds"),
    ({"Filter": {"GroupType": "AIGC", "GroupIds": [1]}}, "InvalidParameter.Filter", "Filter.GroupIds[0]"),
    ({"Filter": {"GroupType": "AIGC", "GroupIds": ["g", None]}}, "MissingParameter.Filter", "Filter.GroupIds[1]"),
    ({"Filter": {"GroupType": "AIGC", "GroupIds": ["g", "a,b"]}}, "InvalidParameter.Filter", "Filter.GroupIds[1]"),
    ({"Filter": {"GroupType": "AIGC", "GroupIds[]": ["g"]}}, "InvalidParameter.Filter", "Filter.GroupIds??"),
    ({"Filter": {"GroupType": "AIGC", "groupIds": ["g"]}}, "InvalidParameter.Filter", "Filter.groupIds"),
    ({"Filter": {"GroupType": "AIGC", "Title": "x"}}, "InvalidParameter.Filter", "Filter.Title"),
]
NAMES: list[Wrong] = [
    ({"Name": "x" * 65}, "InvalidParameter.Name", "Name"),
    ({"Name": ["x"]}, "InvalidParameter.Name", "Name"),
]
PROJECTS: list[Wrong] = [
    ({"ProjectName": "not-offered"}, "InvalidParameter.ProjectName", "ProjectName"),
    ({"ProjectName": 1}, "InvalidParameter.ProjectName", "ProjectName"),
]


def _with(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {**base, **change}


async def _check(tenant: Tenant, action: str, base: dict[str, Any], wrong: Wrong) -> None:
    change, code, param = wrong
    error = await refused(tenant, action, 400, code, **_with(base, change))
    assert error["param"] == param


@pytest.mark.parametrize(
    "wrong",
    [
        *NAMES,
        *PROJECTS,
        ({"Name": None}, "MissingParameter.Name", "Name"),
        ({"Name": ""}, "MissingParameter.Name", "Name"),
        ({"GroupType": None}, "MissingParameter.GroupType", "GroupType"),
        ({"GroupType": "LivenessFace"}, "InvalidParameter.GroupType", "GroupType"),
        ({"GroupType": "aigc"}, "InvalidParameter.GroupType", "GroupType"),
        ({"GroupType": {}}, "InvalidParameter.GroupType", "GroupType"),
        ({"Description": "x" * 301}, "InvalidParameter.Description", "Description"),
        ({"Description": 1}, "InvalidParameter.Description", "Description"),
        ({"name": "other"}, "InvalidParameter.Name", "Name"),
    ],
)
async def test_create_asset_group_refuses(library: Library, anyone: Tenant, wrong: Wrong) -> None:
    before = library.calls
    await _check(anyone, "CreateAssetGroup", GROUP, wrong)
    assert library.calls == before


@pytest.mark.parametrize(
    "change",
    [
        {"Name": "x" * 64},
        {"Name": "素" * 64},
        {"Description": "描" * 300},
        {"Description": ""},
        {"Description": None},
        {"ProjectName": "default"},
        {"ProjectName": ""},
        {"ProjectName": None},
    ],
)
async def test_create_asset_group_accepts_and_keeps(tenant: Tenant, change: dict[str, Any]) -> None:
    sent = _with(GROUP, change)
    shown = await ok(tenant, "GetAssetGroup", Id=(await ok(tenant, "CreateAssetGroup", **sent))["Id"])
    assert shown["Name"] == sent["Name"]
    assert shown["Description"] == (sent.get("Description") or "")
    assert shown["ProjectName"] == "default"


async def test_a_liveness_group_cannot_be_created_and_the_message_says_how_it_arises(anyone: Tenant) -> None:
    error = await refused(
        anyone, "CreateAssetGroup", 400, "InvalidParameter.GroupType", Name="x", GroupType="LivenessFace"
    )
    assert "CreateVisualValidateSession" in error["message"]


@pytest.mark.parametrize("wrong", PAGING)
async def test_list_asset_groups_refuses(anyone: Tenant, wrong: Wrong) -> None:
    await _check(anyone, "ListAssetGroups", GROUPS_PAGE, wrong)


async def test_list_asset_groups_refuses_what_only_assets_have(anyone: Tenant) -> None:
    await _check(anyone, "ListAssetGroups", GROUPS_PAGE, ({"SortBy": "GroupId"}, "InvalidParameter.SortBy", "SortBy"))
    statuses = {"Filter": {"GroupType": "AIGC", "Statuses": ["Active"]}}
    await _check(anyone, "ListAssetGroups", GROUPS_PAGE, (statuses, "InvalidParameter.Filter", "Filter.Statuses"))


@pytest.mark.parametrize(
    ("change", "page"),
    [
        ({}, (1, 20)),
        ({"PageNumber": None, "PageSize": None}, (1, 20)),
        ({"PageNumber": 2, "PageSize": 1}, (2, 1)),
        ({"PageSize": 100.0}, (1, 100)),
        ({"SortBy": "UpdateTime", "SortOrder": "Asc"}, (1, 20)),
        ({"Filter": {"GroupType": "LivenessFace"}}, (1, 20)),
        ({"Filter": {"GroupType": "AIGC", "Name": None, "GroupIds": []}}, (1, 20)),
    ],
)
async def test_list_asset_groups_accepts(tenant: Tenant, change: dict[str, Any], page: tuple[int, int]) -> None:
    body = await ok(tenant, "ListAssetGroups", **_with(GROUPS_PAGE, change))
    assert body == {"TotalCount": 0, "Items": [], "PageNumber": page[0], "PageSize": page[1]}


@pytest.mark.parametrize(
    "wrong",
    [
        *PAGING,
        ({"PageNumber": None}, "MissingParameter.PageNumber", "PageNumber"),
        ({"PageSize": None}, "MissingParameter.PageSize", "PageSize"),
        ({"Filter": {"GroupType": "AIGC", "Statuses": ["active"]}}, "InvalidParameter.Filter", "Filter.Statuses[0]"),
        ({"Filter": {"GroupType": "AIGC", "Statuses": "Active"}}, "InvalidParameter.Filter", "Filter.Statuses"),
    ],
)
async def test_list_assets_refuses(anyone: Tenant, wrong: Wrong) -> None:
    await _check(anyone, "ListAssets", ASSETS_PAGE, wrong)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"PageNumber": 3, "PageSize": 100},
        {"SortBy": "GroupId", "SortOrder": "Asc"},
        {"SortBy": "UpdateTime"},
        {"Filter": {"GroupType": "AIGC", "Statuses": ["Active", "Processing", "Failed"]}},
        {"Filter": {"GroupType": "LivenessFace", "Statuses": [], "Name": "x"}},
    ],
)
async def test_list_assets_accepts(tenant: Tenant, change: dict[str, Any]) -> None:
    sent = _with(ASSETS_PAGE, change)
    body = await ok(tenant, "ListAssets", **sent)
    assert body == {"Items": [], "TotalCount": 0, "PageNumber": sent["PageNumber"], "PageSize": sent["PageSize"]}


@pytest.mark.parametrize(
    "wrong",
    [
        *NAMES,
        ({"GroupId": None}, "MissingParameter.GroupId", "GroupId"),
        ({"GroupId": ""}, "MissingParameter.GroupId", "GroupId"),
        ({"GroupId": 7}, "InvalidParameter.GroupId", "GroupId"),
        ({"groupid": "group-of-another"}, "InvalidParameter.GroupId", "GroupId"),
        ({"ＧroupId": "group-of-another"}, "InvalidParameter.GroupId", "GroupId"),
        ({"GroupID": "group-of-another"}, "InvalidParameter.GroupId", "GroupId"),
        ({"Group\u200bId": "group-of-another"}, "InvalidParameter.GroupId", "GroupId"),
        ({"Group%49d": "group-of-another"}, "InvalidParameter.GroupId", "GroupId"),
        ({"URL": None}, "MissingParameter.URL", "URL"),
        ({"URL": ""}, "MissingParameter.URL", "URL"),
        ({"URL": "data:image/png;base64,iVBORw0KGgo="}, "InvalidParameter.URL", "URL"),
        ({"URL": "iVBORw0KGgo="}, "InvalidParameter.URL", "URL"),
        ({"URL": "asset://asset-20260520105344-gk4kd"}, "InvalidParameter.URL", "URL"),
        ({"URL": "ftp://example.com/a.png"}, "InvalidParameter.URL", "URL"),
        ({"URL": "https://"}, "InvalidParameter.URL", "URL"),
        ({"URL": "https:///a.png"}, "InvalidParameter.URL", "URL"),
        ({"URL": "https://example.com:99999/a.png"}, "InvalidParameter.URL", "URL"),
        ({"URL": "https://exa mple.com/a.png"}, "InvalidParameter.URL", "URL"),
        ({"URL": "https://[::1/a.png"}, "InvalidParameter.URL", "URL"),
        ({"URL": "https://example.com/" + "x" * 9000}, "InvalidParameter.URL", "URL"),
        ({"Url": URL}, "InvalidParameter.URL", "URL"),
        ({"AssetType": None}, "MissingParameter.AssetType", "AssetType"),
        ({"AssetType": "image"}, "InvalidParameter.AssetType", "AssetType"),
        ({"AssetType": "Text"}, "InvalidParameter.AssetType", "AssetType"),
        ({"Moderation": "Skip"}, "InvalidParameter.Moderation", "Moderation"),
        ({"Moderation": {"Strategy": "Never"}}, "InvalidParameter.Moderation", "Moderation.Strategy"),
        ({"ProjectName": "another"}, "InvalidParameter.ProjectName", "ProjectName"),
    ],
)
async def test_create_asset_refuses(library: Library, anyone: Tenant, wrong: Wrong) -> None:
    base = {**ASSET, "GroupId": await new_group(anyone)}
    before = library.calls
    await _check(anyone, "CreateAsset", base, wrong)
    assert library.calls == before


@pytest.mark.parametrize(
    "change",
    [
        {"Name": "x" * 64},
        {"Name": ""},
        {"Name": None},
        {"URL": "http://example.com/a b.png".replace(" ", "%20")},
        {"URL": "HTTPS://EXAMPLE.com:8443/图.png?x=1&y=%25#z"},
        {"AssetType": "Video", "URL": "https://example.com/a.mp4"},
        {"AssetType": "Audio", "URL": "https://example.com/a.mp3"},
        {"ProjectName": "default"},
        {"Moderation": {"Strategy": "Skip"}},
        {"Moderation": {}},
        {"Moderation": None},
    ],
)
async def test_create_asset_accepts_and_keeps(tenant: Tenant, change: dict[str, Any]) -> None:
    group_id = await new_group(tenant)
    sent = {**ASSET, "GroupId": group_id, **change}
    await ok(tenant, "CreateAsset", **sent)
    [item] = (await ok(tenant, "ListAssets", **ASSETS_PAGE))["Items"]
    kept = (item["Name"], item["URL"], item["AssetType"], item["GroupId"], item["ProjectName"])
    assert kept == (sent.get("Name") or "", sent["URL"], sent["AssetType"], group_id, "default")


async def test_moderation_and_members_that_only_the_upstream_knows_reach_it(library: Library, tenant: Tenant) -> None:
    asset_id = await new_asset(tenant, await new_group(tenant), Moderation={"Strategy": "Skip"}, Tags=["x"])
    assert library.world.sandbox.store.assets.assets[asset_id].moderation == "Skip"
    assert (await ok(tenant, "GetAsset", Id=asset_id))["Moderation"] == {"Strategy": "Skip"}


@pytest.mark.parametrize("action", ["GetAssetGroup", "UpdateAssetGroup", "DeleteAssetGroup"])
@pytest.mark.parametrize("change", [{}, {"Id": None}, {"Id": ""}])
async def test_group_actions_need_an_id(anyone: Tenant, action: str, change: dict[str, Any]) -> None:
    await _check(anyone, action, {}, (change, "MissingParameter.Id", "Id"))


@pytest.mark.parametrize("action", ["GetAsset", "UpdateAsset", "DeleteAsset"])
@pytest.mark.parametrize("change", [{}, {"Id": None}, {"Id": ""}])
async def test_asset_actions_need_an_id(anyone: Tenant, action: str, change: dict[str, Any]) -> None:
    await _check(anyone, action, {}, (change, "MissingParameter.Id", "Id"))


@pytest.mark.parametrize(
    "action", ["GetAssetGroup", "UpdateAssetGroup", "DeleteAssetGroup", "GetAsset", "UpdateAsset", "DeleteAsset"]
)
@pytest.mark.parametrize(
    "wrong",
    [
        ({"Id": 5}, "InvalidParameter.Id", "Id"),
        ({"Id": ["x"]}, "InvalidParameter.Id", "Id"),
        ({"Id": "x" * 129}, "InvalidParameter.Id", "Id"),
        ({"Id": "x", "Extra": 1}, "InvalidParameter.Extra", "Extra"),
    ],
)
async def test_actions_on_one_object_refuse(anyone: Tenant, action: str, wrong: Wrong) -> None:
    await _check(anyone, action, {}, wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *NAMES,
        ({"Name": ""}, "InvalidParameter.Name", "Name"),
        ({"Description": "x" * 301}, "InvalidParameter.Description", "Description"),
        ({"GroupType": "AIGC"}, "InvalidParameter.GroupType", "GroupType"),
        ({"CreateTime": "2026-05-20T02:37:10Z"}, "InvalidParameter.CreateTime", "CreateTime"),
    ],
)
async def test_only_name_and_description_of_a_group_can_be_updated(
    library: Library, tenant: Tenant, wrong: Wrong
) -> None:
    base = {"Id": await new_group(tenant)}
    before = library.calls
    await _check(tenant, "UpdateAssetGroup", base, wrong)
    assert library.calls == before


@pytest.mark.parametrize(
    "wrong",
    [
        *NAMES,
        ({"URL": URL}, "InvalidParameter.URL", "URL"),
        ({"Status": "Active"}, "InvalidParameter.Status", "Status"),
        ({"GroupId": "group-1"}, "InvalidParameter.GroupId", "GroupId"),
        ({"AssetType": "Image"}, "InvalidParameter.AssetType", "AssetType"),
        ({"Description": "x"}, "InvalidParameter.Description", "Description"),
    ],
)
async def test_only_the_name_of_an_asset_can_be_updated(library: Library, tenant: Tenant, wrong: Wrong) -> None:
    base = {"Id": await new_asset(tenant, await new_group(tenant))}
    before = library.calls
    await _check(tenant, "UpdateAsset", base, wrong)
    assert library.calls == before


async def test_a_group_is_updated_member_by_member(tenant: Tenant) -> None:
    group_id = await new_group(tenant, Description="first")
    await ok(tenant, "UpdateAssetGroup", Id=group_id, Name="second")
    await ok(tenant, "UpdateAssetGroup", Id=group_id, Description="third", Name=None)
    shown = await ok(tenant, "GetAssetGroup", Id=group_id)
    assert (shown["Name"], shown["Description"]) == ("second", "third")


@pytest.mark.parametrize(
    "wrong",
    [
        *PROJECTS,
        ({"CallbackURL": None}, "MissingParameter.CallbackURL", "CallbackURL"),
        ({"CallbackURL": ""}, "MissingParameter.CallbackURL", "CallbackURL"),
        ({"CallbackURL": "/back"}, "InvalidParameter.CallbackURL", "CallbackURL"),
        ({"CallbackURL": "javascript:alert(1)"}, "InvalidParameter.CallbackURL", "CallbackURL"),
        ({"CallbackURL": 5}, "InvalidParameter.CallbackURL", "CallbackURL"),
        ({"callbackurl": "https://example.com"}, "InvalidParameter.CallbackURL", "CallbackURL"),
    ],
)
async def test_create_visual_validate_session_refuses(anyone: Tenant, wrong: Wrong) -> None:
    await _check(anyone, "CreateVisualValidateSession", SESSION, wrong)


@pytest.mark.parametrize(
    "change",
    [{}, {"CallbackURL": "http://localhost:3000/api/v3/callback"}, {"ProjectName": "default"}, {"ProjectName": ""}],
)
async def test_create_visual_validate_session_accepts(tenant: Tenant, change: dict[str, Any]) -> None:
    sent = _with(SESSION, change)
    opened = await ok(tenant, "CreateVisualValidateSession", **sent)
    assert opened["CallbackURL"] == sent["CallbackURL"]


@pytest.mark.parametrize(
    "wrong",
    [
        ({"BytedToken": None}, "MissingParameter.BytedToken", "BytedToken"),
        ({"BytedToken": ""}, "MissingParameter.BytedToken", "BytedToken"),
        ({"BytedToken": 20260609094027}, "InvalidParameter.BytedToken", "BytedToken"),
        ({"BytedToken": "x", "ProjectName": {}}, "InvalidParameter.ProjectName", "ProjectName"),
        ({"BytedToken": "x", "GroupId": "g"}, "InvalidParameter.GroupId", "GroupId"),
    ],
)
async def test_get_visual_validate_result_refuses(anyone: Tenant, wrong: Wrong) -> None:
    await _check(anyone, "GetVisualValidateResult", {}, wrong)


async def test_a_project_that_the_channel_lists_is_kept_returned_and_scopes_its_objects(library: Library) -> None:
    made = await library.world.admin.get("/channels")
    [channel] = [row for row in made.json()["data"] if row["name"] == "default"]
    changed = await library.world.admin.patch(f"/channels/{channel['id']}", json={"projects": ["default", "video"]})
    assert changed.status_code == 200, changed.text
    tenant = await library.tenant()
    group_id = await new_group(tenant, ProjectName="video")
    asset_id = await new_asset(tenant, group_id)
    plain_id = await new_group(tenant)
    shown = await ok(tenant, "GetAssetGroup", Id=group_id)
    assert shown["ProjectName"] == "video"
    assert (await ok(tenant, "GetAsset", Id=asset_id, ProjectName="video"))["ProjectName"] == "video"
    for action, object_id, code in (
        ("GetAssetGroup", group_id, "NotFound.group_id"),
        ("UpdateAssetGroup", group_id, "NotFound.group_id"),
        ("DeleteAssetGroup", group_id, "NotFound.group_id"),
        ("GetAsset", asset_id, "NotFound.asset_id"),
        ("UpdateAsset", asset_id, "NotFound.asset_id"),
        ("DeleteAsset", asset_id, "NotFound.asset_id"),
    ):
        await refused(tenant, action, 404, code, Id=object_id, ProjectName="default")
    await refused(
        tenant,
        "CreateAsset",
        400,
        "InvalidParameter.ProjectName",
        GroupId=group_id,
        URL=URL,
        AssetType="Image",
        ProjectName="default",
    )
    in_video = await ok(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"}, ProjectName="video")
    anywhere = await ok(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert [item["Id"] for item in in_video["Items"]] == [group_id]
    assert {item["Id"] for item in anywhere["Items"]} == {group_id, plain_id}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not json", "InvalidParameter"),
        (b"[]", "InvalidParameter"),
        (b'"x"', "InvalidParameter"),
        (b"\xff\xfe", "InvalidParameter"),
        (b'{"Id":"a","Id":"b"}', "InvalidParameter.Id"),
        (b'{"Id":"a\\u0000b"}', "InvalidParameter.Id"),
        (b'{"Id":"\\ud800"}', "InvalidParameter.Id"),
        (b'{"Id":' + b"[" * 100 + b"]" * 100 + b"}", "InvalidParameter"),
        (b"Filter.GroupIds.1=g1&Filter.GroupType=AIGC", "InvalidParameter"),
    ],
)
async def test_a_body_that_is_no_clean_json_object_is_refused(anyone: Tenant, content: bytes, code: str) -> None:
    response = await anyone.http.post("/api/v3/open/GetAsset", content=content)
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


async def test_an_empty_body_means_an_empty_object(anyone: Tenant) -> None:
    response = await anyone.http.post("/api/v3/open/GetAsset")
    assert response.json()["error"]["code"] == "MissingParameter.Id"
    response = await by_path(anyone, "ListAssets", {})
    assert response.json()["error"]["code"] == "MissingParameter.Filter"
