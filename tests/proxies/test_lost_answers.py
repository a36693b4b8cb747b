"""A create whose answer is lost at or before a proxy: the SDK tries again, and one task is paid."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.proxies.calls import plain, tasks, text
from tests.proxies.conftest import Start
from tests.proxies.running import Proxy
from tests.support.driving import count_received
from tests.support.gateway import TASKS, Gateway, Tenant
from tests.support.logs import written
from tests.support.process import gateway_process

pytestmark = pytest.mark.sdk
_TIMEOUT_SECONDS = 20


async def test_a_create_that_outlasts_the_proxys_timeout_is_paid_once(gateway: Gateway, start: Start) -> None:
    tenant = await gateway.tenant()
    await slow_create(gateway, seconds=2.5)
    before = count_received(gateway, "create_task")
    async with start(gateway.base_url, read_timeout="1s") as proxy:
        created = await tasks(proxy.url, tenant.key)("create", **text("slow"))
    await check_one(gateway, tenant, created.id, before)


async def test_a_client_that_leaves_the_proxy_and_asks_again_gets_the_same_task(gateway: Gateway, proxy: Proxy) -> None:
    tenant = await gateway.tenant()
    await slow_create(gateway, seconds=1.5)
    before = count_received(gateway, "create_task")
    body = text("left")
    async with plain(proxy.url, tenant.key, timeout_seconds=0.7) as hasty:
        with pytest.raises(httpx.ReadTimeout):
            await hasty.post(TASKS, json=body)
    async with plain(proxy.url, tenant.key) as lasting:
        answer = await lasting.post(TASKS, json=body)
    await check_one(gateway, tenant, answer.json()["id"], before)


async def test_a_create_whose_gateway_is_killed_is_paid_once_and_answered_by_the_other(
    gateway: Gateway, start: Start, tmp_path: Path
) -> None:
    tenant = await gateway.tenant()
    await slow_create(gateway, seconds=5)
    before = count_received(gateway, "create_task")
    sockets = tmp_path / "first"
    sockets.mkdir()
    second = urlsplit(gateway.base_url).netloc
    async with (
        gateway_process(sockets, gateway.settings, background="off") as first,
        start(str(sockets / "gateway.sock"), second=second) as proxy,
    ):
        with written() as log:
            creating = asyncio.ensure_future(tasks(proxy.url, tenant.key)("create", **text("killed")))
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                while count_received(gateway, "create_task") == before:  # noqa: ASYNC110 - there is no event
                    await asyncio.sleep(0.02)
            assert log.requests() == []
            first.process.kill()
            created = await creating
    assert [(line["method"], line["status"]) for line in log.requests()] == [("POST", 200)]
    await check_one(gateway, tenant, created.id, before)


async def slow_create(gateway: Gateway, *, seconds: float) -> None:
    """Makes the upstream create the next task at once and answer late."""
    effect = {"kind": "delay", "at": "after", "delay_seconds": seconds}
    made = await gateway.control.post("/faults", json={"operation": "create_task", "times": 1, "effect": effect})
    assert made.status_code == 201, made.text


async def check_one(gateway: Gateway, tenant: Tenant, task_id: str, before: int) -> None:
    """Checks that the upstream was asked for one task, which the tenant has."""
    assert count_received(gateway, "create_task") == before + 1
    listed = (await tenant.http.get(TASKS)).json()
    assert [task["id"] for task in listed["items"]] == [task_id]
