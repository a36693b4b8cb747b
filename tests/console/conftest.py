"""A gateway behind a proxy that ends TLS, whose clocks stand still; and one that windows of Chromium look at."""

from collections.abc import AsyncIterator
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium

from app.sandbox.config import SandboxConfig
from tests.console.browser import Browser, admin_token
from tests.console.chromium import Theme, Window, chromium, install_axe
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.database import own_database
from tests.support.gateway import Gateway, open_gateway
from tests.support.loopback import LOOPBACK_NETWORKS
from tests.support.site import Site, open_site


class Windows(Protocol):
    """Opens a window of the console."""

    async def __call__(
        self, language: str = "zh-CN", theme: Theme = "light", width: int = 1280, url: str | None = None
    ) -> Window:
        """Opens one, in a browser of that language and appearance; of the site's gateway or of the one at ``url``."""


@pytest_asyncio.fixture(scope="package")
async def proxied(database_url: str) -> AsyncIterator[Gateway]:
    """The gateway; a test takes it by ``behind_proxy``."""
    clock = MovableClock(stands_still=True)
    async with (
        own_database(database_url) as url,
        open_gateway(
            url,
            sandbox_config=SandboxConfig(clock=clock, limits=None),
            clock=clock,
            seconds=ManualSeconds(),
            background="off",
            trusted_proxies=LOOPBACK_NETWORKS,
        ) as running,
    ):
        yield running


@pytest_asyncio.fixture
async def behind_proxy(proxied: Gateway) -> Gateway:
    """The gateway, some minutes after the test before, so that nothing is counted against this one."""
    proxied.seconds.advance(600)
    return proxied


@pytest_asyncio.fixture
async def owner(behind_proxy: Gateway) -> Browser:
    """A browser that is signed in with the admin token of the environment."""
    browser = Browser(behind_proxy)
    answer = await browser.sign_in(admin_token(behind_proxy))
    assert answer.status_code == 200, answer.text
    return browser


@pytest_asyncio.fixture(scope="package")
async def site(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A gateway as its operator runs it, ``seedgate serve``, and a sandbox; for the walks in Chromium."""
    async with open_site(database_url, tmp_path_factory.mktemp("site"), CALLBACK_ALLOW="127.0.0.0/8") as opened:
        yield opened


@pytest_asyncio.fixture(scope="package")
async def browser() -> AsyncIterator[Chromium]:
    """Debian's Chromium."""
    install_axe()
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture
async def windows(browser: Chromium, site: Site) -> AsyncIterator[Windows]:
    """Opens windows of the console, each with its own cookies, and checks at the end what must hold in all of them."""
    opened: list[Window] = []

    async def open_window(
        language: str = "zh-CN", theme: Theme = "light", width: int = 1280, url: str | None = None
    ) -> Window:
        context = await browser.new_context(
            locale=language, color_scheme=theme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
        )
        window = Window(await context.new_page(), url or site.gateway.url, site.sandbox.origin, language)
        await window.prepare()
        opened.append(window)
        return window

    yield open_window
    for window in opened:
        await window.page.context.close()
    for window in opened:
        window.check()
