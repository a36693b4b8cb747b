"""Fixtures of this folder."""

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.db.engine import session_factory
from tests.support.admin_fixtures import app

__all__ = ["app"]


@pytest_asyncio.fixture
async def sessions(engine: AsyncEngine, clean_database: None) -> async_sessionmaker[AsyncSession]:
    """Sessions on an empty database."""
    return session_factory(engine)
