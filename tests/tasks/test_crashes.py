"""What a create is worth when the gateway or its database goes away in the middle of it."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.support.database import own_database, set_reachable
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import HELD, MODEL, SPARE_ID, TASKS, Gateway, get, text
from tests.support.process import gateway_process

BODY = {"model": MODEL, "content": text("a kitten")}


@pytest.mark.slow
async def test_when_the_database_goes_away_after_the_call_the_spare_id_is_answered_and_both_ids_stay_valid(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.creates.protocol._WRITE_TIMEOUT_SECONDS", 1.0)
    async with own_database(database_url) as url, open_frozen_gateway(url) as gateway:
        tenant = await gateway.tenant()
        await gateway.fault("create_task", **HELD)
        creating = asyncio.create_task(tenant.create_task())
        entry = await gateway.arrival("create_task")
        await set_reachable(database_url, url, is_reachable=False)
        try:
            assert (await gateway.anonymous.get("/healthz")).status_code == 200
            unready = await gateway.anonymous.get("/readyz")
            assert (unready.status_code, unready.json()["ready"]) == (503, False)
            await gateway.release()
            response = await creating
            refused = await tenant.create_task()
        finally:
            await set_reachable(database_url, url, is_reachable=True)
        assert response.status_code == 200, response.text
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "ServiceUnavailable")
        assert refused.headers["retry-after"].isdigit()
        spare_id = response.json()["id"]
        assert SPARE_ID.fullmatch(spare_id)
        row = await gateway.written(str(entry.resource_id))
        assert (row.id, row.status) == (spare_id, "queued")
        for task_id in (spare_id, str(entry.resource_id)):
            assert (await get(tenant, task_id)).json()["id"] == spare_id, "the client knows it by this one"
        assert len(gateway.received("create_task")) == 1


@pytest.mark.slow
async def test_a_retry_that_waits_when_the_database_goes_away_is_answered_with_the_id_and_never_with_an_error(
    database_url: str,
) -> None:
    async with own_database(database_url) as url, open_frozen_gateway(url) as gateway:
        tenant = await gateway.tenant()
        await gateway.fault("create_task", **HELD)
        creating = asyncio.create_task(tenant.http.post(TASKS, json=BODY))
        await gateway.arrival("create_task")
        creating.cancel()
        await gateway.until_abandoned(tenant)
        retrying = asyncio.create_task(tenant.http.post(TASKS, json=BODY))
        await gateway.until_claimed(tenant)
        await set_reachable(database_url, url, is_reachable=False)
        try:
            await gateway.release()
            retried = await retrying
        finally:
            await set_reachable(database_url, url, is_reachable=True)
        assert retried.status_code == 200, retried.text
        row = await gateway.written(str(gateway.received("create_task")[0].resource_id))
        assert row.id == retried.json()["id"]
        assert (await get(tenant, row.id)).json()["id"] == row.id
        assert len(gateway.received("create_task")) == 1


@pytest.mark.slow
async def test_a_create_that_was_under_way_when_the_gateway_was_killed_is_never_sent_again(
    gateway: Gateway, tmp_path: Path
) -> None:
    tenant = await gateway.tenant()
    await gateway.fault("create_task", **HELD)
    async with gateway_process(tmp_path, gateway.settings, background="on") as process:
        async with process.client(tenant.key) as client:
            creating = asyncio.create_task(client.post(TASKS, json=BODY))
            await gateway.arrival("create_task")
            process.process.kill()
            with pytest.raises(httpx.TransportError):
                await creating
        await process.process.wait()
    async with (
        gateway_process(tmp_path, gateway.settings, background="on") as process,
        process.client(tenant.key) as client,
    ):
        listed = (await client.get(TASKS)).json()
        assert [item["status"] for item in listed["items"]] == ["queued"]
        task_id = listed["items"][0]["id"]
        assert SPARE_ID.fullmatch(task_id)
        assert (await client.get(f"{TASKS}/{task_id}")).json()["status"] == "queued"
        assert (await client.delete(f"{TASKS}/{task_id}")).status_code == 409
    assert len(gateway.received("create_task")) == 1
