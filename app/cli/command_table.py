"""The commands that need the server or the database, which are imported when they run.

Importing the server takes seconds of CPU, and most commands are thin clients of the admin API.
"""

from importlib import import_module
from typing import Any

COMMANDS = {
    "config check": "app.cli.config_check:check",
    "dev": "app.cli.dev:dev",
    # Imported by `dev` while the database starts.
    "dev gateway": "app.cli.dev_gateway:run_gateway",
    "doctor": "app.cli.doctor:doctor",
    "migrate": "app.cli.migrate:migrate",
    "sandbox": "app.sandbox.server:run_sandbox",
    "prices shipped": "app.cli.shipped_prices:shipped_prices",
    # Imported by `serve` only when the database is embedded: a process that serves has no use for Alembic.
    "schema upgrade": "app.db.schema:upgrade_to_head",
    "secrets reseal": "app.cli.reseal:reseal_all",
    "serve": "app.cli.serve:serve",
    "worker": "app.cli.serve:run_worker",
}
"""Command → ``module:function``."""


def implementation(command: str) -> Any:
    """Imports and returns the function of a command."""
    module, _, name = COMMANDS[command].partition(":")
    return getattr(import_module(module), name)
