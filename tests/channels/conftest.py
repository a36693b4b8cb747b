"""Fixtures of this folder."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.db.engine import session_factory
from tests.support.channel_app import ChannelApp, running_channel_app


@pytest_asyncio.fixture
async def sessions(engine: AsyncEngine, clean_database: None) -> async_sessionmaker[AsyncSession]:
    """Sessions on an empty database."""
    return session_factory(engine)


@pytest_asyncio.fixture
async def app(engine: AsyncEngine, clean_database: None) -> AsyncIterator[ChannelApp]:
    """One process on an empty database."""
    async with running_channel_app(engine) as running:
        yield running
