"""Fixtures: an S3 server, and a gateway that archives into it while its clocks stand still and no job runs."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.archive.s3 import S3Server, s3_server
from tests.archive.site import ArchiveSite, open_site
from tests.support.database import own_database


@pytest_asyncio.fixture(scope="session")
async def store() -> AsyncIterator[S3Server]:
    async with s3_server() as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def _site(database_url: str, store: S3Server) -> AsyncIterator[ArchiveSite]:
    async with own_database(database_url) as url, open_site(url, store) as opened:
        yield opened


@pytest_asyncio.fixture
async def site(_site: ArchiveSite) -> ArchiveSite:
    """The shared gateway, without faults; the store answers."""
    await _site.gateway.prepare()
    return _site
