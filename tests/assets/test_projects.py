"""Objects of a project that the channel lists."""

from tests.assets.library import URL, Library, new_asset, new_group, ok, refused


async def test_a_project_that_the_channel_lists_is_kept_returned_and_scopes_its_objects(library: Library) -> None:
    made = await library.gateway.admin.get("/channels")
    [channel] = [row for row in made.json()["data"] if row["name"] == "default"]
    changed = await library.gateway.admin.patch(f"/channels/{channel['id']}", json={"projects": ["default", "video"]})
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
