"""Rows are kept up to date whether or not clients ask; one "not found" hides nothing."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.assets.models import AssetRow
from app.assets.poller import AssetPoller
from app.upstream.http.client import open_http_client
from tests.assets.gateway import AssetsGateway, by_path, list_assets, list_groups, refused
from tests.support.database import as_owner
from tests.support.driving import act, new_asset, new_group
from tests.support.gateway import Tenant
from tests.support.loopback import LOOPBACK_ALLOWED


async def _row(gateway: AssetsGateway, asset_id: str) -> AssetRow:
    async with gateway.sessions.begin() as session:
        return (await session.scalars(select(AssetRow).where(AssetRow.id == asset_id))).one()


async def _library_with_asset(gateway: AssetsGateway) -> tuple[Tenant, str, str]:
    tenant = await gateway.tenant()
    group_id = await new_group(tenant)
    return tenant, group_id, await new_asset(tenant, group_id)


async def test_an_asset_is_polled_to_its_end_although_no_client_asks(fresh: AssetsGateway) -> None:
    tenant, group_id, good = await _library_with_asset(fresh)
    bad = await new_asset(tenant, group_id, URL="https://example.com/fail-DownloadFailed.png")
    poller = fresh.services.asset_poller
    assert await poller.run_once() == 0, "the first poll is due three seconds after the create"
    fresh.clock.advance(3.5)
    assert await poller.run_once() == 2
    assert {item["Status"] for item in (await list_assets(tenant))["Items"]} == {"Processing"}
    fresh.clock.advance(30)
    assert await poller.run_once() == 2
    shown = {item["Id"]: item["Status"] for item in (await list_assets(tenant))["Items"]}
    assert shown == {good: "Active", bad: "Failed"}
    fresh.clock.advance(600)
    assert await poller.run_once() == 0, "a final status is not polled again"


async def test_polls_become_rarer_with_age(fresh: AssetsGateway) -> None:
    tenant, _, asset_id = await _library_with_asset(fresh)
    fresh.sandbox.store.assets.assets[asset_id].ready_at += timedelta(days=1)
    pauses = []
    for age in (4, 40, 400):
        fresh.clock.advance(age - (fresh.clock() - (await _row(fresh, asset_id)).created_at).total_seconds())
        assert await fresh.services.asset_poller.run_once() == 1
        row = await _row(fresh, asset_id)
        assert row.next_poll_at is not None
        pauses.append((row.next_poll_at - fresh.clock()).total_seconds())
    assert [round(pause) for pause in pauses] == [3, 10, 60]
    assert (await list_assets(tenant))["Items"][0]["Status"] == "Processing"


async def test_a_failing_upstream_delays_polls_and_does_not_end_them(fresh: AssetsGateway) -> None:
    tenant, group_id, asset_id = await _library_with_asset(fresh)
    second = await new_asset(tenant, group_id)
    await fresh.fault("GetAsset", kind="error", status=500, code="InternalServiceError")
    fresh.clock.advance(30)
    assert await fresh.services.asset_poller.run_once() == 2
    statuses = [item["Status"] for item in (await list_assets(tenant))["Items"]]
    assert sorted(statuses) == ["Active", "Processing"], "one failure must not keep the others from being polled"
    fresh.clock.advance(30)
    assert await fresh.services.asset_poller.run_once() == 1
    for found in (asset_id, second):
        assert (await _row(fresh, found)).status == "Active"


async def test_an_asset_that_cannot_be_written_does_not_keep_the_others_from_being_polled(fresh: AssetsGateway) -> None:
    tenant, group_id, poison = await _library_with_asset(fresh)
    good = [await new_asset(tenant, group_id) for _ in range(3)]
    poisoned = f"ALTER TABLE assets ADD CHECK (id <> '{poison}' OR status = 'Processing')"
    await as_owner(fresh.database_url, poisoned)
    fresh.clock.advance(30)
    assert await fresh.services.asset_poller.run_once() == 4
    assert [(await _row(fresh, asset_id)).status for asset_id in (poison, *good)] == ["Processing", *["Active"] * 3]


async def test_a_suspended_channel_is_not_polled_until_it_is_active_again(fresh: AssetsGateway) -> None:
    _, _, asset_id = await _library_with_asset(fresh)
    await fresh.change_channel(status="suspended")
    before = fresh.calls
    fresh.clock.advance(30)
    assert await fresh.services.asset_poller.run_once() == 1
    assert fresh.calls == before
    await fresh.change_channel(status="active")
    fresh.clock.advance(61)
    await fresh.services.asset_poller.run_once()
    assert (await _row(fresh, asset_id)).status == "Active"


async def test_two_pollers_do_not_ask_twice(fresh: AssetsGateway) -> None:
    tenant, group_id, _ = await _library_with_asset(fresh)
    for _ in range(4):
        await new_asset(tenant, group_id)
    fresh.clock.advance(30)
    before = fresh.count("GetAsset")
    async with open_http_client(destinations=LOOPBACK_ALLOWED) as http:
        other = AssetPoller(fresh.context(http))
        done = await asyncio.gather(other.run_once(), fresh.services.asset_poller.run_once())
    assert sum(done) == 5
    assert fresh.count("GetAsset") == before + 5


async def test_one_not_found_hides_nothing_and_two_a_minute_apart_do(fresh: AssetsGateway) -> None:
    tenant, _, asset_id = await _library_with_asset(fresh)
    fresh.clock.advance(120)
    fresh.delete_upstream(asset_id)
    for _ in range(3):
        shown = await by_path(tenant, "GetAsset", {"Id": asset_id})
        assert (shown.status_code, shown.json()["Id"]) == (200, asset_id)
        assert shown.headers["x-seedgate-stale"]
        fresh.clock.advance(10)
    assert (await list_assets(tenant))["TotalCount"] == 1
    fresh.clock.advance(60)
    await refused(tenant, "GetAsset", 404, "NotFound.asset_id", Id=asset_id)
    assert (await list_assets(tenant))["TotalCount"] == 0


async def test_the_poller_asks_a_second_time_by_itself(fresh: AssetsGateway) -> None:
    tenant, group_id, asset_id = await _library_with_asset(fresh)
    fresh.clock.advance(120)
    await act(tenant, "GetAsset", Id=asset_id)
    fresh.delete_upstream(asset_id)
    await act(tenant, "GetAsset", Id=asset_id)
    fresh.clock.advance(59)
    assert await fresh.services.asset_poller.run_once() == 0
    fresh.clock.advance(2)
    assert await fresh.services.asset_poller.run_once() == 1
    assert (await list_assets(tenant))["TotalCount"] == 0
    assert (await act(tenant, "GetAssetGroup", Id=group_id))["Id"] == group_id


async def test_a_group_that_is_gone_upstream_is_hidden_with_its_assets(fresh: AssetsGateway) -> None:
    tenant, group_id, asset_id = await _library_with_asset(fresh)
    fresh.clock.advance(120)
    await act(tenant, "GetAsset", Id=asset_id)
    fresh.delete_upstream(group_id)
    shown = await by_path(tenant, "GetAssetGroup", {"Id": group_id})
    assert (shown.status_code, shown.headers["x-seedgate-stale"]) == (200, "120")
    fresh.clock.advance(61)
    assert await fresh.services.asset_poller.run_once() == 1
    assert (await list_groups(tenant))["TotalCount"] == 0
    assert (await list_assets(tenant))["TotalCount"] == 0
    await refused(tenant, "GetAsset", 404, "NotFound.asset_id", Id=asset_id)


async def test_a_passing_404_is_forgotten(fresh: AssetsGateway) -> None:
    tenant, _, asset_id = await _library_with_asset(fresh)
    fresh.clock.advance(120)
    await fresh.fault("GetAsset", kind="error", status=404, code="NotFound.asset_id")
    await act(tenant, "GetAsset", Id=asset_id)
    assert (await _row(fresh, asset_id)).missing_since is not None
    await act(tenant, "GetAsset", Id=asset_id)
    fresh.clock.advance(61)
    await fresh.fault("GetAsset", kind="error", status=404, code="NotFound.asset_id")
    assert (await by_path(tenant, "GetAsset", {"Id": asset_id})).status_code == 200


LISTS = ("ListAssets", "ListAssetGroups")
NO_ROUTE = {"code": "NotFound", "message": "No such route.", "type": "NotFound"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, ""),
        (404, "<html>404"),
        (404, {"message": "no Route matched with those values"}),
        (404, {"error": NO_ROUTE}),
        (404, {"ResponseMetadata": {"RequestId": "r", "Error": {"Code": "NotFound", "Message": "No such route."}}}),
        (404, {"code": "NotFound.asset_id", "message": "The specified asset is not found."}),
        (200, {"error": NO_ROUTE}),
        (200, {"Id": "", "Items": [], "TotalCount": 0}),
        (200, {"code": 0, "data": []}),
    ],
)
async def test_an_answer_that_is_not_the_apis_hides_and_deletes_nothing(
    fresh: AssetsGateway, status: int, body: object
) -> None:
    tenant, group_id, asset_id = await _library_with_asset(fresh)
    fresh.clock.advance(120)
    for action in ("GetAsset", "GetAssetGroup", "UpdateAsset", "DeleteAsset", "DeleteAssetGroup", *LISTS):
        await fresh.fault(action, times=None, kind="answer", status=status, body=body)
    # A 2xx does not tell whether a change was made, and that may be repeated.
    expected = (502, "false") if status == 404 else (503, None)
    for action, request in (
        ("UpdateAsset", {"Id": asset_id, "Name": "x"}),
        ("DeleteAsset", {"Id": asset_id}),
        ("DeleteAssetGroup", {"Id": group_id}),
    ):
        refusal = await by_path(tenant, action, request)
        assert (refusal.status_code, refusal.headers.get("x-should-retry")) == expected
    for _ in range(2):
        for action, object_id in (("GetAsset", asset_id), ("GetAssetGroup", group_id)):
            shown = await by_path(tenant, action, {"Id": object_id})
            assert (shown.status_code, "x-seedgate-stale" in shown.headers) == (200, True)
        fresh.clock.advance(61)
        await fresh.services.asset_poller.run_once()
    assert [group["Id"] for group in (await list_groups(tenant))["Items"]] == [group_id]
    assert [asset["Id"] for asset in (await list_assets(tenant))["Items"]] == [asset_id]
    row = await _row(fresh, asset_id)
    assert (row.deleted_at, row.missing_since) == (None, None)


async def test_a_project_that_is_gone_does_not_make_objects_look_deleted(fresh: AssetsGateway) -> None:
    tenant, _, asset_id = await _library_with_asset(fresh)
    fresh.clock.advance(120)
    await fresh.fault("GetAsset", times=None, kind="error", status=404, code="NotFound.ProjectName")
    for _ in range(3):
        assert (await by_path(tenant, "GetAsset", {"Id": asset_id})).status_code == 200
        fresh.clock.advance(61)
    assert (await _row(fresh, asset_id)).missing_since is None


async def test_an_update_of_what_is_gone_is_404_and_noted(fresh: AssetsGateway) -> None:
    tenant, group_id, asset_id = await _library_with_asset(fresh)
    fresh.clock.advance(120)
    fresh.delete_upstream(asset_id)
    fresh.delete_upstream(group_id)
    await refused(tenant, "UpdateAsset", 404, "NotFound.asset_id", Id=asset_id, Name="x")
    await refused(tenant, "UpdateAssetGroup", 404, "NotFound.group_id", Id=group_id, Name="x")
    assert (await list_assets(tenant))["TotalCount"] == 1
    fresh.clock.advance(61)
    assert await fresh.services.asset_poller.run_once() == 2
    assert (await list_assets(tenant))["TotalCount"] == 0
    assert (await list_groups(tenant))["TotalCount"] == 0


async def test_an_update_without_a_clear_answer_is_polled(fresh: AssetsGateway) -> None:
    tenant, group_id, asset_id = await _library_with_asset(fresh)
    fresh.finish_processing()
    await act(tenant, "GetAsset", Id=asset_id)
    for action, object_id in (("UpdateAsset", asset_id), ("UpdateAssetGroup", group_id)):
        await fresh.fault(action, kind="cut", at="after")
        assert (await by_path(tenant, action, {"Id": object_id, "Name": "changed"})).status_code == 503
    assert await fresh.services.asset_poller.run_once() == 2
    assert (await list_assets(tenant))["Items"][0]["Name"] == "changed"
    assert (await list_groups(tenant))["Items"][0]["Name"] == "changed"
