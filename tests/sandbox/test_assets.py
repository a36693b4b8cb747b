"""The Assets actions."""

import re
from typing import Any

import pytest

from app.sandbox.config import SandboxConfig
from app.sandbox.server import SandboxServer
from tests.sandbox.clients import AUDIO, IMAGE, VIDEO, Caller, error_of, image, text

DATA_URI = "data:image/png;base64,A"
AIGC = {"Filter": {"GroupType": "AIGC"}}


async def test_a_group_is_created_read_updated_and_deleted(caller: Caller) -> None:
    group_id = await caller.group(Name="Mine", Description="words", GroupType="AIGC")
    assert re.fullmatch(r"group-\d{14}-[0-9a-z]{5}", group_id)
    group = await caller.result("GetAssetGroup", Id=group_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", group["CreateTime"])
    assert {name: group[name] for name in ("Id", "Name", "Description", "GroupType", "ProjectName")} == {
        "Id": group_id,
        "Name": "Mine",
        "Description": "words",
        "GroupType": "AIGC",
        "ProjectName": "default",
    }
    caller.advance(2)
    assert await caller.result("UpdateAssetGroup", Id=group_id, Name="Ours") == {"Id": group_id}
    changed = await caller.result("GetAssetGroup", Id=group_id)
    assert (changed["Name"], changed["Description"]) == ("Ours", "words")
    assert changed["UpdateTime"] > changed["CreateTime"] == group["CreateTime"]
    assert await caller.result("DeleteAssetGroup", Id=group_id) == {}
    assert error_of(await caller.act("GetAssetGroup", Id=group_id)) == (
        404,
        "NotFound.group_id",
        f"The specified asset_group {group_id} is not found.",
    )


@pytest.mark.parametrize(("kind", "url", "seconds"), [("Image", IMAGE, 6), ("Audio", AUDIO, 8), ("Video", VIDEO, 12)])
async def test_an_asset_is_processing_then_active(caller: Caller, kind: str, url: str, seconds: int) -> None:
    group_id = await caller.group()
    asset_id = await caller.asset(group_id, url, kind, Name="it", Moderation={"Strategy": "Skip"})
    assert re.fullmatch(r"asset-\d{14}-[0-9a-z]{5}", asset_id)
    caller.advance(seconds - 1)
    asset = await caller.result("GetAsset", Id=asset_id)
    assert {name: asset[name] for name in asset if name not in {"URL", "CreateTime", "UpdateTime"}} == {
        "Id": asset_id,
        "Name": "it",
        "AssetType": kind,
        "GroupId": group_id,
        "Status": "Processing",
        "Moderation": {"Strategy": "Skip"},
        "ProjectName": "default",
    }
    caller.advance(1)
    active = await caller.result("GetAsset", Id=asset_id)
    assert active["Status"] == "Active"
    assert active["UpdateTime"] > active["CreateTime"]
    assert await caller.result("UpdateAsset", Id=asset_id, Name="that") == {"Id": asset_id}
    assert (await caller.result("GetAsset", Id=asset_id))["Name"] == "that"
    assert await caller.result("DeleteAsset", Id=asset_id) == {}
    assert error_of(await caller.act("GetAsset", Id=asset_id)) == (
        404,
        "NotFound.asset_id",
        f"The specified asset {asset_id} is not found.",
    )


async def test_a_trigger_in_the_url_selects_the_end_of_the_processing(caller: Caller) -> None:
    asset_id = await caller.asset(await caller.group(), "https://example.com/x/fail-DownloadFailed.png")
    assert (await caller.result("GetAsset", Id=asset_id))["Status"] == "Processing"
    caller.advance(10)
    asset = await caller.result("GetAsset", Id=asset_id)
    assert (asset["Status"], asset["Error"]["Code"]) == ("Failed", "DownloadFailed")


async def test_a_trigger_in_the_url_makes_create_asset_fail(caller: Caller) -> None:
    response = await caller.act(
        "CreateAsset",
        GroupId=await caller.group(),
        URL="https://example.com/reject-FileSizeTooLarge.png",
        AssetType="Image",
    )
    assert error_of(response)[:2] == (400, "InvalidParameter.FileSizeTooLarge")


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("CreateAssetGroup", {}, "MissingParameter.Name"),
        ("CreateAssetGroup", {"Name": None}, "MissingParameter.Name"),
        ("CreateAssetGroup", {"Name": "x" * 65}, "InvalidParameter.Name"),
        ("CreateAssetGroup", {"Name": "x", "Description": "x" * 301}, "InvalidParameter.Description"),
        ("CreateAssetGroup", {"Name": "x", "GroupType": "LivenessFace"}, "InvalidParameter.GroupType"),
        ("CreateAssetGroup", {"Name": 5}, "InvalidParameter.Name"),
        ("CreateAsset", {}, "MissingParameter.GroupId"),
        ("CreateAsset", {"GroupId": "g"}, "MissingParameter.URL"),
        ("CreateAsset", {"GroupId": "g", "URL": IMAGE}, "MissingParameter.AssetType"),
        ("CreateAsset", {"GroupId": "g", "URL": IMAGE, "AssetType": "Text"}, "InvalidParameter.AssetType"),
        ("CreateAsset", {"GroupId": "g", "URL": DATA_URI, "AssetType": "Image"}, "InvalidParameter.URL"),
        ("GetAsset", {}, "MissingParameter.Id"),
        ("DeleteAssetGroup", {}, "MissingParameter.Id"),
        ("ListAssets", {}, "MissingParameter.Filter"),
        ("ListAssetGroups", {"Filter": {}}, "MissingParameter.GroupType"),
        ("ListAssetGroups", {"Filter": {"GroupType": "Other"}}, "InvalidParameter.GroupType"),
        ("ListAssets", {"Filter": {"GroupType": "AIGC", "Statuses": ["Done"]}}, "InvalidParameter.Statuses"),
        ("ListAssets", {**AIGC, "PageSize": 101}, "InvalidParameter.PageSize"),
        ("ListAssets", {**AIGC, "PageNumber": 1, "MaxResults": 5}, "InvalidParameter.NextToken"),
        ("ListAssets", {**AIGC, "NextToken": "LTE="}, "InvalidParameter.NextToken"),
        ("ListAssets", {**AIGC, "PageNumber": 2001}, "InvalidParameter.PageNumber"),
        ("ListAssetGroups", {**AIGC, "PageNumber": 1001}, "InvalidParameter.PageNumber"),
        ("ListAssets", {**AIGC, "SortBy": "Name"}, "InvalidParameter.SortBy"),
        ("CreateVisualValidateSession", {}, "MissingParameter.CallbackURL"),
        ("CreateVisualValidateSession", {"CallbackURL": "javascript:alert(1)"}, "InvalidParameter.CallbackURL"),
        ("GetVisualValidateResult", {}, "MissingParameter.BytedToken"),
    ],
)
async def test_wrong_fields_are_named(caller: Caller, action: str, body: dict[str, Any], code: str) -> None:
    assert error_of(await caller.act(action, **body))[:2] == (400, code)


async def test_deleting_a_group_deletes_its_assets(caller: Caller) -> None:
    doomed, kept = await caller.group(), await caller.group()
    inside = [await caller.asset(doomed) for _ in range(2)]
    outside = await caller.asset(kept)
    await caller.result("DeleteAssetGroup", Id=doomed)
    for asset_id in inside:
        assert error_of(await caller.act("GetAsset", Id=asset_id))[1] == "NotFound.asset_id"
    assert (await caller.result("GetAsset", Id=outside))["Id"] == outside
    response = await caller.act("CreateAsset", GroupId=doomed, URL=IMAGE, AssetType="Image")
    assert error_of(response)[:2] == (404, "NotFound.group_id")


async def _listed(caller: Caller, action: str, **body: Any) -> list[str]:
    body.setdefault("Filter", {}).setdefault("GroupType", "AIGC")
    return [item["Id"] for item in (await caller.result(action, **body))["Items"]]


async def test_groups_are_filtered_and_sorted(caller: Caller) -> None:
    made = []
    for name in ("Alpha", "beta", "ALPHABET"):
        made.append(await caller.group(Name=name))
        caller.advance(1)
    alpha, beta, alphabet = made
    assert await _listed(caller, "ListAssetGroups") == [alphabet, beta, alpha]
    assert await _listed(caller, "ListAssetGroups", SortOrder="Asc") == made
    assert await _listed(caller, "ListAssetGroups", Filter={"Name": "alpha"}) == [alphabet, alpha]
    assert await _listed(caller, "ListAssetGroups", Filter={"GroupIds": [beta]}) == [beta]
    assert await _listed(caller, "ListAssetGroups", Filter={"GroupType": "LivenessFace"}) == []
    await caller.result("UpdateAssetGroup", Id=alpha, Description="new")
    assert await _listed(caller, "ListAssetGroups", SortBy="UpdateTime") == [alpha, alphabet, beta]


async def test_assets_are_filtered_and_sorted(caller: Caller) -> None:
    first, second = sorted([await caller.group(), await caller.group()])
    old = await caller.asset(second, Name="cat")
    caller.advance(10)
    new = await caller.asset(first, Name="Catfish")
    assert await _listed(caller, "ListAssets") == [new, old]
    assert await _listed(caller, "ListAssets", Filter={"Statuses": ["Active"]}) == [old]
    assert await _listed(caller, "ListAssets", Filter={"Statuses": ["Active", "Processing"]}) == [new, old]
    assert await _listed(caller, "ListAssets", Filter={"GroupIds": [first]}) == [new]
    assert await _listed(caller, "ListAssets", Filter={"Name": "CAT"}) == [new, old]
    assert await _listed(caller, "ListAssets", SortBy="GroupId") == [old, new]


async def test_pages_by_number_have_the_total(caller: Caller) -> None:
    made = [await caller.group() for _ in range(12)]
    shown = await caller.result("ListAssetGroups", Filter={"GroupType": "AIGC"})
    assert (len(shown["Items"]), shown["TotalCount"], shown["PageNumber"], shown["PageSize"]) == (10, 12, 1, 10)
    last = await caller.result("ListAssetGroups", Filter={"GroupType": "AIGC"}, PageNumber=3, PageSize=5)
    assert (len(last["Items"]), last["TotalCount"]) == (2, len(made))


async def test_the_last_page_by_token_has_no_token(caller: Caller) -> None:
    made = {await caller.group() for _ in range(5)}
    seen: list[str] = []
    token: dict[str, str] = {}
    for _ in range(3):
        page = await caller.result("ListAssetGroups", Filter={"GroupType": "AIGC"}, MaxResults=2, **token)
        assert "TotalCount" not in page
        seen += [item["Id"] for item in page["Items"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    assert token == {}
    assert set(seen) == made
    assert len(seen) == 5


async def test_the_project_of_asset_and_group_must_match(caller: Caller) -> None:
    group_id = await caller.group(ProjectName="films")
    wrong = {"GroupId": group_id, "URL": IMAGE, "AssetType": "Image"}
    assert error_of(await caller.act("CreateAsset", **wrong))[:2] == (404, "NotFound.group_id")
    asset_id = await caller.asset(group_id, ProjectName="films")
    assert error_of(await caller.act("GetAsset", Id=asset_id))[:2] == (404, "NotFound.asset_id")
    assert (await caller.result("GetAsset", Id=asset_id, ProjectName="films"))["ProjectName"] == "films"
    assert await _listed(caller, "ListAssets") == []
    assert await _listed(caller, "ListAssets", ProjectName="films") == [asset_id]


async def test_an_unknown_project_is_named() -> None:
    async with SandboxServer(SandboxConfig(projects=frozenset({"default"}))) as server:
        caller = Caller(server)
        response = await caller.act("CreateAssetGroup", Name="x", ProjectName="films")
        assert error_of(response)[:2] == (404, "NotFound.ProjectName")
        await caller.http.aclose()


async def test_a_new_asset_can_be_invisible_at_first(caller: Caller) -> None:
    await caller.control("POST", "/settings", consistency_delay_seconds=20)
    asset_id = await caller.asset(await caller.group())
    caller.advance(15)
    assert error_of(await caller.act("GetAsset", Id=asset_id))[1] == "NotFound.asset_id"
    assert await _listed(caller, "ListAssets") == []
    assert (await caller.create(text(), image("reference_image", f"asset://{asset_id}"))).status_code == 400
    caller.advance(6)
    assert (await caller.result("GetAsset", Id=asset_id))["Status"] == "Active"


async def test_assets_are_isolated_by_account(caller: Caller, stranger: Caller) -> None:
    group_id = await caller.group()
    asset_id = await caller.asset(group_id)
    caller.advance(10)
    for action, body in (
        ("GetAsset", {"Id": asset_id}),
        ("UpdateAsset", {"Id": asset_id, "Name": "x"}),
        ("DeleteAsset", {"Id": asset_id}),
        ("GetAssetGroup", {"Id": group_id}),
        ("DeleteAssetGroup", {"Id": group_id}),
        ("CreateAsset", {"GroupId": group_id, "URL": IMAGE, "AssetType": "Image"}),
    ):
        assert (await stranger.act(action, **body)).status_code == 404
    assert await _listed(stranger, "ListAssets") == []
    assert await _listed(stranger, "ListAssetGroups") == []
    item = image("reference_image", f"asset://{asset_id}")
    assert (await stranger.create(text(), item)).status_code == 400
    assert (await caller.create(text(), item)).status_code == 200


async def test_tasks_accept_active_assets_only_and_record_the_use(caller: Caller) -> None:
    asset_id = await caller.asset(await caller.group())
    item = image("reference_image", f"asset://{asset_id}")
    refused = await caller.create(text(), item)
    assert error_of(refused)[2].endswith(f"The specified asset {asset_id} is not found.")
    caller.advance(6)
    assert "LastInferenceTime" not in await caller.result("GetAsset", Id=asset_id)
    await caller.made(text(), item)
    assert "LastInferenceTime" in await caller.result("GetAsset", Id=asset_id)
    await caller.result("DeleteAsset", Id=asset_id)
    assert (await caller.create(text(), item)).status_code == 400
