"""Two tenants try each other's ids on every action and entry: foreign and non-existent look alike."""

import re
from typing import Any

import pytest

from app.assets.actions import ACTIONS
from tests.assets.library import (
    URL,
    Library,
    by_path,
    by_query,
    list_assets,
    list_groups,
    natively,
    new_asset,
    new_group,
    ok,
)
from tests.support.world import Tenant

ENTRIES = [by_path, by_query, natively]
NO_GROUP, NO_ASSET, NO_TOKEN = "group-20260101000000-zzzzz", "asset-20260101000000-zzzzz", "20260101000000" + "0" * 20

# What each action names an object by; the two lists and the two creates that name none are tested apart.
BY_GROUP: dict[str, dict[str, Any]] = {
    "GetAssetGroup": {"Id": "?"},
    "UpdateAssetGroup": {"Id": "?", "Name": "mine now"},
    "DeleteAssetGroup": {"Id": "?"},
    "CreateAsset": {"GroupId": "?", "URL": URL, "AssetType": "Image"},
}
BY_ASSET: dict[str, dict[str, Any]] = {
    "GetAsset": {"Id": "?"},
    "UpdateAsset": {"Id": "?", "Name": "mine now"},
    "DeleteAsset": {"Id": "?"},
}
BY_TOKEN: dict[str, dict[str, Any]] = {"GetVisualValidateResult": {"BytedToken": "?"}}
NAMING_NONE = {"CreateAssetGroup", "ListAssetGroups", "ListAssets", "CreateVisualValidateSession"}


def test_the_attack_list_covers_every_action() -> None:
    assert {*BY_GROUP, *BY_ASSET, *BY_TOKEN, *NAMING_NONE} == set(ACTIONS)


def _about(template: dict[str, Any], name: str) -> dict[str, Any]:
    return {member: name if value == "?" else value for member, value in template.items()}


def _plain(response: Any, name: str) -> tuple[int, str, list[str]]:
    """The answer without the id that was asked for and the request's own id."""
    text = response.text.replace(name, "<id>")
    text = text.replace(response.headers["x-request-id"], "<request>")
    names = sorted(header.lower() for header in response.headers)
    return response.status_code, re.sub(r'"Action":"[^"]*"', "", text), names


@pytest.mark.parametrize("entry", ENTRIES)
async def test_foreign_ids_answer_like_ids_that_never_were(library: Library, tenant: Tenant, entry: Any) -> None:
    other = await library.tenant()
    group_id = await new_group(other)
    asset_id = await new_asset(other, group_id)
    opened = await ok(other, "CreateVisualValidateSession", CallbackURL="https://example.com/back")
    await library.pass_verification(opened["H5Link"])
    before = library.calls
    attacks = [
        *((action, body, group_id, NO_GROUP, "NotFound.group_id") for action, body in BY_GROUP.items()),
        *((action, body, asset_id, NO_ASSET, "NotFound.asset_id") for action, body in BY_ASSET.items()),
        *((action, body, opened["BytedToken"], NO_TOKEN, "NotFound.BytedToken") for action, body in BY_TOKEN.items()),
    ]
    for action, template, foreign, unknown, code in attacks:
        one = await entry(tenant, action, _about(template, foreign))
        two = await entry(tenant, action, _about(template, unknown))
        assert (one.status_code, one.json()["error"]["code"]) == (404, code), (action, one.text)
        assert _plain(one, foreign) == _plain(two, unknown), action
    assert library.calls == before, "the upstream was asked about a foreign id"
    assert (await ok(other, "GetAssetGroup", Id=group_id))["Name"] == "MyAssetGroup"
    assert (await ok(other, "GetAsset", Id=asset_id))["Name"] == ""


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
