"""Which version of the schema a database has, and bringing it to the newest."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.engine import open_engine

# Any number that nothing else in the database uses.
_MIGRATION_LOCK = 7_333_428_301
# Another process may be migrating: wait for it, it is about to do our work.
_TURN_TIMEOUT = "10min"
# A migration that waits for a table blocks every query that comes after it: give up soon, and be run again.
_TABLE_LOCK_TIMEOUT = "5s"
_STATEMENT_TIMEOUT = "10min"


class SchemaError(RuntimeError):
    """The schema cannot be brought to the newest version; the text says why."""


@dataclass(frozen=True)
class SchemaState:
    """The version of a database beside the version of this program.

    Attributes:
        current: revision of the database; None when it is empty.
        head: newest revision that this program knows; None when there are no migrations.
    """

    current: str | None
    head: str | None

    @property
    def is_current(self) -> bool:
        """Whether this program may work on the database."""
        return self.current == self.head


def migrations_dir() -> Path:
    """Returns the folder of the migrations: ``migrations/`` in a checkout, ``app/_migrations`` when installed."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def alembic_config(connection: Connection) -> Config:
    """Returns Alembic's configuration for work on a connection that is open already."""
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def upgrade_to_head(url: str) -> None:
    """Brings a database to the newest version; processes that do so at once take turns.

    Each migration is a transaction of its own: after an error the ones before it stand, and it can be run again.
    Connect to the server itself, not through a pooler that shares sessions between transactions.

    Raises:
        SchemaError: the database is newer than this program.
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


async def schema_state(engine: AsyncEngine) -> SchemaState:
    """Reads the version of a database: one or two short queries.

    Raises:
        app.db.engine.DatabaseUnavailableError: the database cannot be reached.
    """
    async with engine.connect() as connection:
        current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return SchemaState(current, head_revision())


@cache
def head_revision() -> str | None:
    """Returns the newest revision that this program knows; the files are read once."""
    return ScriptDirectory(migrations_dir()).get_current_head()


async def _take_turn(connection: AsyncConnection) -> None:
    settings: dict[str, Any] = {"lock": _MIGRATION_LOCK}
    await connection.execute(text(f"SET lock_timeout = '{_TURN_TIMEOUT}'"))
    await connection.execute(text("SELECT pg_advisory_lock(:lock)"), settings)
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
