"""What a command writes to the terminal, and its exit codes. Imports nothing of the server."""

import sys
from typing import NoReturn

from app.observability.escaping import escape

FAILED = 1
MISCONFIGURED = 2
SCHEMA_OUTDATED = 3


def say(text: str) -> None:
    """Writes a line of the command's answer to standard output."""
    print(text, flush=True)  # noqa: T201 - the only place


def tell(text: str, *, keep: str = "") -> None:
    """Writes a line beside the answer to standard error, with its control characters escaped but those in ``keep``."""
    sys.stderr.write(escape(text, keep=keep) + "\n")


def stop(message: str, code: int = FAILED) -> NoReturn:
    """Ends the program with a message, which may have several lines, on standard error."""
    tell(f"seedgate: {message}", keep="\n")
    raise SystemExit(code)
