"""Reads the JSON files that replace a list of the operator."""

import json
import sys
from pathlib import Path
from typing import Any

from app.cli.exit_codes import MISCONFIGURED, stop


def read_list(file: str, of: str) -> list[Any]:
    """Returns the JSON array in a file; ``-`` is standard input. Ends the program when there is none.

    Args:
        file: its path.
        of: what the array holds, for the message, such as ``models``.
    """
    try:
        value = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        stop(f"{file} cannot be read as JSON: {error}", MISCONFIGURED)
    if not isinstance(value, list):
        stop(f"{file} holds no JSON array of {of}", MISCONFIGURED)
    return value
