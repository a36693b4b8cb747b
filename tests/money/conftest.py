"""Fixtures of the tests of money."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.database import own_database
from tests.support.due_jobs import jobs_run_only_when_due
from tests.support.frozen_gateway import open_frozen_gateway
from tests.support.gateway import Gateway

__all__ = ["jobs_run_only_when_due"]


@pytest_asyncio.fixture(scope="package")
async def running_gateway(database_url: str) -> AsyncIterator[Gateway]:
    """One of these tests alone: they add channels, and leave creates of unknown outcome."""
    async with own_database(database_url) as url, open_frozen_gateway(url) as opened:
        yield opened


@pytest_asyncio.fixture
async def gateway(running_gateway: Gateway) -> Gateway:
    """The same, without faults."""
    await running_gateway.prepare()
    return running_gateway
