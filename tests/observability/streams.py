"""Logging to a stream of the test."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from app.observability.logging import configure_logging


@contextmanager
def logging_to(style: str, *, level: str = "info") -> Iterator[io.StringIO]:
    """Configures logging as production does, and yields the stream that is written to instead of standard error."""
    stream, before, root = io.StringIO(), structlog.get_config(), logging.getLogger()
    handlers, level_before, stderr = root.handlers, root.level, sys.stderr
    sys.stderr = stream
    try:
        configure_logging(level=level, style=style)
    finally:
        sys.stderr = stderr
    try:
        yield stream
    finally:
        # The very same objects: loggers that were used before keep them, and other tests capture what these write.
        structlog.configure(**before)
        root.handlers = handlers
        root.setLevel(level_before)
