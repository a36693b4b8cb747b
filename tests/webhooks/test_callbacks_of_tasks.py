"""From a create with ``callback_url`` to the tenant's endpoint, end to end."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest
import pytest_asyncio

from app.sandbox.config import SandboxConfig
from tests.support.answers import check_error
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.gateway import TASKS, Gateway, Tenant, open_gateway
from tests.support.timeouts import HANG_SECONDS, until
from tests.webhooks.receiver import Receiver, receiving, status

DELIVERED = {"state": "delivered", "last_error": None}
OWN = "http://127.0.0.2:1"


@pytest.fixture(scope="module")
def clock() -> MovableClock:
    """The gateway's clock."""
    return MovableClock()


@pytest_asyncio.fixture(scope="module")
async def gateway(database_url: str, clock: MovableClock) -> AsyncIterator[Gateway]:
    """A gateway that may deliver to loopback, with a quick upstream."""
    async with (
        own_database(database_url) as url,
        open_gateway(
            url,
            sandbox_config=SandboxConfig(time_scale=200, limits=None),
            clock=clock,
            callback_allow=(ip_network("127.0.0.0/8"),),
            public_url=OWN,
        ) as running,
    ):
        yield running


async def final_message(receiver: Receiver, secret: str, clock: MovableClock) -> tuple[str, dict[str, Any]]:
    """Lets polls and retries become due until the final message arrives; verifies every message."""
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            for request in receiver.received:
                body = request.verify(secret)
                if body["status"] not in {"queued", "running"}:
                    return request.id, body
            clock.advance(1)
            await asyncio.sleep(0.05)


async def secret_of(gateway: Gateway, tenant: Tenant) -> str:
    made = await gateway.admin.post(f"/tenants/{tenant.id}/webhook-secret")
    assert made.status_code == 201, made.text
    return str(made.json()["secret"])


async def test_the_message_about_the_end_of_a_task_has_the_body_of_a_get(gateway: Gateway, clock: MovableClock) -> None:
    tenant = await gateway.tenant(allowed_channels=["default"])
    secret = await secret_of(gateway, tenant)
    async with receiving() as receiver:
        receiver.answers = [status(500)]
        task_id = await tenant.new_task(callback_url=receiver.url)
        _, delivered = await final_message(receiver, secret, clock)
        async with asyncio.timeout(HANG_SECONDS):
            while (shown := (await tenant.http.get(f"{TASKS}/{task_id}")).json())["callback"] != DELIVERED:
                clock.advance(1)
                await asyncio.sleep(0.05)
    assert delivered["id"] == task_id
    assert delivered["status"] == "succeeded"
    assert delivered["content"]["expires_at"] > delivered["updated_at"]
    assert {**delivered, "callback": DELIVERED} == shown

    listed = (await gateway.admin.get("/deliveries", params={"task": task_id})).json()["data"]
    assert {row["task_id"] for row in listed} == {task_id}
    assert {row["tenant_id"] for row in listed} == {tenant.id}
    assert "secret=path" not in str(listed)


async def test_a_delivered_message_can_be_sent_again_under_its_id(gateway: Gateway, clock: MovableClock) -> None:
    tenant = await gateway.tenant(allowed_channels=["default"])
    secret = await secret_of(gateway, tenant)
    async with receiving() as receiver:
        await tenant.new_task(callback_url=receiver.url)
        message, body = await final_message(receiver, secret, clock)
        count = sum(request.id == message for request in receiver.received)
        assert (await gateway.admin.post(f"/deliveries/{message}/resend")).status_code == 200
        await until(lambda: sum(request.id == message for request in receiver.received) > count)
        assert receiver.received[-1].verify(secret) == body


async def test_a_create_with_a_forbidden_callback_url_is_refused(gateway: Gateway) -> None:
    tenant = await gateway.tenant(allowed_channels=["default"])
    before = len((await gateway.ledger())["tasks"])
    for url in ("http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/", OWN, "ftp://x", 5):
        answer = await tenant.create_task(callback_url=url)
        check_error(answer, 400, "InvalidParameter.callback_url", "callback_url")
    assert len((await gateway.ledger())["tasks"]) == before
