"""What is refused to a tenant, and in which words; tests/isolation tries the ids of other tenants."""

from tests.assets.gateway import AssetsGateway, by_path
from tests.support.driving import URL, new_group
from tests.support.gateway import Tenant

NO_GROUP, NO_ASSET = "group-20260101000000-zzzzz", "asset-20260101000000-zzzzz"


async def test_the_messages_are_worded_as_the_upstream_words_them(gateway: AssetsGateway, tenant: Tenant) -> None:
    group = (await by_path(tenant, "GetAssetGroup", {"Id": NO_GROUP})).json()["error"]["message"]
    asset = (await by_path(tenant, "GetAsset", {"Id": NO_ASSET})).json()["error"]["message"]
    assert group.startswith(f"The specified asset_group {NO_GROUP} is not found.")
    assert asset.startswith(f"The specified asset {NO_ASSET} is not found.")


async def test_a_key_that_may_not_use_the_channel_gets_403(gateway: AssetsGateway, tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    made = await gateway.admin.post("/channels", json={"name": "another-channel"})
    limited = await gateway.key_of(tenant.id, allowed_channels=["another-channel"])
    assert (await gateway.admin.delete(f"/channels/{made.json()['id']}")).status_code == 204
    before = gateway.calls
    for action, body in (
        ("CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"}),
        ("GetAssetGroup", {"Id": group_id}),
        ("CreateAsset", {"GroupId": group_id, "URL": URL, "AssetType": "Image"}),
        ("CreateVisualValidateSession", {"CallbackURL": "https://example.com/back"}),
    ):
        response = await by_path(limited, action, body)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "AccessDenied"), response.text
    assert gateway.calls == before
