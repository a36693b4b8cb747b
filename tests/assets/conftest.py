"""Fixtures of the Assets tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.assets.library import Library, running_library
from tests.support.due_jobs import jobs_run_only_when_due
from tests.support.gateway import Tenant

__all__ = ["jobs_run_only_when_due"]


@pytest_asyncio.fixture(scope="session")
async def library(database_url: str) -> AsyncIterator[Library]:
    """A gateway that all tests share; tenants keep them apart. Its clock is not moved."""
    async with running_library(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def fresh(database_url: str) -> AsyncIterator[Library]:
    """A gateway of the test's own, for tests that move the clock or run background work."""
    async with running_library(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def tenant(library: Library) -> AsyncIterator[Tenant]:
    """A new tenant of the shared gateway."""
    yield await library.tenant()
    library.clear_faults()


@pytest_asyncio.fixture(scope="session")
async def anyone(library: Library) -> Tenant:
    """A tenant that many tests share, for requests whose answer does not depend on what it owns."""
    return await library.tenant()
