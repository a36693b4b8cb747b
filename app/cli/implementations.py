"""The commands that need the server or the database, each with the place of its implementation.

Importing the server takes seconds of CPU, and most commands are thin clients of the admin API. So the command line
declares every command without importing what it does, and this table is the one place where an import waits for a call.
"""

from importlib import import_module
from typing import Any

IMPLEMENTATIONS = {
    "config check": "app.cli.configuration:check",
    "dev": "app.cli.dev:dev",
    # What the command above imports while the database starts.
    "dev gateway": "app.cli.development:run_gateway",
    "doctor": "app.cli.doctor:doctor",
    "migrate": "app.cli.serving:migrate",
    "sandbox": "app.sandbox.server:run_sandbox",
    "secrets reseal": "app.cli.reseal:reseal_all",
    "serve": "app.cli.serving:serve",
    "worker": "app.cli.serving:run_worker",
}
"""Command → ``module:function``."""


def implementation(command: str) -> Any:
    """Imports and returns the function that does the work of a command."""
    module, _, name = IMPLEMENTATIONS[command].partition(":")
    return getattr(import_module(module), name)
