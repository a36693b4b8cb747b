"""Objects of a project that the channel lists."""

from tests.assets.gateway import AssetsGateway, refused
from tests.support.driving import URL, act, new_asset, new_group


async def test_a_project_that_the_channel_lists_is_kept_returned_and_scopes_its_objects(fresh: AssetsGateway) -> None:
    await fresh.change_channel(projects=["default", "video"])
    tenant = await fresh.tenant()
    group_id = await new_group(tenant, ProjectName="video")
    asset_id = await new_asset(tenant, group_id)
    plain_id = await new_group(tenant)
    shown = await act(tenant, "GetAssetGroup", Id=group_id)
    assert shown["ProjectName"] == "video"
    assert (await act(tenant, "GetAsset", Id=asset_id, ProjectName="video"))["ProjectName"] == "video"
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
    in_video = await act(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"}, ProjectName="video")
    anywhere = await act(tenant, "ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert [item["Id"] for item in in_video["Items"]] == [group_id]
    assert {item["Id"] for item in anywhere["Items"]} == {group_id, plain_id}
