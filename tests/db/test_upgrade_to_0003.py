"""What the third migration makes of what the version before has written."""

from collections.abc import AsyncIterator

import pytest_asyncio
from alembic import command
from sqlalchemy import text

from app.db.engine import open_engine
from app.db.schema import alembic_config, upgrade_to_head
from tests.support.database import empty_database

TENANT = """
    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    VALUES (:id, '', 'active', '{}', now(), now())
"""
KEY = """
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, created_at, updated_at)
    VALUES (:id, 't1', '', :id, '', now(), now())
"""


@pytest_asyncio.fixture
async def old_database_url(database_url: str) -> AsyncIterator[str]:
    """A second database on the session's server, as the version before left it."""
    async with empty_database(database_url) as url:
        old = open_engine(url, pool_size=1)
        async with old.connect() as connection:
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0002"))
            await connection.execute(text(TENANT), {"id": "t1"})
            await connection.execute(text(KEY), [{"id": "k1"}, {"id": "k2"}])
            await connection.commit()
        await old.dispose()
        yield url


async def test_keys_go_on_as_access_key_ids_and_none_has_a_pair(old_database_url: str) -> None:
    await upgrade_to_head(old_database_url)

    new = open_engine(old_database_url, pool_size=1)
    async with new.connect() as connection:
        # The column has a default for statements that do not name it.
        await connection.execute(text(TENANT), {"id": "t2"})
        allowed = list(await connection.scalars(text("SELECT allow_key_as_access_key_id FROM tenants")))
        pairs = await connection.execute(text("SELECT access_key_id, secret_access_key_sealed FROM api_keys"))
        found = [tuple(row) for row in pairs]
    await new.dispose()
    assert (allowed, found) == ([True, True], [(None, None)] * 2)


async def test_the_way_back_leaves_nothing_behind(old_database_url: str) -> None:
    await upgrade_to_head(old_database_url)

    opened = open_engine(old_database_url, pool_size=1)
    async with opened.connect() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0002"))
        await connection.commit()
        left = await connection.scalars(
            text(
                "SELECT column_name FROM information_schema.columns WHERE column_name LIKE '%access_key%'"
                " AND table_name IN ('tenants', 'api_keys')"
            )
        )
        assert list(left) == []
    await opened.dispose()
    await upgrade_to_head(old_database_url)
