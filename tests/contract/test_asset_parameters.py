"""Each row of the spec's Assets tables, with values that pass and values that fail, and what no table has."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from tests.contract.templates import filled
from tests.support.answers import check_error
from tests.support.driving import (
    URL,
    activate,
    count_received,
    new_asset,
    new_group,
    new_session,
    pass_verification,
)
from tests.support.gateway import Gateway, Tenant

LONG = "文" * 64
GROUP: dict[str, Any] = {"Name": "a group", "GroupType": "AIGC"}
GROUPS: dict[str, Any] = {"Filter": {"GroupType": "AIGC"}}
ASSET: dict[str, Any] = {"GroupId": "$group", "URL": URL, "AssetType": "Image"}
ASSETS: dict[str, Any] = {**GROUPS, "PageNumber": 1, "PageSize": 10}
SESSION: dict[str, Any] = {"CallbackURL": "https://www.example.com/callback"}
RESULT: dict[str, Any] = {"BytedToken": "$token"}


@dataclass(frozen=True)
class Row:
    """A row of an action's table: one member of the complete body ``base``.

    ``$name`` stands for an id of the tenant's.
    """

    action: str
    name: str
    base: dict[str, Any]
    passing: list[Any] = field(default_factory=list)
    failing: list[Any] = field(default_factory=list)
    is_required: bool = False

    def __str__(self) -> str:
        return f"{self.action}: {self.name}"

    def body(self, value: Any) -> dict[str, Any]:
        """Returns the complete body with this row's member set to a value."""
        outer, _, inner = self.name.partition(".")
        return {**self.base, outer: {**self.base[outer], inner: value} if inner else value}

    def without_it(self) -> list[dict[str, Any]]:
        """Returns the body with null in place of this row's member, and without the member."""
        outer, _, inner = self.name.partition(".")
        if inner:
            return [self.body(None), {**self.base, outer: {}}]
        return [self.body(None), {name: value for name, value in self.base.items() if name != outer}]


def paging(action: str, base: dict[str, Any], *, sort_by: list[str], is_required: bool) -> list[Row]:
    return [
        Row(action, "PageNumber", base, [1, 2, 3.0], [0, -1, "1", 1.5, True, 2**62], is_required),
        Row(action, "PageSize", base, [1, 100], [0, 101, "10"], is_required),
        Row(action, "SortBy", base, [*sort_by, None], ["Name", "createtime", 1]),
        Row(action, "SortOrder", base, ["Desc", "Asc", None], ["desc", True]),
        Row(action, "Filter.Name", base, ["my", "50%_", LONG, None], [LONG + "文", 5]),
        Row(action, "Filter.GroupIds", base, [["$group"], [], None], ["$group", [5], ["a,b"]]),
        Row(action, "Filter.GroupType", base, ["AIGC", "LivenessFace"], ["aigc", 1], is_required=True),
    ]


def project(action: str, base: dict[str, Any]) -> Row:
    return Row(action, "ProjectName", base, ["default", None], ["not-mine", 5])


ROWS = [
    Row("CreateAssetGroup", "Name", GROUP, [LONG], [LONG + "文", 5], is_required=True),
    Row("CreateAssetGroup", "Description", GROUP, ["述" * 300, None], ["述" * 301, 5]),
    Row("CreateAssetGroup", "GroupType", GROUP, ["AIGC"], ["LivenessFace", "aigc", {}], is_required=True),
    project("CreateAssetGroup", GROUP),
    *paging("ListAssetGroups", GROUPS, sort_by=["CreateTime", "UpdateTime"], is_required=False),
    Row("CreateAsset", "GroupId", ASSET, ["$group"], [5, "x" * 200], is_required=True),
    Row(
        "CreateAsset",
        "URL",
        ASSET,
        ["http://example.com/a.png?b=c"],
        ["data:image/png;base64,iVBORw0KGgo=", "ftp://example.com/a", "example.com/a.png", "asset://$asset", 5],
        is_required=True,
    ),
    Row("CreateAsset", "Name", ASSET, [LONG, "", None], [LONG + "文", 5]),
    Row("CreateAsset", "AssetType", ASSET, ["Image", "Video", "Audio"], ["image", "Text", 1], is_required=True),
    Row("CreateAsset", "Moderation", ASSET, [{"Strategy": "Skip"}, {}, None], ["Skip"]),
    project("CreateAsset", ASSET),
    *paging("ListAssets", ASSETS, sort_by=["CreateTime", "UpdateTime", "GroupId"], is_required=True),
    Row("ListAssets", "Filter.Statuses", ASSETS, [["Active", "Processing", "Failed"], None], ["Active", ["active"]]),
    Row(
        "CreateVisualValidateSession", "CallbackURL", SESSION, ["http://a.example"], ["a.example", 5], is_required=True
    ),
    project("CreateVisualValidateSession", SESSION),
    Row("GetVisualValidateResult", "BytedToken", RESULT, ["$token"], [5, "x" * 2000], is_required=True),
    Row("GetVisualValidateResult", "ProjectName", RESULT, ["default", None], [{}]),
]
# No tables, but prose: what names the object is needed, and nothing but names and descriptions can be changed.
ROWS += [
    *(
        Row(action, "Id", {}, ["$group"], [5, "x" * 129], is_required=True)
        for action in ("GetAssetGroup", "UpdateAssetGroup")
    ),
    *(Row(action, "Id", {}, ["$asset"], [5, "x" * 129], is_required=True) for action in ("GetAsset", "UpdateAsset")),
    *(Row(action, "Id", {}, [], [5, []], is_required=True) for action in ("DeleteAsset", "DeleteAssetGroup")),
    Row("UpdateAssetGroup", "Name", {"Id": "$group"}, [LONG], [LONG + "文", 5]),
    Row("UpdateAssetGroup", "Description", {"Id": "$group"}, ["述" * 300, ""], ["述" * 301]),
    *(Row("UpdateAssetGroup", name, {"Id": "$group"}, [], ["AIGC"]) for name in ("GroupType", "CreateTime")),
    Row("UpdateAsset", "Name", {"Id": "$asset"}, [LONG], [LONG + "文", 5]),
    *(
        Row("UpdateAsset", name, {"Id": "$asset"}, [], [URL])
        for name in ("URL", "Status", "GroupId", "AssetType", "Description")
    ),
]


@dataclass(frozen=True)
class Wrong:
    """Members that no table has, or whose error names another path than a row's: all of them replace the base's."""

    action: str
    base: dict[str, Any]
    members: dict[str, Any]
    code: str
    param: str

    def __str__(self) -> str:
        return f"{self.action}: {self.members!a}"


def wrong_in_lists(action: str, base: dict[str, Any]) -> list[Wrong]:
    filters = [
        ({}, "MissingParameter", "GroupType"),
        ({"GroupType": "AIGC", "GroupIds": ["g", None]}, "MissingParameter", "GroupIds[1]"),
        ({"GroupType": "AIGC", "GroupIds": ["g", "a,b"]}, "InvalidParameter", "GroupIds[1]"),
        ({"GroupType": "AIGC", "GroupIds[]": ["g"]}, "InvalidParameter", "GroupIds??"),
        ({"GroupType": "AIGC", "groupIds": ["g"]}, "InvalidParameter", "groupIds"),
        ({"GroupType": "AIGC", "Title": "x"}, "InvalidParameter", "Title"),
    ]
    return [
        *(Wrong(action, base, {"Filter": of}, f"{code}.Filter", f"Filter.{param}") for of, code, param in filters),
        Wrong(action, base, {"Filter": None}, "MissingParameter.Filter", "Filter"),
        Wrong(action, base, {"Filter": []}, "InvalidParameter.Filter", "Filter"),
        *(
            Wrong(action, base, {name: 10}, f"InvalidParameter.{name}", name)
            for name in ("NextToken", "MaxResults", "Limit")
        ),
    ]


def confusable(action: str, base: dict[str, Any], meant: str, *names: str) -> list[Wrong]:
    """The upstream reads names in any case, so a second spelling beside the first would get past the checks."""
    return [Wrong(action, base, {name: "other"}, f"InvalidParameter.{meant}", meant) for name in names]


WRONG = [
    *wrong_in_lists("ListAssetGroups", GROUPS),
    *wrong_in_lists("ListAssets", ASSETS),
    Wrong("ListAssetGroups", GROUPS, {"SortBy": "GroupId"}, "InvalidParameter.SortBy", "SortBy"),
    Wrong(
        "ListAssetGroups",
        GROUPS,
        {"Filter": {"GroupType": "AIGC", "Statuses": ["Active"]}},
        "InvalidParameter.Filter",
        "Filter.Statuses",
    ),
    *confusable("CreateAssetGroup", GROUP, "Name", "name"),
    *confusable("CreateAsset", ASSET, "GroupId", "groupid", "GroupID", "ＧroupId", "Group\u200bId", "Group%49d"),
    *confusable("CreateAsset", ASSET, "URL", "Url"),
    *confusable("CreateVisualValidateSession", SESSION, "CallbackURL", "callbackurl"),
    Wrong(
        "CreateAsset",
        ASSET,
        {"Moderation": {"Strategy": "Never"}},
        "InvalidParameter.Moderation",
        "Moderation.Strategy",
    ),
    *(
        Wrong(action, {"Id": "x"}, {"Extra": 1}, "InvalidParameter.Extra", "Extra")
        for action in (
            "GetAssetGroup",
            "UpdateAssetGroup",
            "DeleteAssetGroup",
            "GetAsset",
            "UpdateAsset",
            "DeleteAsset",
        )
    ),
    Wrong("GetVisualValidateResult", RESULT, {"GroupId": "g"}, "InvalidParameter.GroupId", "GroupId"),
]


@pytest_asyncio.fixture(scope="module")
async def shelf(gateway: Gateway) -> Tenant:
    """A tenant whose shelf only these tests touch."""
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="module")
async def ids(gateway: Gateway, shelf: Tenant) -> dict[str, str]:
    """What ``$name`` stands for in a row."""
    group_id = await new_group(shelf, "My 50%_ group")
    asset_id = await new_asset(shelf, group_id, Name="my asset")
    await activate(gateway, shelf, asset_id)
    session = await new_session(shelf)
    await pass_verification(session["H5Link"])
    return {"group": group_id, "asset": asset_id, "token": session["BytedToken"]}


@pytest.mark.parametrize("row", [row for row in ROWS if row.passing], ids=str)
async def test_what_a_row_allows_is_done(shelf: Tenant, ids: dict[str, str], row: Row) -> None:
    for value in row.passing:
        answer = await shelf.action(row.action, **filled(row.body(value), ids))
        assert answer.status_code == 200, f"{value}: {answer.text}"


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_what_a_row_forbids_is_refused_by_name_and_sent_nowhere(
    gateway: Gateway, shelf: Tenant, ids: dict[str, str], row: Row
) -> None:
    before = count_received(gateway, row.action)
    field_name = row.name.partition(".")[0]
    for value in row.failing:
        answer = await shelf.action(row.action, **filled(row.body(value), ids))
        path = f"{row.name}[0]" if isinstance(value, list) and value else row.name
        error = check_error(answer, 400, f"InvalidParameter.{field_name}", path)
        assert row.name in error["message"]
        assert answer.json()["ResponseMetadata"]["Action"] == row.action
    for body in row.without_it() if row.is_required else ():
        check_error(
            await shelf.action(row.action, **filled(body, ids)), 400, f"MissingParameter.{field_name}", row.name
        )
    assert count_received(gateway, row.action) == before


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_what_no_table_has_is_refused_by_name_and_sent_nowhere(
    gateway: Gateway, shelf: Tenant, ids: dict[str, str], wrong: Wrong
) -> None:
    before = count_received(gateway, wrong.action)
    body = filled({**wrong.base, **wrong.members}, ids)
    answer = await shelf.http.post(f"/api/v3/open/{wrong.action}", json=body)
    check_error(answer, 400, wrong.code, wrong.param)
    assert count_received(gateway, wrong.action) == before


async def test_a_liveness_group_is_refused_with_the_way_to_get_one(tenant: Tenant) -> None:
    answer = await tenant.action("CreateAssetGroup", Name="x", GroupType="LivenessFace")
    error = check_error(answer, 400, "InvalidParameter.GroupType", "GroupType")
    assert "CreateVisualValidateSession" in error["message"]


async def test_moderation_and_members_that_only_the_upstream_knows_reach_it(gateway: Gateway, tenant: Tenant) -> None:
    asset_id = await new_asset(tenant, await new_group(tenant), Moderation={"Strategy": "Skip"}, Tags=["x"])
    sent = next(entry for entry in reversed(gateway.sandbox.store.ledger.requests) if entry.operation == "CreateAsset")
    assert '"Tags":["x"]' in str(sent.body)
    assert gateway.sandbox.store.assets.assets[asset_id].moderation == "Skip"
    assert (await tenant.action("GetAsset", Id=asset_id)).json()["Moderation"] == {"Strategy": "Skip"}


async def test_a_group_is_updated_member_by_member(tenant: Tenant) -> None:
    group_id = await new_group(tenant)
    for change in ({"Description": "first"}, {"Name": "second"}, {"Description": "third", "Name": None}):
        assert (await tenant.action("UpdateAssetGroup", Id=group_id, **change)).status_code == 200
    shown = (await tenant.action("GetAssetGroup", Id=group_id)).json()
    assert (shown["Name"], shown["Description"]) == ("second", "third")
