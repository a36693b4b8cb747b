"""Fixtures of the tests of tasks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from tests.support.database import own_database
from tests.support.due_jobs import jobs_run_only_when_due
from tests.support.stage import Stage, open_stage
from tests.tasks.searching import Search, open_search

__all__ = ["jobs_run_only_when_due"]


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


@pytest_asyncio.fixture
async def models(stage: Stage) -> AsyncIterator[list[dict[str, Any]]]:
    """The stage's models as the admin API shows them, which are put back after a test that changes them."""
    shown = (await stage.world.admin.get("/models")).json()
    yield shown["data"]
    assert (await stage.world.admin.put("/models", json=shown)).status_code == 200


@pytest_asyncio.fixture(scope="session")
async def running_search(database_url: str) -> AsyncIterator[Search]:
    """A stage on which creates are lost and searched for, shared by the session."""
    async with open_search(database_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def search(running_search: Search) -> Search:
    """The shared search, emptied."""
    await running_search.prepare()
    return running_search
