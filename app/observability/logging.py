"""Structured logs on standard error, one JSON object or one readable line each.

Much of what is logged was chosen by clients and upstreams. So that it cannot pass for a line or a field of ours, or
control the terminal of the person who reads it, every text and name is escaped: as JSON does, so that a program reads
what was there, or visibly on the console, where the lines of a traceback get a margin.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.observability.escaping import escape, escape_json
from app.observability.redaction import MAX_TRACEBACK_CHARACTERS, SECRET_NAMES, SECRET_PATTERNS, redact

# Several lines by nature.
_MANY_LINES = frozenset({"exception", "stack"})
_MARGIN = "  | "
# structlog's own, which it removes itself.
_INTERNAL = frozenset({"_record", "_from_structlog"})


def configure_logging(*, level: str, style: str) -> None:
    """Sets up structlog and the standard library's logging for this process.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        style: ``json`` or ``console``.

    Raises:
        RuntimeError: the redaction list is empty; a process that cannot redact must not log.
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
        # The first one drops what is below the level, before anything is spent on it.
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    rendering: list[Any] = (
        [structlog.processors.JSONRenderer(), _escape_document]
        if style == "json"
        else [_lay_out, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Uvicorn writes its own access lines, with query strings; ours replace them.
    logging.getLogger("uvicorn.access").disabled = True
    # A line that cannot be written would be printed as it came, past the redaction.
    logging.raiseExceptions = False


def _redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    internal = {name: event.pop(name) for name in _INTERNAL & event.keys()}
    tracebacks = {name: event.pop(name) for name in _MANY_LINES & event.keys()}
    return {**redact(event), **redact(tracebacks, most_characters=MAX_TRACEBACK_CHARACTERS), **internal}


def _escape_document(_logger: object, _method: str, document: str) -> str:
    return escape_json(document)


def _lay_out(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Prepares an event for the console, where only its first line begins at the margin."""
    return {escape(str(name)): _laid_out(name, value) for name, value in event.items()}


def _laid_out(name: str, value: Any) -> Any:
    if name in _MANY_LINES:
        return "\n".join(_MARGIN + line for line in escape(str(value), keep="\n\t").split("\n"))
    # The renderer shows the repr of everything else, and of a text that holds a blank, an equals sign or a quote.
    return escape(value) if isinstance(value, str) else value
