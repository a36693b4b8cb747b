"""Creates in doubt: what they made is found later and given to its tenant, or deleted, or left alone."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.assets.create_spec import Kind, group_spec, with_project
from app.assets.models import CreateIntentRow
from app.assets.recovery import CreateRecovery
from app.assets.schemas import CreateAssetGroupRequest
from app.core.models import DatabasePlaceRow
from app.errors import ConflictError
from app.ids import new_id
from app.sandbox.assets import AssetStore
from app.upstream.http.client import open_http_client
from tests.assets.gateway import AssetsGateway, list_assets, list_groups
from tests.support.driving import URL, act, new_asset, new_group
from tests.support.gateway import Tenant
from tests.support.loopback import LOOPBACK_ALLOWED

DEAD = "inst_that_never_was"


async def _intents(gateway: AssetsGateway) -> list[CreateIntentRow]:
    async with gateway.sessions.begin() as session:
        return list((await session.scalars(select(CreateIntentRow))).all())


async def _leave_in_doubt(
    gateway: AssetsGateway, tenant: Tenant, action: str, *, at: str = "after", **body: Any
) -> None:
    """Makes a create of unknown outcome: the upstream cuts it and does not answer lists."""
    await gateway.fault(action, kind="cut", at=at)
    await gateway.fault("ListAssetGroups", times=None, kind="error", status=500, code="InternalServiceError")
    await gateway.fault("ListAssets", times=None, kind="error", status=500, code="InternalServiceError")
    with pytest.raises(ConflictError):
        await gateway.run(tenant, action, search_timeout_seconds=0.0, **body)
    await gateway.release()


async def _leave_open(gateway: AssetsGateway, tenant: Tenant, name: str, *, instance_id: str = DEAD) -> None:
    """Leaves a create as a killed process does: its intent is written, and the upstream made the group."""
    members = group_spec(tenant.id, CreateAssetGroupRequest(Name=name, GroupType="AIGC")).members
    async with gateway.sessions.begin() as session:
        session.add(
            CreateIntentRow(
                id=new_id("try"),
                tenant_id=tenant.id,
                channel_id=await gateway.channel_id(),
                kind=Kind.GROUP.value,
                name=name,
                members=with_project(members, "default"),
                instance_id=instance_id,
                started_at=gateway.clock(),
            )
        )
    _make_upstream(gateway, name)


def _make_upstream(gateway: AssetsGateway, name: str, *, later: timedelta = timedelta()) -> str:
    account = gateway.sandbox.config.accounts[0]
    made = _upstream(gateway).add_group(account, name=name, description="", type_="AIGC", project="default")
    made.created_at += later
    return made.id


def _upstream(gateway: AssetsGateway) -> AssetStore:
    return gateway.sandbox.store.assets


async def _recover(gateway: AssetsGateway, *, seconds: float = 5.0) -> int:
    gateway.clock.advance(seconds)
    return await gateway.services.asset_create_recovery.run_once()


async def test_what_a_create_in_doubt_made_is_given_to_its_tenant_once_it_is_found(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    await _leave_in_doubt(fresh, tenant, "CreateAsset", GroupId=group_id, URL=URL, AssetType="Image", Name="lost")
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", Name="lost", GroupType="AIGC", Description="of mine")
    assert (await list_assets(tenant))["TotalCount"] == 0
    assert await _recover(fresh) == 2
    (asset,) = (await list_assets(tenant))["Items"]
    assert (asset["Name"], asset["URL"], asset["GroupId"]) == ("lost", URL, group_id)
    assert [asset["Id"]] == fresh.upstream_ids("assets", "lost")
    (group,) = (await list_groups(tenant, Filter={"Name": "lost"}))["Items"]
    assert ([group["Id"]], group["Description"]) == (fresh.upstream_ids("groups", "lost"), "of mine")
    assert await _intents(fresh) == []
    fresh.clock.advance(30)
    await fresh.services.asset_poller.run_once()
    assert (await list_assets(tenant))["Items"][0]["Status"] == "Active"


async def test_a_create_of_a_dead_process_is_recovered_and_one_of_a_living_process_is_left_alone(
    fresh: AssetsGateway,
) -> None:
    tenant = await fresh.tenant()
    await _leave_open(fresh, tenant, "of the dead")
    await _leave_open(fresh, tenant, "of the living", instance_id=fresh.services.processes.instance_id)
    assert await _recover(fresh) == 1
    assert [item["Name"] for item in (await list_groups(tenant))["Items"]] == ["of the dead"]
    assert await _recover(fresh, seconds=601) == 1, (
        "after ten minutes a create is no longer under way, although its process lives"
    )
    assert (await list_groups(tenant))["TotalCount"] == 2


async def test_the_object_of_a_create_that_was_repeated_is_deleted_when_no_retry_can_claim_it(
    fresh: AssetsGateway,
) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    body = {"GroupId": group_id, "URL": URL, "AssetType": "Image", "Name": "twice"}
    await _leave_in_doubt(fresh, tenant, "CreateAsset", **body)
    fresh.clock.advance(1)
    kept = await new_asset(tenant, group_id, Name="twice")
    (unowned,) = [found for found in fresh.upstream_ids("assets", "twice") if found != kept]
    assert await _recover(fresh) == 1
    assert set(fresh.upstream_ids("assets", "twice")) == {kept, unowned}
    assert await _recover(fresh, seconds=120) == 1
    await fresh.services.asset_poller.run_once()
    assert fresh.upstream_ids("assets", "twice") == [kept]
    assert [item["Id"] for item in (await list_assets(tenant))["Items"]] == [kept]
    assert (await act(tenant, "GetAsset", Id=kept))["Name"] == "twice"
    assert await _intents(fresh) == []


async def test_after_a_restore_no_older_create_is_given_what_a_forgotten_one_may_have_made(
    fresh: AssetsGateway,
) -> None:
    tenant, other = await fresh.tenant(), await fresh.tenant()
    group_id = await new_group(tenant)
    body = {"GroupId": group_id, "URL": URL, "AssetType": "Image", "Name": "repeated"}
    await _leave_in_doubt(fresh, tenant, "CreateAsset", **body)
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", at="before", Name="same", GroupType="AIGC")
    _make_upstream(fresh, "same")  # by a create of the other tenant, which is forgotten
    fresh.clock.advance(1)
    await new_asset(tenant, group_id, Name="repeated")
    async with fresh.sessions.begin() as session:
        await session.execute(update(DatabasePlaceRow).values(noticed_at=fresh.clock()))
    try:
        await _recover(fresh, seconds=180)
        await fresh.services.asset_poller.run_once()
        assert len(await _intents(fresh)) == 2, "they stay, and compete with others"
        assert len(fresh.upstream_ids("assets", "repeated")) == 2, "none is deleted as a duplicate"
        for each in (tenant, other):
            assert (await list_groups(each, Filter={"Name": "same"}))["TotalCount"] == 0
    finally:
        async with fresh.sessions.begin() as session:
            await session.execute(update(DatabasePlaceRow).values(noticed_at=None))


async def test_a_create_with_another_url_under_the_same_name_is_not_a_repetition(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    await _leave_in_doubt(fresh, tenant, "CreateAsset", GroupId=group_id, URL=URL, AssetType="Image", Name="same")
    fresh.clock.advance(1)
    await new_asset(tenant, group_id, Name="same", URL="https://example.com/another.png")
    assert await _recover(fresh) == 1
    assert (await list_assets(tenant))["TotalCount"] == 2


async def test_of_two_tenants_creates_in_doubt_of_one_name_none_is_attributed(fresh: AssetsGateway) -> None:
    one, two = await fresh.tenant(), await fresh.tenant()
    await _leave_in_doubt(fresh, one, "CreateAssetGroup", Name="of two", GroupType="AIGC")
    await _leave_in_doubt(fresh, two, "CreateAssetGroup", Name="of two", GroupType="AIGC", at="before")
    assert await _recover(fresh) == 2
    for tenant in (one, two):
        assert (await list_groups(tenant))["TotalCount"] == 0
    assert len(fresh.upstream_ids("groups", "of two")) == 1
    assert len(await _intents(fresh)) == 2


async def test_a_group_on_a_shared_account_is_never_attributed(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    await fresh.change_channel(exclusive=False)
    await _leave_open(fresh, tenant, "of any client")
    before = fresh.count("ListAssetGroups")
    assert await _recover(fresh) == 1
    assert (await list_groups(tenant))["TotalCount"] == 0
    assert fresh.count("ListAssetGroups") == before, "a list could not show which client made it"


@pytest.mark.parametrize("minutes", [-2, 11])
async def test_an_object_from_before_or_long_after_a_create_is_not_attributed(
    fresh: AssetsGateway, minutes: int
) -> None:
    tenant = await fresh.tenant()
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", Name=f"at {minutes}", GroupType="AIGC", at="before")
    _make_upstream(fresh, f"at {minutes}", later=timedelta(minutes=minutes))
    assert await _recover(fresh) == 1
    assert (await list_groups(tenant))["TotalCount"] == 0


async def test_a_group_is_found_behind_a_page_of_newer_ones(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", Name="mine", GroupType="AIGC")
    for number in range(120):
        _make_upstream(fresh, f"mine too {number}", later=timedelta(seconds=1))
    assert await _recover(fresh) == 1
    assert [item["Name"] for item in (await list_groups(tenant))["Items"]] == ["mine"]


async def test_an_asset_whose_group_was_deleted_meanwhile_is_deleted_too(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    await _leave_in_doubt(fresh, tenant, "CreateAsset", GroupId=group_id, URL=URL, AssetType="Image", Name="lost")
    await act(tenant, "DeleteAssetGroup", Id=group_id)
    # Made so late that the upstream did not delete it with its group.
    (lost_id,) = [made.id for made in _upstream(fresh).assets.values() if made.group_id == group_id]
    _upstream(fresh).groups[group_id].deleted_at = _upstream(fresh).assets[lost_id].deleted_at = None
    assert await _recover(fresh) == 1
    assert (await list_assets(tenant))["TotalCount"] == 0
    fresh.clock.advance(5)
    await fresh.services.asset_poller.run_once()
    assert _upstream(fresh).assets[lost_id].deleted_at is not None


async def test_a_search_that_finds_nothing_is_repeated_at_growing_intervals(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", Name="never", GroupType="AIGC", at="before")
    _make_upstream(fresh, "made by an unknown client")
    pauses = []
    for seconds in (5, 60, 36_000):
        assert await _recover(fresh, seconds=seconds) == 1
        pauses.append(round((_next_search(await _intents(fresh)) - fresh.clock()).total_seconds()))
        assert await _recover(fresh, seconds=1) == 0
    assert pauses == [5, pytest.approx(17, abs=3), 600]


async def test_a_create_that_provably_made_nothing_is_forgotten(fresh: AssetsGateway) -> None:
    """That is: its window is over, and every object of that time has an owner."""
    tenant = await fresh.tenant()
    group_id = await new_group(tenant, "grown")
    asset = {"GroupId": group_id, "URL": URL, "AssetType": "Image"}
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", Name="no group", GroupType="AIGC", at="before")
    await _leave_in_doubt(fresh, tenant, "CreateAsset", **asset, Name="no asset", at="before")
    await new_asset(tenant, group_id, Name="another")
    unowned = _make_upstream(fresh, "a name that was not sent")
    assert await _recover(fresh, seconds=11 * 60) == 2
    assert {intent.name for intent in await _intents(fresh)} == {"no group", "no asset"}, "it is too early"
    assert await _recover(fresh, seconds=11 * 60) == 2
    assert [intent.name for intent in await _intents(fresh)] == ["no group"], "the unowned group may be what it made"
    _upstream(fresh).groups[unowned].deleted_at = fresh.clock()
    await fresh.change_channel(exclusive=False)
    assert await _recover(fresh, seconds=11 * 60) == 1
    assert len(await _intents(fresh)) == 1, "on a shared account nothing is provable"
    await fresh.change_channel(exclusive=True)
    assert await _recover(fresh, seconds=11 * 60) == 1
    assert await _intents(fresh) == []


async def test_a_create_is_deleted_after_a_day_and_not_before_it_was_searched_for(fresh: AssetsGateway) -> None:
    """Although no gateway may have run in that day."""
    tenant = await fresh.tenant()
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", Name="made", GroupType="AIGC")
    await _leave_in_doubt(fresh, tenant, "CreateAssetGroup", Name="never made", GroupType="AIGC", at="before")
    _make_upstream(fresh, "made by an unknown client")
    assert await _recover(fresh, seconds=timedelta(days=2).total_seconds()) == 2
    assert [group["Name"] for group in (await list_groups(tenant))["Items"]] == ["made"]
    assert [intent.name for intent in await _intents(fresh)] == ["never made"]
    assert await _recover(fresh) == 0
    assert await _intents(fresh) == []


async def test_two_processes_do_not_search_twice(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    for number in range(6):
        await _leave_open(fresh, tenant, f"lost {number}")
    before = fresh.count("ListAssetGroups")
    async with open_http_client(destinations=LOOPBACK_ALLOWED) as http:
        other = CreateRecovery(fresh.context(http))
        done = await asyncio.gather(other.run_once(), fresh.services.asset_create_recovery.run_once())
    assert sum(done) == 6
    assert fresh.count("ListAssetGroups") == before + 6
    assert (await list_groups(tenant))["TotalCount"] == 6


async def test_a_search_that_fails_does_not_delay_the_others(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    for name in ("one", "two", "three"):
        await _leave_open(fresh, tenant, name)
    await fresh.fault("ListAssetGroups", kind="error", status=500, code="InternalServiceError")
    assert await _recover(fresh) == 3
    assert (await list_groups(tenant))["TotalCount"] == 2
    assert await _recover(fresh, seconds=6) == 1
    assert (await list_groups(tenant))["TotalCount"] == 3


def _next_search(intents: list[CreateIntentRow]) -> datetime:
    (intent,) = intents
    assert intent.next_search_at is not None
    return intent.next_search_at
