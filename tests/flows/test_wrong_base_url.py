"""A start does not wait for the upstream, and tells soon afterwards that the environment names a wrong base URL."""

import asyncio

import pytest

from app.sandbox.config import SandboxConfig
from app.sandbox.server import SandboxServer
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.gateway import open_gateway
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.slow


async def test_a_base_url_without_the_version_is_reported_by_the_channels_health(database_url: str) -> None:
    async with SandboxServer(SandboxConfig()) as elsewhere, own_database(database_url) as url:
        root = elsewhere.ark_base_url.removesuffix("/api/v3")
        async with open_gateway(
            url, sandbox_config=SandboxConfig(), clock=MovableClock(), ark_base_url=root, background="on"
        ) as gateway:
            async with asyncio.timeout(HANG_SECONDS):
                while not (channel := (await gateway.admin.get("/channels")).json()["data"][0])["health"]["faults"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)  # the database has no event for it
            (fault,) = channel["health"]["faults"]
            assert (channel["status"], fault["operation"], fault["status"]) == ("active", "list_tasks", 404)
            assert "not in the format of the upstream's API" in fault["message"]
            tenant = await gateway.tenant()
            # The first says that the channel refuses, the second that its breaker has been opened meanwhile.
            assert (await tenant.create_task()).status_code in {502, 503}
            assert (await gateway.ledger())["tasks"] == []
