"""Fixtures of the proxies' tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_network
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from app.sandbox.config import SandboxConfig
from tests.proxies.running import KINDS, Kind, Proxy, running
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.gateway import Gateway, open_gateway

Start = Callable[..., AbstractAsyncContextManager[Proxy]]


@pytest_asyncio.fixture(scope="session")
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway that believes a proxy on 127.0.0.1, and its upstream."""
    config = SandboxConfig(time_scale=200, limits=None)
    trusted = (ip_network("127.0.0.1/32"),)
    async with (
        own_database(database_url) as url,
        open_gateway(url, sandbox_config=config, clock=MovableClock(), trusted_proxies=trusted) as opened,
    ):
        yield opened
        opened.sandbox.store.faults.clear()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each proxy in turn."""
    return cast("Kind", request.param)


@pytest.fixture
def start(kind: Kind, tmp_path: Path) -> Start:
    """Starts the proxy in front of an address or a socket, with the options of ``running``."""

    def begin(url: str, **options: str) -> AbstractAsyncContextManager[Proxy]:
        folder = tmp_path / "proxy"
        folder.mkdir()
        return running(kind, folder, urlsplit(url).netloc or url, **options)

    return begin


@pytest_asyncio.fixture
async def proxy(gateway: Gateway, start: Start) -> AsyncIterator[Proxy]:
    """The proxy in front of the gateway."""
    gateway.sandbox.store.faults.clear()
    async with start(gateway.base_url) as opened:
        yield opened
