"""Fixtures of the tests of tasks."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.stage import Stage, open_stage
from tests.support.world import own_database


@pytest_asyncio.fixture(scope="session")
async def running_stage(database_url: str) -> AsyncIterator[Stage]:
    """A world whose upstream is made to fail, shared by the session."""
    async with own_database(database_url) as url, open_stage(url) as opened:
        yield opened


@pytest_asyncio.fixture
async def stage(running_stage: Stage) -> Stage:
    """The shared stage, without faults; what it tells has happened since the test began."""
    await running_stage.prepare()
    return running_stage
