"""Fixtures of the HTTP tests, and which files are collected."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.http.driven import Server, TurnLoop
from tests.support.gateway import Gateway, Tenant
from tests.support.threaded import GatewayAccess, gateway_in_a_thread


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out a file that takes seconds to be collected when all of it would be deselected."""
    is_of_no_use = collection_path.name == "test_openapi_thoroughly.py" and "not slow" in config.option.markexpr
    return True if is_of_no_use else None


@pytest.fixture(scope="session")
def access(database_url: str) -> Iterator[GatewayAccess]:
    """A gateway that can be called by what blocks."""
    with gateway_in_a_thread(database_url) as found:
        yield found


@pytest_asyncio.fixture(scope="module")
async def tenant(gateway: Gateway) -> Tenant:
    """The tenant of the tests in one file."""
    return await gateway.tenant()


@pytest.fixture
def loop() -> Iterator[TurnLoop]:
    """An event loop in which time passes when a test says so."""
    opened = TurnLoop()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server without limits of its own in such a loop."""
    opened = TurnLoop()
    yield Server(opened)
    opened.close()
