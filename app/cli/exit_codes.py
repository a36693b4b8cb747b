"""Exit codes of the commands. Imports nothing of the server, so that every command can import it."""

import sys
from typing import NoReturn

from app.observability.escaping import escape

FAILED = 1
MISCONFIGURED = 2
SCHEMA_OUTDATED = 3


def stop(message: str, code: int = FAILED) -> NoReturn:
    """Ends the program with a message on standard error, with its control characters escaped."""
    sys.stderr.write("seedgate: " + escape(message, keep="\n") + "\n")
    raise SystemExit(code)
