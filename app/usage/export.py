"""The ledger as CSV or NDJSON, and which of them a client asks for. Pure."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Row

from app.usage.schemas import LedgerEntry

_COLUMNS = tuple(LedgerEntry.model_fields)
# A tenant chooses the text of ``service_tier``.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ExportFormat(StrEnum):
    """The media type of an export."""

    CSV = "text/csv"
    NDJSON = "application/x-ndjson"


def wanted_format(accept: str | None) -> ExportFormat | None:
    """Returns the format that an ``Accept`` header prefers to JSON, or None for JSON."""
    best, best_quality = None, 0.0
    for part in (accept or "").split(","):
        media_type, _, parameters = part.partition(";")
        quality = _quality(parameters)
        if quality > best_quality:
            best, best_quality = media_type.strip().lower(), quality
    return ExportFormat(best) if best in set(ExportFormat) else None


def head_of(export_format: ExportFormat) -> bytes:
    """Returns what stands before the first row."""
    return _to_csv([_COLUMNS]) if export_format is ExportFormat.CSV else b""


def to_bytes(export_format: ExportFormat, rows: Sequence[Row[Any]]) -> bytes:
    """Returns rows of ``AllUsage.entries``, a line each."""
    if export_format is ExportFormat.CSV:
        return _to_csv([[_to_cell(value) for value in row] for row in rows])
    return b"".join(orjson.dumps(dict(zip(_COLUMNS, row, strict=True))) + b"\n" for row in rows)


def _to_csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _to_cell(value: Any) -> Any:
    """Returns a value as a cell; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value.isoformat() if isinstance(value, datetime) else value


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
