"""``migrate``, and the check of the schema before a start. Imports nothing of the server."""

import asyncio

from app.cli.database import Database, opened_database
from app.cli.exit_codes import SCHEMA_OUTDATED, say, stop
from app.cli.friendly_errors import friendly_errors
from app.cli.process_settings import read_settings
from app.db.engine import open_engine
from app.db.schema import SchemaState, schema_state, upgrade_to_head


def migrate(*, is_check: bool) -> None:
    """Upgrades the schema; with ``is_check`` only checks it, and exits with 3 if it is outdated."""
    settings = read_settings()
    with friendly_errors(), opened_database(settings) as database:
        if not is_check:
            asyncio.run(upgrade_to_head(database.owner_url))
        say(f"The schema is current: {check_schema(database).current}.")


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
