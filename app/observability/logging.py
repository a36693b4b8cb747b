"""Structured logs on standard error, one JSON object or one readable line each."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.observability.redaction import SECRET_NAMES, SECRET_PATTERNS, redact


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
    renderer: Any = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
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
    clean: MutableMapping[str, Any] = redact(event)
    return clean
