"""The check of the schema before a start. Imports nothing of the server, and nothing of Alembic."""

import asyncio

from app.cli.database import Database
from app.cli.exit_codes import SCHEMA_OUTDATED, stop
from app.db.engine import open_engine
from app.db.schema_version import SchemaState, schema_state


def check_schema(database: Database) -> SchemaState:
    """Returns the state of a current schema; ends the program with 3 if it is outdated."""
    state = asyncio.run(_state(database.url))
    if not state.is_current:
        stop(_outdated(state), SCHEMA_OUTDATED)
    return state


async def _state(url: str) -> SchemaState:
    engine = open_engine(url)
    try:
        return await schema_state(engine)
    finally:
        await engine.dispose()


def _outdated(state: SchemaState) -> str:
    return (
        f"the database schema is at {state.current or 'nothing'}, this program needs {state.head}: "
        "run `seedgate migrate`"
    )
