"""The table of docs/sdks.md: what each SDK does with each operation, written by the run that saw it."""

import re
from collections.abc import Mapping

from tests.support.page_table import Cells, PageTable, markdown
from tests.support.toolchains import ROOT

PAGE = ROOT / "docs" / "sdks.md"
_KIND_ALONE = re.compile(r"\| `[^`]+`(?= (×\d+ )?\|)")
_TITLES = {"tasks": "Video tasks", "assets": "Assets and face verification", "videos": "Videos in OpenAI's dialect"}

_Rows = Mapping[str, Mapping[str, str]]
"""Of each operation and each SDK: what was seen."""


def cell(plane: str, operation: str, client: object, seen: str) -> tuple[str, object]:
    """Returns what was seen of an SDK as a property of a test's report."""
    return TABLE.cell(plane, operation, str(client), seen=seen)


def _rendered(cells: Cells) -> str:
    """Returns the tables in Markdown: a row for each operation, a column for each SDK and version."""
    planes = _planes(cells)
    return "\n\n".join(_table(_TITLES[plane], planes[plane]) for plane in _TITLES if plane in planes)


def _is_whole(cells: Cells) -> bool:
    """Whether all known SDKs were there, and each made the calls of the others."""
    from tests.sdk.releases import CLIENTS  # noqa: PLC0415 - a plain test run need not read the SDKs' lock files

    planes = _planes(cells)
    wanted = {plane: {str(client) for client in clients} for plane, clients in CLIENTS.items()}
    return all(wanted[plane] == set(row) for plane in wanted for row in planes.get(plane, {"": {}}).values())


def _planes(cells: Cells) -> Mapping[str, _Rows]:
    planes: dict[str, dict[str, dict[str, str]]] = {}
    for (plane, operation, client), seen in cells.items():
        planes.setdefault(plane, {}).setdefault(operation, {})[client] = seen
    return planes


def _place(row: tuple[str, object]) -> tuple[bool, str]:
    """Operations that succeed come before the cases with a colon, most of which do not."""
    return ":" in row[0], row[0].lower()


def _comparable(tables: str) -> str:
    """Returns the tables without the kinds of errors for which there was no answer: they vary with how that came."""
    return _KIND_ALONE.sub("| error", tables)


def _table(title: str, rows: _Rows) -> str:
    clients = sorted({client for row in rows.values() for client in row}, key=str.lower)
    lines = [
        [operation, *(row.get(client, "–") for client in clients)]
        for operation, row in sorted(rows.items(), key=_place)
    ]
    return markdown([title, *clients], lines)


TABLE = PageTable(mark="sdk", page=PAGE, is_whole=_is_whole, rendered=_rendered, comparable=_comparable)
