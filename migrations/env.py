"""How Alembic runs the migrations: on the connection that ``app.db.schema`` hands over, or on one of its own."""

import asyncio
import importlib
import os
from collections.abc import Iterable
from pathlib import Path

from alembic import context
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

import app
from app.db.base import Base
from app.db.engine import open_engine


def all_tables() -> MetaData:
    """Returns every table of the application, having imported the ``models`` module of each package."""
    for models in sorted(Path(app.__path__[0]).glob("*/models.py")):
        importlib.import_module(f"app.{models.parent.name}.models")
    return Base.metadata


def number_revision(
    _migration: MigrationContext,
    _revision: str | Iterable[str | None] | Iterable[str],
    directives: list[MigrationScript],
) -> None:
    """Numbers a new revision 0001, 0002, … instead of giving it a random name."""
    script = ScriptDirectory.from_config(context.config)
    last = script.get_current_head()
    for directive in directives:
        directive.rev_id = f"{int(last or 0) + 1:04d}"


def run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        compare_server_default=True,
        process_revision_directives=number_revision,
        # A long way up is not undone by its last step, and locks are held shortly.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_on_own_connection() -> None:
    url = os.environ.get("SEEDGATE_DATABASE_URL")
    if not url:
        raise SystemExit("Set SEEDGATE_DATABASE_URL to the database that Alembic is to work on.")
    engine = open_engine(url, command_timeout_seconds=None)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run_on)
            await connection.commit()
    finally:
        await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database; writing them out as SQL is not supported.")
given = context.config.attributes.get("connection")
if given is not None:
    run_on(given)
else:
    asyncio.run(run_on_own_connection())
