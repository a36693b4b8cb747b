"""Fixtures for tests that enter through the admin API; imported by the ``conftest`` of their folders."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.catalog.models import ModelRow
from tests.support.admin_app import MODEL_ROWS, Process, running_process
from tests.support.channel_app import ChannelApp, running_channel_app
from tests.support.clock import ManualSeconds, MovableClock


@pytest.fixture
def clock() -> MovableClock:
    """The time of day."""
    return MovableClock(stands_still=True)


@pytest.fixture
def seconds() -> ManualSeconds:
    """What the authenticators measure their trust with."""
    return ManualSeconds()


@pytest_asyncio.fixture
async def process(
    engine: AsyncEngine, clean_database: None, clock: MovableClock, seconds: ManualSeconds
) -> AsyncIterator[Process]:
    """One process on a database that is empty but for models."""
    async with running_process(engine, clock, seconds) as running:
        async with running.sessions.begin() as session:
            await session.execute(insert(ModelRow), MODEL_ROWS)
        yield running


@pytest_asyncio.fixture
async def other_process(
    engine: AsyncEngine, process: Process, clock: MovableClock, seconds: ManualSeconds
) -> AsyncIterator[Process]:
    """Another process on the same database."""
    async with running_process(engine, clock, seconds) as running:
        yield running


@pytest_asyncio.fixture
async def app(engine: AsyncEngine, clean_database: None) -> AsyncIterator[ChannelApp]:
    """One process that reaches upstreams, on an empty database."""
    async with running_channel_app(engine) as running:
        yield running
