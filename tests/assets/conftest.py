"""Fixtures of the Assets tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.assets.gateway import AssetsGateway, open_assets_gateway
from tests.support.due_jobs import jobs_run_only_when_due
from tests.support.gateway import Tenant

__all__ = ["jobs_run_only_when_due"]


@pytest_asyncio.fixture(scope="session")
async def running_gateway(database_url: str) -> AsyncIterator[AssetsGateway]:
    """The gateway of all tests of this folder."""
    async with open_assets_gateway(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def gateway(running_gateway: AssetsGateway) -> AssetsGateway:
    """That gateway, without faults. Tests make their own tenants, so they do not affect each other."""
    await running_gateway.prepare()
    return running_gateway


@pytest_asyncio.fixture
async def fresh(running_gateway: AssetsGateway) -> AsyncIterator[AssetsGateway]:
    """That gateway, emptied: for tests that change its channels, and for jobs, which work on all tenants' objects."""
    await running_gateway.empty()
    yield running_gateway
    await running_gateway.empty()


@pytest_asyncio.fixture
async def own_gateway(database_url: str) -> AsyncIterator[AssetsGateway]:
    """A gateway of the test's own, for tests that break its connections to the database."""
    async with open_assets_gateway(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def tenant(gateway: AssetsGateway) -> Tenant:
    """A new tenant of the shared gateway."""
    return await gateway.tenant()


@pytest_asyncio.fixture(scope="session")
async def anyone(running_gateway: AssetsGateway) -> Tenant:
    """A tenant that many tests share, for requests whose answer does not depend on what it owns."""
    return await running_gateway.tenant()
