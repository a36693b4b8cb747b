"""Creates of assets and groups whose gateway is killed while they are under way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.assets.gateway import OPEN, AssetsGateway, list_assets, list_groups, open_assets_gateway
from tests.support.driving import URL, new_group
from tests.support.gateway import HELD, Tenant
from tests.support.process import gateway_process
from tests.support.timeouts import HANG_SECONDS, until

pytestmark = pytest.mark.slow


@pytest_asyncio.fixture
async def fresh(database_url: str) -> AsyncIterator[AssetsGateway]:
    """A gateway of the test's own, whose clock runs like those of the other processes."""
    async with open_assets_gateway(database_url, stands_still=False) as running:
        yield running


def _has_effect(gateway: AssetsGateway) -> bool:
    return gateway.sandbox.store.ledger.requests[-1].has_effect


async def _kill_during(gateway: AssetsGateway, tenant: Tenant, folder: Path, action: str, body: dict[str, Any]) -> None:
    """Kills a gateway after the upstream made the object and before its answer arrived."""
    await gateway.fault(action, **HELD)
    before = gateway.count(action)
    async with (
        gateway_process(folder, gateway.settings, ark_exclusive="on", background="off") as process,
        process.client(tenant.key) as client,
    ):
        creating = asyncio.create_task(client.post(OPEN + action, json=body))
        await until(lambda: gateway.count(action) > before and _has_effect(gateway))
        process.process.kill()
        with pytest.raises(httpx.TransportError):
            await creating
        await process.process.wait()
    await gateway.release()


async def test_an_object_that_a_killed_gateway_had_created_appears_in_the_tenants_lists(
    fresh: AssetsGateway, tmp_path: Path
) -> None:
    tenant = await fresh.tenant()
    group_id = await new_group(tenant)
    await _kill_during(fresh, tenant, tmp_path, "CreateAssetGroup", {"Name": "killed", "GroupType": "AIGC"})
    body = {"GroupId": group_id, "URL": URL, "AssetType": "Image", "Name": "killed"}
    await _kill_during(fresh, tenant, tmp_path, "CreateAsset", body)
    async with (
        gateway_process(tmp_path, fresh.settings, ark_exclusive="on", background="on"),
        asyncio.timeout(HANG_SECONDS),
    ):
        while (await list_assets(tenant))["TotalCount"] + (await list_groups(tenant))["TotalCount"] < 3:  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.1)
    assert [item["Id"] for item in (await list_assets(tenant))["Items"]] == fresh.upstream_ids("assets", "killed")
    found = [item["Id"] for item in (await list_groups(tenant, Filter={"Name": "killed"}))["Items"]]
    assert found == fresh.upstream_ids("groups", "killed")
    assert (fresh.count("CreateAsset"), fresh.count("CreateAssetGroup")) == (1, 2)


async def test_a_retry_after_a_kill_gets_what_the_first_attempt_made(fresh: AssetsGateway, tmp_path: Path) -> None:
    tenant = await fresh.tenant()
    body = {"Name": "killed", "GroupType": "AIGC"}
    await _kill_during(fresh, tenant, tmp_path, "CreateAssetGroup", body)
    async with (
        gateway_process(tmp_path, fresh.settings, ark_exclusive="on", background="off") as process,
        process.client(tenant.key) as client,
    ):
        response = await client.post(OPEN + "CreateAssetGroup", json=body)
        assert response.status_code == 200, response.text
    assert [response.json()["Id"]] == fresh.upstream_ids("groups", "killed")
    assert fresh.count("CreateAssetGroup") == 1
    assert (await list_groups(tenant))["TotalCount"] == 1
