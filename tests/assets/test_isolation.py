"""What a tenant sees in its lists, and what its keys may do; tests/flows/test_two_tenants.py tries foreign ids."""

from tests.assets.library import (
    URL,
    Library,
    by_path,
    list_assets,
    list_groups,
    new_asset,
    new_group,
    ok,
)
from tests.support.world import Tenant

NO_GROUP, NO_ASSET = "group-20260101000000-zzzzz", "asset-20260101000000-zzzzz"


async def test_the_messages_are_worded_as_the_upstream_words_them(library: Library, tenant: Tenant) -> None:
    group = (await by_path(tenant, "GetAssetGroup", {"Id": NO_GROUP})).json()["error"]["message"]
    asset = (await by_path(tenant, "GetAsset", {"Id": NO_ASSET})).json()["error"]["message"]
    assert group.startswith(f"The specified asset_group {NO_GROUP} is not found.")
    assert asset.startswith(f"The specified asset {NO_ASSET} is not found.")


async def test_lists_show_and_filter_only_what_is_the_tenants_own(library: Library, tenant: Tenant) -> None:
    other = await library.tenant()
    foreign_group = await new_group(other)
    await new_asset(other, foreign_group)
    own_group = await new_group(tenant)
    own_asset = await new_asset(tenant, own_group)
    for wanted in ({}, {"GroupIds": [foreign_group, own_group]}):
        groups = await list_groups(tenant, Filter=wanted)
        assets = await list_assets(tenant, Filter=wanted)
        assert ([item["Id"] for item in groups["Items"]], groups["TotalCount"]) == ([own_group], 1)
        assert ([item["Id"] for item in assets["Items"]], assets["TotalCount"]) == ([own_asset], 1)
    for kind in (list_groups, list_assets):
        nothing = await kind(tenant, Filter={"GroupIds": [foreign_group]})
        assert (nothing["Items"], nothing["TotalCount"]) == ([], 0)


async def test_two_keys_of_a_tenant_see_the_same_things(library: Library, tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    second = await library.world.key_of(tenant.id)
    assert (await ok(second, "GetAssetGroup", Id=group_id))["Id"] == group_id


async def test_a_key_that_may_not_use_the_channel_gets_403(library: Library, tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    made = await library.world.admin.post("/channels", json={"name": "another-channel"})
    limited = await library.world.key_of(tenant.id, allowed_channels=["another-channel"])
    assert (await library.world.admin.delete(f"/channels/{made.json()['id']}")).status_code == 204
    before = library.calls
    for action, body in (
        ("CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"}),
        ("GetAssetGroup", {"Id": group_id}),
        ("CreateAsset", {"GroupId": group_id, "URL": URL, "AssetType": "Image"}),
        ("CreateVisualValidateSession", {"CallbackURL": "https://example.com/back"}),
    ):
        response = await by_path(limited, action, body)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "AccessDenied"), response.text
    assert library.calls == before
