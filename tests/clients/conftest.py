"""Fixtures of the tests with other people's programs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.clients.builds import BUILDS
from tests.clients.other_origin import other_origin
from tests.clients.program import Program
from tests.clients.running import run_and_look
from tests.clients.table import cell
from tests.support.site import Site, open_site
from tests.support.toolchains import build, require

Check = Callable[[Program], Awaitable[None]]


@pytest.fixture(scope="session")
def page_origin() -> Iterator[str]:
    """The origin of a web page whose scripts may call the gateway."""
    with other_origin() as origin:
        yield origin


@pytest_asyncio.fixture(scope="session")
async def site(database_url: str, tmp_path_factory: pytest.TempPathFactory, page_origin: str) -> AsyncIterator[Site]:
    """A gateway and its upstream, shared by the session."""
    folder = tmp_path_factory.mktemp("clients")
    async with open_site(database_url, folder, CORS_ORIGINS=page_origin) as running:
        yield running


@pytest.fixture
def check(request: pytest.FixtureRequest, site: Site, page_origin: str, tmp_path: Path) -> Check:
    """Runs a program with all that it supports, and enters the results into the table."""

    async def look(program: Program) -> None:
        await make_ready(program)
        for step, seen in (await run_and_look(program, site, page_origin, tmp_path)).items():
            request.node.user_properties.append(cell(program, step, seen))

    return look


async def make_ready(program: Program) -> None:
    """Builds what a program needs, or skips the test where the machine lacks it."""
    require(program.needs)
    if program.build:
        wanted = BUILDS[program.build]
        require(wanted.programs)
        await asyncio.to_thread(build, wanted)
