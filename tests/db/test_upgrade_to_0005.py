"""What the fifth migration makes of what the version before has written."""

from alembic import command
from sqlalchemy import text

from app.db.engine import open_engine
from app.db.schema import alembic_config, upgrade_to_head
from tests.support.database import empty_database

TENANT = """
    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    VALUES ('t', '', 'active', '{}', now(), now())
"""
# Each new key was made a moment after the one before; the third one was made in the grace of "rotated".
KEYS = """
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, expires_at, rotated_from, created_at,
                          updated_at)
    VALUES ('plain', 't', '', '1', '', '2030-01-01Z', NULL, '2026-01-01Z', now()),
           ('rotated', 't', '', '2', '', '2026-02-01Z', NULL, '2026-01-01Z', now()),
           ('new', 't', '', '3', '', '2031-01-01Z', 'rotated', '2026-01-02Z', now()),
           ('newer', 't', '', '4', '', '2026-02-01Z', 'rotated', '2026-01-03Z', now()),
           ('endless', 't', '', '5', '', '2026-02-02Z', NULL, '2026-01-01Z', now()),
           ('new endless', 't', '', '6', '', NULL, 'endless', '2026-01-02Z', now())
"""
ENDS = "SELECT id, to_char(expires_at, 'YYYY-MM-DD'), {grace} FROM api_keys ORDER BY public_part"
GRACE = "to_char(grace_ends_at, 'YYYY-MM-DD')"
BEFORE = [
    ("plain", "2030-01-01", None),
    ("rotated", "2026-02-01", None),
    ("new", "2031-01-01", None),
    ("newer", "2026-02-01", None),
    ("endless", "2026-02-02", None),
    ("new endless", None, None),
]


async def test_the_grace_of_a_rotated_key_moves_beside_the_end_that_its_owner_gave_it(database_url: str) -> None:
    async with empty_database(database_url) as url:
        engine = open_engine(url, pool_size=1)
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0004"))
            await connection.execute(text("SET TIME ZONE 'UTC'"))
            await connection.execute(text(TENANT))
            await connection.execute(text(KEYS))
            await connection.commit()
        await upgrade_to_head(url)
        async with engine.connect() as connection:
            await connection.execute(text("SET TIME ZONE 'UTC'"))
            after = [tuple(row) for row in await connection.execute(text(ENDS.format(grace=GRACE)))]
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0004"))
            back = [tuple(row) for row in await connection.execute(text(ENDS.format(grace="NULL")))]
        await engine.dispose()

    assert after == [
        ("plain", "2030-01-01", None),
        ("rotated", "2031-01-01", "2026-02-01"),
        ("new", "2031-01-01", None),
        ("newer", "2026-02-01", None),
        ("endless", None, "2026-02-02"),
        ("new endless", None, None),
    ]
    assert back == BEFORE
