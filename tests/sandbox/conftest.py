"""Fixtures: sandboxes and clients of them."""

from collections.abc import AsyncIterator

import pytest_asyncio

from app.sandbox.config import DEFAULT_ACCOUNT, Account, SandboxConfig
from app.sandbox.server import SandboxServer
from tests.sandbox.clients import Caller
from tests.support.clock import MovableClock
from tests.support.timeouts import HANG_SECONDS

OTHER_ACCOUNT = Account(
    name="other",
    api_key="other-ark-key",
    access_key_id="AKOTHER",
    secret_access_key="other-secret/==",
    session_token="STSOther/abc+def==",
)


@pytest_asyncio.fixture(scope="session")
async def running() -> AsyncIterator[SandboxServer]:
    """One server for the session: no limits, two accounts, a clock that stands still."""
    config = SandboxConfig(
        accounts=(DEFAULT_ACCOUNT, OTHER_ACCOUNT),
        clock=MovableClock(stands_still=True),
        limits=None,
        endpoints={"ep-20260101-abcde": "doubao-seedance-1-5-pro-251215"},
        callback_retry_seconds=0.01,
        callback_timeout_seconds=HANG_SECONDS,
    )
    async with SandboxServer(config) as server:
        yield server


@pytest_asyncio.fixture
async def caller(running: SandboxServer) -> AsyncIterator[Caller]:
    """A client of an empty sandbox with the default account."""
    await running.sandbox.reset()
    found = Caller(running)
    yield found
    await found.http.aclose()


@pytest_asyncio.fixture
async def stranger(caller: Caller) -> AsyncIterator[Caller]:
    """A client of the same sandbox with another account."""
    found = Caller(caller.server, OTHER_ACCOUNT)
    yield found
    await found.http.aclose()


@pytest_asyncio.fixture(scope="session")
async def abroad() -> AsyncIterator[Caller]:
    """A client of a sandbox of BytePlus."""
    config = SandboxConfig(region="ap-southeast-1", clock=MovableClock(stands_still=True), limits=None)
    async with SandboxServer(config) as server:
        found = Caller(server)
        yield found
        await found.http.aclose()
