"""Bringing the schema of a database to the newest version, by Alembic."""

import asyncio

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.engine import open_engine
from app.db.schema_version import SchemaError, migrations_dir

# Any number that nothing else in the database uses.
_MIGRATION_LOCK = 7_333_428_301
# Another process may be migrating: wait for it, it is about to do our work.
_TURN_TIMEOUT_SECONDS = 600
_TURN_POLL_SECONDS = 0.1
# A migration that waits for a table blocks every query that comes after it: give up soon, and be run again.
_TABLE_LOCK_TIMEOUT = "5s"
_STATEMENT_TIMEOUT = "10min"


def alembic_config(connection: Connection) -> Config:
    """Returns Alembic's configuration for work on a connection that is open already."""
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade_to_head(url: str) -> None:
    """Brings a database to the newest version; processes that do so at once take turns.

    Each migration is a transaction of its own, or some that can be repeated: after an error the ones before it stand,
    and it can be run again.
    Connect to the server itself, not through a pooler that shares sessions between transactions.

    Raises:
        SchemaError: the database is newer than this program, or another process has been migrating for ten minutes.
        sqlalchemy.exc.DBAPIError: a migration failed, or waited over 5 seconds for a table.
        app.db.engine.DatabaseUnavailableError: the database cannot be reached.
    """
    engine = open_engine(url, pool_size=1, command_timeout_seconds=None)
    try:
        async with engine.connect() as connection:
            await _take_turn(connection)
            # The turn ends with the session, also when a migration fails.
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def _take_turn(connection: AsyncConnection) -> None:
    is_free = text("SELECT pg_try_advisory_lock(:lock)")
    try:
        async with asyncio.timeout(_TURN_TIMEOUT_SECONDS):
            # A statement that waited for the lock would keep its snapshot, for whose end an index that is built
            # concurrently waits.
            while not await connection.scalar(is_free, {"lock": _MIGRATION_LOCK}):
                await connection.commit()
                await asyncio.sleep(_TURN_POLL_SECONDS)
    except TimeoutError:
        raise SchemaError("Another process has been migrating the database for ten minutes.") from None
    await connection.execute(text(f"SET lock_timeout = '{_TABLE_LOCK_TIMEOUT}'"))
    await connection.execute(text(f"SET statement_timeout = '{_STATEMENT_TIMEOUT}'"))
    await connection.commit()


def _upgrade(connection: Connection) -> None:
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise SchemaError(
            f"The migrations do not lead from this database's version to the newest: {error}. The database may have "
            "been used by a newer Seedgate; run that version."
        ) from error
    connection.commit()
