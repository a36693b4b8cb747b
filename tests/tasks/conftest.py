"""Fixtures of the tests of tasks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from app.tasks.context import TasksContext
from tests.support.due_jobs import jobs_run_only_when_due
from tests.support.frozen_gateway import prepared_gateway
from tests.support.gateway import Gateway
from tests.tasks.searching import Search, open_context, open_search

__all__ = ["jobs_run_only_when_due"]

gateway = prepared_gateway


@pytest_asyncio.fixture(scope="session")
async def context(frozen_gateway: Gateway) -> AsyncIterator[TasksContext]:
    """The context of a second process on the gateway's database, whose rate limiter grants every token."""
    async with open_context(frozen_gateway) as opened:
        yield opened


@pytest_asyncio.fixture
async def models(gateway: Gateway) -> AsyncIterator[list[dict[str, Any]]]:
    """The gateway's models as the admin API shows them, which are put back after a test that changes them."""
    shown = (await gateway.admin.get("/models")).json()
    yield shown["data"]
    assert (await gateway.admin.put("/models", json=shown)).status_code == 200


@pytest_asyncio.fixture(scope="session")
async def running_search(database_url: str) -> AsyncIterator[Search]:
    """A gateway whose creates are lost and searched for, shared by the session."""
    async with open_search(database_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def search(running_search: Search) -> Search:
    """The same, emptied."""
    await running_search.prepare()
    return running_search
