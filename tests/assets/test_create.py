"""Creates of unknown outcome: never sent twice; the object is found if that is certain, else the client gets 409."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.assets.models import CreateIntentRow
from app.errors import ConflictError
from app.ids import new_id
from tests.assets.gateway import AssetsGateway, by_path, list_assets, list_groups, refused
from tests.support.driving import URL, act, new_asset, new_group
from tests.support.gateway import HELD, Tenant
from tests.support.timeouts import HANG_SECONDS, until

AFTER: list[dict[str, Any]] = [
    {"kind": "cut", "at": "after"},
    {"kind": "cut", "at": "headers"},
    {"kind": "cut", "at": "body"},
    {"kind": "error", "at": "after", "status": 500, "code": "InternalServiceError"},
    {"kind": "garbage", "at": "after"},
    {"kind": "answer", "at": "after", "status": 200, "body": {"ResponseMetadata": {"RequestId": "r"}, "Result": {}}},
]

_DROP_THE_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def _open_intents(gateway: AssetsGateway, tenant: Tenant) -> list[CreateIntentRow]:
    async with gateway.sessions.begin() as session:
        found = await session.scalars(select(CreateIntentRow).where(CreateIntentRow.tenant_id == tenant.id))
        return list(found.all())


async def _open_rival(gateway: AssetsGateway, tenant: Tenant, *, name: str, minutes_ago: float = 0) -> None:
    async with gateway.sessions.begin() as session:
        session.add(
            CreateIntentRow(
                id=new_id("intent"),
                tenant_id=tenant.id,
                kind="CreateAssetGroup",
                group_id=None,
                name=name,
                started_at=gateway.clock() - timedelta(minutes=minutes_ago),
            )
        )


@pytest.mark.parametrize("trouble", AFTER)
async def test_a_group_that_was_made_without_a_clear_answer_is_found(
    gateway: AssetsGateway, tenant: Tenant, trouble: dict[str, Any]
) -> None:
    name = new_id("name")
    await gateway.fault("CreateAssetGroup", **trouble)
    before = gateway.count("CreateAssetGroup")
    group_id = await new_group(tenant, name, Description="mine")
    assert gateway.count("CreateAssetGroup") == before + 1, "a create is never sent twice"
    assert gateway.upstream_ids("groups", name) == [group_id]
    assert (await act(tenant, "GetAssetGroup", Id=group_id))["Description"] == "mine"
    assert await _open_intents(gateway, tenant) == []


@pytest.mark.parametrize("trouble", AFTER[:4])
@pytest.mark.parametrize("named", [{}, {"Name": "named"}])
async def test_an_asset_that_was_made_without_a_clear_answer_is_found(
    gateway: AssetsGateway, tenant: Tenant, trouble: dict[str, Any], named: dict[str, str]
) -> None:
    group_id = await new_group(tenant)
    earlier = await new_asset(tenant, group_id, **named)
    await gateway.fault("CreateAsset", **trouble)
    before = gateway.count("CreateAsset")
    asset_id = await new_asset(tenant, group_id, **named)
    assert asset_id != earlier
    assert gateway.count("CreateAsset") == before + 1
    assert {item["Id"] for item in (await list_assets(tenant))["Items"]} == {earlier, asset_id}


@pytest.mark.parametrize("action", ["CreateAssetGroup", "CreateAsset"])
async def test_when_nothing_was_made_the_client_gets_409_and_must_not_retry(
    gateway: AssetsGateway, tenant: Tenant, action: str
) -> None:
    name = new_id("name")
    body: dict[str, Any] = {"Name": name, "GroupType": "AIGC"}
    if action == "CreateAsset":
        body = {"GroupId": await new_group(tenant), "URL": URL, "AssetType": "Image", "Name": name}
    await gateway.fault(action, kind="cut", at="before")
    before = gateway.count(action)
    with pytest.raises(ConflictError) as caught:
        await gateway.run(tenant, action, **body)
    assert (caught.value.code, caught.value.status, caught.value.is_retry_refused) == ("OutcomeUnknown", 409, True)
    assert gateway.count(action) == before + 1
    assert len(await _open_intents(gateway, tenant)) == 1


async def test_an_accepted_create_is_written_even_when_the_database_drops_its_connections(
    own_gateway: AssetsGateway,
) -> None:
    tenant = await own_gateway.tenant()
    await own_gateway.fault("CreateAssetGroup", **HELD)
    creating = asyncio.create_task(new_group(tenant, "kept"))
    await until(lambda: own_gateway.upstream_ids("groups", "kept"))
    async with own_gateway.sessions.begin() as session:
        await session.execute(_DROP_THE_OTHERS)
    await own_gateway.release()
    group_id = await creating
    assert own_gateway.upstream_ids("groups", "kept") == [group_id]
    assert [item["Id"] for item in (await list_groups(tenant))["Items"]] == [group_id]
    assert await _open_intents(own_gateway, tenant) == []


@pytest.mark.parametrize("effect", [None, {"kind": "cut", "at": "after"}])
async def test_once_the_upstream_may_have_made_the_object_a_database_error_does_not_cause_a_retry(
    fresh: AssetsGateway, effect: dict[str, Any] | None
) -> None:
    tenant = await fresh.tenant()
    if effect is not None:
        await fresh.fault("CreateAssetGroup", **effect)
    async with fresh.without_table("asset_groups"):
        with pytest.raises(ConflictError) as caught:
            await fresh.run(tenant, "CreateAssetGroup", Name="once", GroupType="AIGC")
    assert (caught.value.code, caught.value.is_retry_refused) == ("OutcomeUnknown", True)
    assert len(fresh.upstream_ids("groups", "once")) == 1


async def test_a_group_is_not_attributed_while_an_equal_create_of_another_tenant_is_open(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    name = new_id("name")
    await _open_rival(gateway, await gateway.tenant(), name=name)
    await gateway.fault("CreateAssetGroup", kind="cut", at="after")
    with pytest.raises(ConflictError):
        await gateway.run(tenant, "CreateAssetGroup", Name=name, GroupType="AIGC")
    assert (await list_groups(tenant))["TotalCount"] == 0


async def test_an_old_open_create_does_not_prevent_attribution(gateway: AssetsGateway, tenant: Tenant) -> None:
    name = new_id("name")
    await _open_rival(gateway, await gateway.tenant(), name=name, minutes_ago=11)
    await gateway.fault("CreateAssetGroup", kind="cut", at="after")
    await gateway.run(tenant, "CreateAssetGroup", search_timeout_seconds=HANG_SECONDS, Name=name, GroupType="AIGC")


@pytest.mark.parametrize("is_own", [True, False])
async def test_a_group_that_has_an_owner_is_never_attributed(
    gateway: AssetsGateway, tenant: Tenant, *, is_own: bool
) -> None:
    name = new_id("name")
    owner = tenant if is_own else await gateway.tenant()
    earlier = await new_group(owner, name)
    await gateway.fault("CreateAssetGroup", kind="cut", at="before")
    with pytest.raises(ConflictError):
        await gateway.run(tenant, "CreateAssetGroup", Name=name, GroupType="AIGC")
    assert (await act(owner, "GetAssetGroup", Id=earlier))["Name"] == name
    assert (await list_groups(tenant))["TotalCount"] == int(is_own)


async def test_of_two_matching_groups_none_is_attributed(gateway: AssetsGateway, tenant: Tenant) -> None:
    name = new_id("name")
    store = gateway.sandbox.store.assets
    account = gateway.sandbox.config.accounts[0]
    store.add_group(account, name=name, description="", type_="AIGC", project="default")
    await gateway.fault("CreateAssetGroup", kind="cut", at="after")
    with pytest.raises(ConflictError):
        await gateway.run(tenant, "CreateAssetGroup", Name=name, GroupType="AIGC")


@pytest.mark.parametrize("change", [{"description": "another"}, {"project": "video"}])
async def test_a_group_that_differs_in_any_member_is_not_attributed(
    gateway: AssetsGateway, tenant: Tenant, change: dict[str, str]
) -> None:
    name = new_id("name")
    members = {"name": name, "description": "", "type_": "AIGC", "project": "default", **change}
    account = gateway.sandbox.config.accounts[0]
    gateway.sandbox.store.assets.add_group(account, **members)
    await gateway.fault("CreateAssetGroup", kind="cut", at="before")
    with pytest.raises(ConflictError):
        await gateway.run(tenant, "CreateAssetGroup", Name=name, GroupType="AIGC")


async def test_a_group_on_a_shared_account_is_not_attributed(fresh: AssetsGateway) -> None:
    """Another client of the account may have made the group in the same minute, and the tenant could delete it."""
    tenant = await fresh.tenant()
    await fresh.change_channel(exclusive=False)
    account = fresh.sandbox.config.accounts[0]
    members = {"name": "MyAssetGroup", "description": "", "type_": "AIGC", "project": "default"}
    theirs = fresh.sandbox.store.assets.add_group(account, **members)
    await fresh.fault("CreateAssetGroup", kind="cut", at="before")
    with pytest.raises(ConflictError) as caught:
        await fresh.run(tenant, "CreateAssetGroup", Name="MyAssetGroup", GroupType="AIGC")
    assert caught.value.code == "OutcomeUnknown"
    assert (await list_groups(tenant))["TotalCount"] == 0
    await refused(tenant, "DeleteAssetGroup", 404, "NotFound.group_id", Id=theirs.id)


async def test_an_asset_in_the_tenants_own_group_is_found_on_a_shared_account(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    await fresh.change_channel(exclusive=False)
    await fresh.fault("CreateAsset", kind="cut", at="after")
    asset_id = await new_asset(tenant, group_id)
    assert [item["Id"] for item in (await list_assets(tenant))["Items"]] == [asset_id]


async def test_the_search_ends_in_time_when_the_upstream_does_not_answer_it(
    gateway: AssetsGateway, tenant: Tenant
) -> None:
    await gateway.fault("CreateAssetGroup", kind="cut", at="after")
    await gateway.fault("ListAssetGroups", **HELD)
    with pytest.raises(ConflictError):
        await gateway.run(tenant, "CreateAssetGroup", search_timeout_seconds=0.3, Name=new_id("name"), GroupType="AIGC")
    # The upstream has not answered the list until now, so the create did not wait for it.
    await gateway.release()


async def test_a_refused_create_leaves_nothing_open(gateway: AssetsGateway, tenant: Tenant) -> None:
    await gateway.fault("CreateAssetGroup", kind="error", status=400, code="InvalidParameter.Name")
    response = await by_path(tenant, "CreateAssetGroup", {"Name": "x", "GroupType": "AIGC"})
    assert response.status_code == 400
    assert await _open_intents(gateway, tenant) == []


async def test_open_creates_are_deleted_after_a_day(fresh: AssetsGateway) -> None:
    tenant = await fresh.tenant()
    await _open_rival(fresh, tenant, name="old", minutes_ago=24 * 60 + 1)
    await _open_rival(fresh, tenant, name="young", minutes_ago=23 * 60)
    await fresh.services.asset_create_recovery.run_once()
    assert [row.name for row in await _open_intents(fresh, tenant)] == ["young"]
