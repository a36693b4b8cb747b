"""What the program under test writes to its log."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.observability.access_log import access_log


class Log:
    """Everything that is logged, in the form that production writes."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def lines(self) -> list[dict[str, Any]]:
        """Returns the lines so far."""
        access_log.flush()
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        """Returns the lines of requests so far."""
        return [line for line in self.lines() if line["event"] == "request"]


@contextmanager
def written() -> Iterator[Log]:
    """Yields what is logged inside the block, from the level ``info`` on."""
    root = logging.getLogger()
    found = Log()
    handler = logging.StreamHandler(found.stream)
    handler.setFormatter(root.handlers[0].formatter)
    level = root.level
    access_log.flush()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield found
    finally:
        access_log.flush()
        root.setLevel(level)
        root.removeHandler(handler)
