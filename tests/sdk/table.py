"""The table of docs/sdks.md: what each SDK does with each operation, written by the run that saw it.

A run of the whole matrix compares the committed table with what it saw, and fails where they differ; with
``--write-sdk-table`` it writes the table instead.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROPERTY = "sdk"
PAGE = ROOT / "docs" / "sdks.md"
_OPTION = "--write-sdk-table"
_BEGIN = "<!-- written by the matrix -->"
_END = "<!-- end of what the matrix writes -->"
_KIND_ALONE = re.compile(r"\| `[^`]+`(?= (×\d+ )?\|)")
_TITLES = {"tasks": "Video tasks", "assets": "Assets and face verification"}

Cells = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Of each plane, each operation and each SDK: what was seen."""


def cell(plane: str, operation: str, client: object, seen: str) -> tuple[str, dict[str, str]]:
    """Returns what was seen as a property of a test's report, which also reaches the process that writes the table."""
    return PROPERTY, {"plane": plane, "operation": operation, "client": str(client), "seen": seen}


def rendered(cells: Cells) -> str:
    """Returns the tables in Markdown: a row for each operation, a column for each SDK and version."""
    return "\n\n".join(_table(_TITLES[plane], cells[plane]) for plane in _TITLES if plane in cells)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that writes the table."""
    parser.addoption(_OPTION, action="store_true", help="write the table of docs/sdks.md from this run of -m sdk")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compares or writes the table, in the process that has all reports, when every SDK has made every call."""
    config = session.config
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(config, "workerinput") or reporter is None:
        return
    cells = _collected(reporter)
    if not cells or reporter.stats.get("failed") or reporter.stats.get("error") or not _is_complete(cells):
        return
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    shown, _, after = rest.partition(_END)
    if _comparable(shown.strip()) == _comparable(rendered(cells)):
        return
    if config.getoption(_OPTION):
        PAGE.write_text(f"{before}{_BEGIN}\n{rendered(cells)}\n{_END}{after}", encoding="utf-8")
        return
    reporter.write_line(f"docs/sdks.md shows another table than this run saw; `-m sdk {_OPTION}` writes it.", red=True)
    session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _collected(reporter: Any) -> dict[str, dict[str, dict[str, str]]]:
    cells: dict[str, dict[str, dict[str, str]]] = {}
    reports = [report for reports in reporter.stats.values() for report in reports]
    for report in reports:
        if getattr(report, "when", None) != "call":
            continue
        for _, seen in (found for found in report.user_properties if found[0] == PROPERTY):
            row = cells.setdefault(seen["plane"], {}).setdefault(seen["operation"], {})
            row[seen["client"]] = seen["seen"]
    return cells


def _is_complete(cells: Cells) -> bool:
    """Whether all known SDKs were there, and each made the calls of the others."""
    from tests.sdk.releases import CLIENTS  # noqa: PLC0415 - a plain test run need not read the SDKs' lock files

    wanted = {plane: {str(client) for client in clients} for plane, clients in CLIENTS.items()}
    return all(wanted[plane] == set(row) for plane in wanted for row in cells.get(plane, {"": {}}).values())


def _place(row: tuple[str, object]) -> tuple[bool, str]:
    """Operations that succeed come before the cases with a colon, most of which do not."""
    return ":" in row[0], row[0].lower()


def _comparable(tables: str) -> str:
    """Returns the tables without the kinds of errors for which there was no answer: they vary with how that came."""
    return _KIND_ALONE.sub("| error", tables)


def _table(title: str, rows: Mapping[str, Mapping[str, str]]) -> str:
    clients = sorted({client for row in rows.values() for client in row}, key=str.lower)
    head = [title, *clients]
    lines = [head, ["---"] * len(head)]
    lines += [
        [operation, *(row.get(client, "–") for client in clients)]
        for operation, row in sorted(rows.items(), key=_place)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
