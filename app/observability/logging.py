"""Structured logs on standard error, as JSON or as readable lines.

Clients and the upstream choose much of the logged text. So that it cannot imitate a line or a field, or control the
reader's terminal, every text and name is escaped: as in JSON, so that a program reads the original, or visibly on the
console, where the lines of a traceback are indented.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.observability.access_log import RenderedRecord, access_log
from app.observability.escaping import escape, escape_json
from app.observability.redaction import MAX_TRACEBACK_CHARACTERS, SECRET_NAMES, SECRET_PATTERNS, redact

# Fields that have several lines.
_MULTILINE_FIELDS = frozenset({"exception", "stack"})
_MARGIN = "  | "
# Uvicorn's messages about each step of a start and a stop, which say nothing to a reader on a terminal.
_ROUTINE_MESSAGES = (
    "Started server process",
    "Started parent process",
    "Waiting for application",
    "Application startup complete",
    "Application shutdown complete",
    "Waiting for child process",
    "Terminated child process",
    "Finished server process",
    "Stopping parent process",
)
# Added and removed by structlog.
_INTERNAL = frozenset({"_record", "_from_structlog"})


def configure_logging(*, level: str, style: str) -> None:
    """Sets up structlog and the standard library's logging for this process.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        style: ``json`` or ``console``.

    Raises:
        RuntimeError: there are no redaction rules.
    """
    if not SECRET_NAMES or not SECRET_PATTERNS:
        raise RuntimeError("refusing to start without redaction rules")
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    structlog.configure(
        # The first processor drops events below the level before they are processed.
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    rendering: list[Any] = (
        [structlog.processors.JSONRenderer(), _escape_document]
        if style == "json"
        else [_format_for_console, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    access_log.is_json = style == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    if style == "console" and level != "debug":
        handler.addFilter(_is_for_terminal)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of every malformed body, with parts of it.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
    # Uvicorn's access log contains query strings; ``app.http.request_scope`` writes its own.
    logging.getLogger("uvicorn.access").disabled = True
    # Otherwise a record that cannot be formatted would be printed without redaction.
    logging.raiseExceptions = False


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders events; lines that are rendered already pass unchanged."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, or lines, of a record."""
        return str(record.msg) if isinstance(record, RenderedRecord) else super().format(record)


def _is_for_terminal(record: logging.LogRecord) -> bool:
    """Drops what libraries say about each step of a start and a stop, and words the line about the address as ours."""
    if record.levelno > logging.INFO:
        return True
    message = str(record.msg)
    if record.name == "uvicorn.error" and message.startswith("Uvicorn running on "):
        record.msg = message.replace("Uvicorn running on", "listening on").replace(
            "Press CTRL+C to quit", "Ctrl-C ends it"
        )
    # Alembic's are written when the schema of an embedded database is upgraded.
    return not (
        record.name.startswith("alembic.") or (record.name == "uvicorn.error" and message.startswith(_ROUTINE_MESSAGES))
    )


def _redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    internal = {name: event.pop(name) for name in _INTERNAL & event.keys()}
    tracebacks = {name: event.pop(name) for name in _MULTILINE_FIELDS & event.keys()}
    return {**redact(event), **redact(tracebacks, max_characters=MAX_TRACEBACK_CHARACTERS), **internal}


def _escape_document(_logger: object, _method: str, document: str) -> str:
    return escape_json(document)


def _format_for_console(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Prepares an event for the console, with all but its first line indented."""
    return {escape(str(name)): _format_value(name, value) for name, value in event.items()}


def _format_value(name: str, value: Any) -> Any:
    if name in _MULTILINE_FIELDS:
        return "\n".join(_MARGIN + line for line in escape(str(value), keep="\n\t").split("\n"))
    # The renderer uses ``repr`` for other types, and for texts with a blank, an equals sign or a quote.
    return escape(value) if isinstance(value, str) else value
