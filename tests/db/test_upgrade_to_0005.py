"""What the fifth migration makes of what the version before has written."""

from alembic import command
from sqlalchemy import text

from app.db.engine import open_engine
from app.db.roles import OWNER
from app.db.schema import alembic_config
from tests.support.database import own_database, url_of

TENANT = """
    INSERT INTO tenants (id, name, status, metadata, created_at, updated_at)
    VALUES ('t', '', 'active', '{}', now(), now())
"""
# Each new key was made a moment after the one before; "newer" was made in the grace of "rotated". An operator has
# shortened the life of "new short" since, and the grace of "leaked" is over.
KEYS = """
    INSERT INTO api_keys (id, tenant_id, name, public_part, secret_hash, expires_at, rotated_from, created_at,
                          updated_at)
    VALUES ('plain', 't', '', '1', '', '2130-01-01Z', NULL, '2026-01-01Z', now()),
           ('rotated', 't', '', '2', '', '2126-02-01Z', NULL, '2026-01-01Z', now()),
           ('new', 't', '', '3', '', '2131-01-01Z', 'rotated', '2026-01-02Z', now()),
           ('newer', 't', '', '4', '', '2126-02-01Z', 'rotated', '2026-01-03Z', now()),
           ('endless', 't', '', '5', '', '2126-02-02Z', NULL, '2026-01-01Z', now()),
           ('new endless', 't', '', '6', '', NULL, 'endless', '2026-01-02Z', now()),
           ('outliving', 't', '', '7', '', '2126-02-03Z', NULL, '2026-01-01Z', now()),
           ('new short', 't', '', '8', '', '2026-01-03Z', 'outliving', '2026-01-02Z', now()),
           ('leaked', 't', '', '9', '', '2026-01-02Z', NULL, '2026-01-01Z', now()),
           ('new secret', 't', '', '91', '', NULL, 'leaked', '2026-01-02Z', now())
"""
ENDS = "SELECT id, to_char(expires_at, 'YYYY-MM-DD'), {grace} FROM api_keys ORDER BY public_part"
GRACE = "to_char(grace_ends_at, 'YYYY-MM-DD')"
BEFORE = [
    ("plain", "2130-01-01", None),
    ("rotated", "2126-02-01", None),
    ("new", "2131-01-01", None),
    ("newer", "2126-02-01", None),
    ("endless", "2126-02-02", None),
    ("new endless", None, None),
    ("outliving", "2126-02-03", None),
    ("new short", "2026-01-03", None),
    ("leaked", "2026-01-02", None),
    ("new secret", None, None),
]
AFTER = [
    ("plain", "2130-01-01", None),
    ("rotated", "2131-01-01", "2126-02-01"),
    ("new", "2131-01-01", None),
    ("newer", "2126-02-01", None),
    ("endless", None, "2126-02-02"),
    ("new endless", None, None),
    ("outliving", "2126-02-03", "2126-02-03"),
    ("new short", "2026-01-03", None),
    ("leaked", "2026-01-02", "2026-01-02"),
    ("new secret", None, None),
]


async def test_the_grace_of_a_rotated_key_moves_beside_its_own_end_and_no_key_stops_or_works_again(
    database_url: str,
) -> None:
    async with own_database(database_url) as url:
        engine = open_engine(url_of(OWNER, url), pool_size=1)
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0004"))
            await connection.execute(text("SET TIME ZONE 'UTC'"))
            await connection.execute(text(TENANT))
            await connection.execute(text(KEYS))
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0005"))
            after = [tuple(row) for row in await connection.execute(text(ENDS.format(grace=GRACE)))]
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "0004"))
            back = [tuple(row) for row in await connection.execute(text(ENDS.format(grace="NULL")))]
        await engine.dispose()

    assert after == AFTER
    assert back == BEFORE
