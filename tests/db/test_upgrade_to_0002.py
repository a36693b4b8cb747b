"""What the second migration makes of what the version before has written."""

from collections.abc import AsyncIterator

import pytest_asyncio
from alembic import command
from sqlalchemy import text

from app.db.engine import open_engine
from app.db.schema import alembic_config, upgrade_to_head
from tests.support.database import empty_database

CHANNELS = """
    INSERT INTO channels (id, name, ark_base_url, openapi_url, region, projects, exclusive, models, priority, weight,
                          status, created_at, updated_at, deleted_at)
    SELECT id, name, '', '', '', '{}', false, '{}', 0, 1, 'active', now(), now(), deleted_at
    FROM (VALUES ('ch_1', 'one', NULL), ('ch_2', 'two', NULL), ('ch_3', 'gone', now())) AS c (id, name, deleted_at)
"""
TENANTS = """
    INSERT INTO tenants (id, name, status, allowed_channels, metadata, created_at, updated_at)
    VALUES ('t1', '', 'active', '{two,ch_1,misspelt,gone,one}', '{}', now(), now()),
           ('t2', '', 'active', NULL, '{}', now(), now())
"""
KEYS = """
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, allowed_channels, created_at, updated_at)
    VALUES ('k1', 't1', '', 'p1', '', '{one}', now(), now()), ('k2', 't1', '', 'p2', '', NULL, now(), now())
"""


@pytest_asyncio.fixture
async def old_database_url(database_url: str) -> AsyncIterator[str]:
    """A second database on the session's server, as the version before left it."""
    async with empty_database(database_url) as url:
        old = open_engine(url, pool_size=1)
        async with old.connect() as connection:
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0001"))
            for statement in (CHANNELS, TENANTS, KEYS):
                await connection.execute(text(statement))
            await connection.commit()
        await old.dispose()
        yield url


async def test_names_in_lists_of_channels_become_ids_in_their_order(old_database_url: str) -> None:
    await upgrade_to_head(old_database_url)

    new = open_engine(old_database_url, pool_size=1)
    async with new.connect() as connection:
        tenants = await connection.execute(text("SELECT allowed_channels FROM tenants ORDER BY id"))
        keys = await connection.execute(text("SELECT allowed_channels FROM api_keys ORDER BY id"))
        found = [list(rows.scalars()) for rows in (tenants, keys)]
    await new.dispose()
    # What was no channel allowed nothing, and does so still.
    assert found == [[["ch_2", "ch_1", "misspelt", "gone", "ch_1"], None], [["ch_1"], None]]
