"""Fixtures that every folder of tests shares."""

import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import settings
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.engine import open_engine
from app.db.schema import upgrade_to_head
from app.observability.logging import configure_logging
from app.sandbox.config import SandboxConfig
from tests.chaos.figures import pytest_terminal_summary as pytest_terminal_summary  # noqa: PLC0414 - a hook, found by its name
from tests.clients import table as clients_table
from tests.sdk import table as sdk_table
from tests.support import page_table
from tests.support.clock import MovableClock
from tests.support.database import EMPTY_ALL, keep_template, open_superuser, own_database, session_server
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import Gateway, open_gateway
from tests.support.node_ids import refuse_repeated
from tests.support.timeouts import lengthen_timeouts

# Properties are tried on few examples every day, and on many in a step of .ci/run.
settings.register_profile("everyday", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile("everyday")

# Nothing that collecting tests makes is garbage. ``pytest_collection_finish`` enables it again.
gc.disable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that writes the tables of the documentation."""
    page_table.add_option(parser)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compares the tables of the documentation with what this run saw."""
    page_table.finish(session, [sdk_table.TABLE, *clients_table.TABLES])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of ``tests/upstream/http`` last.

    They run on event loops of their own kinds, and a change of the loop ends what the session shares: the database
    server and the gateways, which the next file would have to start again.
    """
    items.sort(key=lambda item: item.path.parent.parts[-2:] == ("upstream", "http"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(ids: list[str]) -> None:
    """Ends a run whose workers have collected tests that share a node id."""
    refuse_repeated(ids)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the collector of garbage, which was off until now, need not walk it."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Logs as in production: structlog's own default spends seconds on drawing a traceback with every variable."""
    configure_logging(level="warning", style="json")


@pytest.fixture(scope="session", autouse=True)
def patient_product() -> Iterator[None]:
    """The product waits as long as a test does: a slow machine is no failure."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        lengthen_timeouts(monkeypatch)
        yield


@pytest_asyncio.fixture(scope="session")
async def database_url() -> AsyncIterator[str]:
    """The address of a real, migrated database, shared by the session, for the role of the gateway.

    So every test that goes through the gateway proves that this role suffices.
    """
    with session_server() as server:
        await upgrade_to_head(server.owner_url)
        await keep_template(server.url)
        yield server.url


@pytest_asyncio.fixture(scope="session")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the session's database."""
    opened = open_engine(database_url)
    yield opened
    await opened.dispose()


@pytest_asyncio.fixture(scope="session")
async def superuser(database_url: str) -> AsyncIterator[Any]:
    """A connection that stays open: a new one takes longer than what a test needs it for."""
    async with open_superuser(database_url) as connection:
        yield connection


@pytest_asyncio.fixture
async def clean_database(superuser: Any) -> None:
    """Every table is empty when the test begins."""
    await superuser.execute(EMPTY_ALL)


@pytest_asyncio.fixture(scope="session")
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """Gateway and sandbox, shared by the session: a test keeps to itself by making its own tenants.

    The sandbox's tasks take about a second, and it enforces no rate. Nothing runs in the background: what a client
    does must work without, and the jobs would keep the processor busy while other tests want it.
    """
    config = SandboxConfig(time_scale=200, limits=None)
    async with (
        own_database(database_url) as url,
        open_gateway(url, sandbox_config=config, clock=MovableClock(), background="off") as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="session")
async def frozen_gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway whose clocks stand still, with three channels, shared by the session."""
    async with own_database(database_url) as url, open_frozen_gateway(url) as opened:
        yield opened
