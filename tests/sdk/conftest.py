"""Fixtures of the SDK matrix."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.sdk.builds import BUILDS
from tests.sdk.clients import Client
from tests.sdk.users import SMALL_BODY_BYTES, User
from tests.support.process import GatewayProcess
from tests.support.site import Site, open_site
from tests.support.toolchains import build, require


@pytest_asyncio.fixture(scope="session")
async def running_site(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A gateway and its upstream, shared by the session."""
    async with open_site(database_url, tmp_path_factory.mktemp("sdk")) as site:
        yield site


@pytest_asyncio.fixture(scope="session")
async def strict(running_site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GatewayProcess]:
    """A second gateway of the site, for which most bodies are too large."""
    small = {"MAX_BODY_BYTES": str(SMALL_BODY_BYTES), "BACKGROUND": "off"}
    async with running_site.second_gateway(tmp_path_factory.mktemp("strict") / "gateway", **small) as gateway:
        yield gateway


@pytest.fixture
def site(running_site: Site) -> Site:
    """The gateway and its upstream, which behaves when the test begins."""
    running_site.end_faults()
    return running_site


@pytest_asyncio.fixture
async def user(request: pytest.FixtureRequest, site: Site, strict: GatewayProcess) -> User:
    """A new tenant's person with the SDK that the test's class names."""
    client: Client = request.cls.client
    wanted = BUILDS[client.build]
    require(wanted.programs)
    await asyncio.to_thread(build, wanted)
    return User(client, site, strict, await site.tenant())
