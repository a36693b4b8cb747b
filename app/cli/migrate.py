"""``migrate``. Imports nothing of the server."""

import asyncio

from app.cli.database import opened_database
from app.cli.exit_codes import say
from app.cli.friendly_errors import friendly_errors
from app.cli.process_settings import read_settings
from app.cli.schema_check import check_schema
from app.db.schema import upgrade_to_head


def migrate(*, is_check: bool) -> None:
    """Upgrades the schema; with ``is_check`` only checks it, and exits with 3 if it is outdated."""
    settings = read_settings()
    with friendly_errors(), opened_database(settings) as database:
        if not is_check:
            asyncio.run(upgrade_to_head(database.owner_url))
        say(f"The schema is current: {check_schema(database).current}.")
