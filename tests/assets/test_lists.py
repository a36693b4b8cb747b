"""ListAssetGroups and ListAssets: search, filters, paging, order, count. The upstream is never asked."""

from typing import Any

import pytest
import pytest_asyncio

from tests.assets.gateway import AssetsGateway, list_assets, list_groups
from tests.support.driving import act, new_asset, new_group
from tests.support.gateway import Tenant

NAMES = ["Summer 100%", "summer_100x", "夏天的素材", "夏天 的猫", "back\\slash/es", "ÉTÉ d'été", "plain"]


@pytest_asyncio.fixture(scope="module")
async def named(running_gateway: AssetsGateway) -> tuple[Tenant, str]:
    """A tenant with a group and an asset of each name; all assets are in the first group."""
    tenant = await running_gateway.tenant()
    groups = [await new_group(tenant, name) for name in NAMES]
    for name in NAMES:
        await new_asset(tenant, groups[0], Name=name)
    return tenant, groups[0]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("summer", ["Summer 100%", "summer_100x"]),
        ("SUMMER", ["Summer 100%", "summer_100x"]),
        ("%", ["Summer 100%"]),
        ("100%", ["Summer 100%"]),
        ("_", ["summer_100x"]),
        ("r_1", ["summer_100x"]),
        ("r%1", []),
        ("夏天", ["夏天的素材", "夏天 的猫"]),
        ("的猫", ["夏天 的猫"]),
        ("\\", ["back\\slash/es"]),
        ("/", ["back\\slash/es"]),
        ("été", ["ÉTÉ d'été"]),
        ("D'É", ["ÉTÉ d'été"]),
        ("'", ["ÉTÉ d'été"]),
        ("plain", ["plain"]),
        ("plainer", []),
        ("", NAMES),
    ],
)
async def test_a_search_matches_substrings_in_any_case_and_every_character_literally(
    named: tuple[Tenant, str], search: str, found: list[str]
) -> None:
    tenant, _ = named
    groups = await list_groups(tenant, Filter={"Name": search}, SortOrder="Asc")
    assets = await list_assets(tenant, Filter={"Name": search}, SortOrder="Asc")
    for page in (groups, assets):
        assert sorted(item["Name"] for item in page["Items"]) == sorted(found)
        assert page["TotalCount"] == len(found)


async def test_pages_have_no_gaps_and_no_repetitions(named: tuple[Tenant, str]) -> None:
    tenant, _ = named
    for order in ("Desc", "Asc"):
        whole = [item["Id"] for item in (await list_assets(tenant, SortOrder=order))["Items"]]
        pages = [await list_assets(tenant, page=number, size=3, SortOrder=order) for number in (1, 2, 3, 4)]
        assert [len(page["Items"]) for page in pages] == [3, 3, 1, 0]
        assert {page["TotalCount"] for page in pages} == {len(NAMES)}
        assert [item["Id"] for page in pages for item in page["Items"]] == whole


async def test_newest_first_is_the_default_and_ascending_is_its_reverse(named: tuple[Tenant, str]) -> None:
    tenant, _ = named
    for kind in (list_groups, list_assets):
        newest_first = [item["Name"] for item in (await kind(tenant))["Items"]]
        assert newest_first == list(reversed(NAMES))
        oldest_first = [item["Name"] for item in (await kind(tenant, SortBy="CreateTime", SortOrder="Asc"))["Items"]]
        assert oldest_first == NAMES


async def test_equal_sort_values_keep_a_stable_order(named: tuple[Tenant, str]) -> None:
    tenant, _ = named
    ordered = [item["Id"] for item in (await list_assets(tenant, SortBy="GroupId", SortOrder="Asc"))["Items"]]
    assert ordered == sorted(ordered)
    paged = [(await list_assets(tenant, page=number, size=1, SortBy="GroupId", SortOrder="Asc")) for number in (1, 2)]
    assert [page["Items"][0]["Id"] for page in paged] == ordered[:2]


async def test_update_time_orders_by_the_last_change(tenant: Tenant) -> None:
    first, second = await new_group(tenant, "first"), await new_group(tenant, "second")
    await act(tenant, "UpdateAssetGroup", Id=first, Description="changed")
    listed = await list_groups(tenant, SortBy="UpdateTime")
    assert [item["Id"] for item in listed["Items"]] == [first, second]


async def test_group_ids_and_statuses_narrow_the_list(gateway: AssetsGateway, tenant: Tenant) -> None:
    first, second = await new_group(tenant, "first"), await new_group(tenant, "second")
    done = await new_asset(tenant, first)
    failed = await new_asset(tenant, second, URL="https://example.com/fail-DownloadFailed.png")
    gateway.finish_processing()
    for asset_id in (done, failed):
        await act(tenant, "GetAsset", Id=asset_id)
    waiting = await new_asset(tenant, second)

    async def ids(**wanted: Any) -> set[str]:
        page = await list_assets(tenant, Filter=wanted)
        assert page["TotalCount"] == len(page["Items"])
        return {item["Id"] for item in page["Items"]}

    assert await ids(GroupIds=[first]) == {done}
    assert await ids(GroupIds=[first, second]) == {done, failed, waiting}
    assert await ids(Statuses=["Active"]) == {done}
    assert await ids(Statuses=["Failed"]) == {failed}
    assert await ids(Statuses=["Processing", "Failed"]) == {failed, waiting}
    assert await ids(GroupIds=[first], Statuses=["Failed"]) == set()
    assert (await list_groups(tenant, Filter={"GroupIds": [second]}))["TotalCount"] == 1


async def test_group_type_keeps_the_two_kinds_apart(gateway: AssetsGateway, tenant: Tenant) -> None:
    made = await new_group(tenant)
    await new_asset(tenant, made)
    face = await gateway.new_face_group(tenant)
    portrait = await new_asset(tenant, face, Name="portrait")
    groups = await act(tenant, "ListAssetGroups", Filter={"GroupType": "LivenessFace"})
    assets = await act(tenant, "ListAssets", Filter={"GroupType": "LivenessFace"}, PageNumber=1, PageSize=10)
    assert [item["Id"] for item in groups["Items"]] == [face]
    assert [item["Id"] for item in assets["Items"]] == [portrait]
    assert (await list_groups(tenant))["TotalCount"] == 1


async def test_lists_do_not_ask_the_upstream(gateway: AssetsGateway, named: tuple[Tenant, str]) -> None:
    tenant, _ = named
    before = gateway.calls
    await list_groups(tenant)
    await list_assets(tenant)
    assert gateway.calls == before


async def test_a_page_far_behind_the_end_is_empty(named: tuple[Tenant, str]) -> None:
    tenant, _ = named
    page = await list_assets(tenant, page=1_000_000, size=100)
    assert (page["Items"], page["TotalCount"], page["PageNumber"]) == ([], len(NAMES), 1_000_000)


async def test_a_filter_of_very_many_values_is_only_a_filter(named: tuple[Tenant, str]) -> None:
    tenant, group_id = named
    many = [f"group-{number}" for number in range(8_000)]
    page = await list_assets(tenant, Filter={"GroupIds": [*many, group_id], "Statuses": ["Processing"] * 1000})
    assert page["TotalCount"] == len(NAMES)
