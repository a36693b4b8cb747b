"""Prints answers of the admin API: tables for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from app.cli.exit_codes import say
from app.cli.times import relative_time
from app.observability.escaping import escape, escape_json

_NO_LIMIT = 100_000
_NOTHING = "–"
_AT = "_at"


def show_rows(
    rows: Iterable[dict[str, Any]], columns: Sequence[str], *, is_json: bool, limit: int | None = None
) -> None:
    """Prints the first ``limit`` rows as a table, or as blocks of lines if the table is wider than the terminal.

    No cell is truncated, because a key is shown only once. In a pipe the table is as wide as it needs to be, without
    colours. Control characters in names and messages are escaped.
    """
    rows = list(islice(rows, limit))
    if is_json:
        _print_json(rows)
        return
    console = _console()
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(column, row.get(column)) for column in columns))
    natural = Measurement.get(console, console.options.update(max_width=_NO_LIMIT), table).maximum
    if console.is_terminal and natural > console.width:
        for number, row in enumerate(rows):
            _print_lines(console, row, columns, separator="\n" if number else "")
        return
    console.width = max(console.width, natural)
    console.print(table)


def show_one(row: dict[str, Any], columns: Sequence[str] | None = None, *, is_json: bool) -> None:
    """Prints one object, a line for each of its fields or for the given ones."""
    if is_json:
        _print_json(row)
        return
    _print_lines(_console(), row, tuple(row) if columns is None else columns)


def _print_json(value: Any) -> None:
    say(escape_json(json.dumps(value, ensure_ascii=False)))


def _print_lines(console: Console, row: dict[str, Any], columns: Sequence[str], separator: str = "") -> None:
    width = max((len(column) for column in columns), default=0)
    lines = "\n".join(f"{column:<{width}}  {_whole(column, row.get(column))}" for column in columns)
    # Long lines are left to the terminal, so that a copied value contains no added line break.
    console.print(separator + lines, soft_wrap=True)


def _console() -> Console:
    # Names may contain markup of Rich.
    return Console(markup=False, emoji=False, highlight=False)


def _cell(column: str, value: Any) -> str:
    """Returns a value for a table, a time as relative to now."""
    return relative_time(value, datetime.now(UTC)) if _is_time(column, value) else _text(value)


def _whole(column: str, value: Any) -> str:
    """Returns a value for a line of its own, a time absolute and relative."""
    if not _is_time(column, value):
        return _text(value)
    return f"{_text(value)} ({relative_time(value, datetime.now(UTC))})"


def _is_time(column: str, value: Any) -> bool:
    if not (isinstance(value, str) and (column == "at" or column.endswith(_AT))):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _text(value: Any) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, dict):
        return escape_json(json.dumps(value, ensure_ascii=False))
    return escape(", ".join(_text(item) for item in value) if isinstance(value, list) else str(value))
