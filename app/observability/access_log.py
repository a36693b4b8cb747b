"""Lines of the access log, built without the logging library and written many at a time.

A line through structlog and the redaction costs some 90 µs. Of a request that is answered from memory everything
in its line was checked before, so the line is one f-string; writing the lines of 50 ms at once saves a system call for
each. ``flush`` writes what is left, at the end of the process above all; lines of a killed process are lost.
"""

import asyncio
import json
import logging
from datetime import datetime

from app.observability.escaping import escape_json
from app.observability.redaction import redact

_DELAY_SECONDS = 0.05
_MAX_LINES = 256

_logger = logging.getLogger("access")


class RenderedRecord(logging.LogRecord):
    """Lines that are already in their final form; the formatter returns them as they are."""


class AccessLog:
    """The lines that are not written yet. One per process."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._second: tuple[int, ...] = ()
        self._second_text = ""
        self.is_json = False
        """Whether the log is JSON, so that ``add`` may be used; set by ``configure_logging``."""

    @property
    def is_wanted(self) -> bool:
        """Whether requests are logged at all."""
        return _logger.isEnabledFor(logging.INFO)

    def timestamp(self, now: datetime) -> str:
        """Returns a time in UTC as the log shows it: 0.4 µs in place of the 1.2 of ``isoformat``."""
        second = now.second, now.minute, now.hour, now.day, now.month, now.year
        if second != self._second:
            self._second, self._second_text = second, now.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._second_text}.{now.microsecond:06d}Z"

    def add(self, line: str) -> None:
        """Adds a complete line without its end; it is written within 50 ms."""
        self._lines.append(line)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_DELAY_SECONDS, self.flush)
        elif len(self._lines) >= _MAX_LINES:
            self.flush()

    def flush(self) -> None:
        """Writes all lines now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            _logger.handle(RenderedRecord("access", logging.INFO, "", 0, "\n".join(lines), None, None))


def to_json_text(value: str | None) -> str:
    """Returns a value as the log shows it: redacted, as JSON, escaped."""
    return escape_json(json.dumps(redact(value)))


access_log = AccessLog()
"""Of this process, like its loggers."""
