"""How a command ends when it cannot do its work. Imports nothing of the server, so that every command may use it."""

import sys
from typing import NoReturn

from app.observability.escaping import escape

MISCONFIGURED = 2
SCHEMA_OUTDATED = 3
FAILED = 1


def stop(message: str, code: int = FAILED) -> NoReturn:
    """Ends the program with a message on standard error, in which nothing controls a terminal."""
    sys.stderr.write("seedgate: " + escape(message, keep="\n") + "\n")
    raise SystemExit(code)
