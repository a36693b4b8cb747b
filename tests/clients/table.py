"""The tables of docs/clients.md: what each program can do with a task, written by the run that saw it."""

from tests.clients.program import Mark, Program, Step
from tests.support.page_table import Cells, PageTable, markdown
from tests.support.toolchains import ROOT

PAGE = ROOT / "docs" / "clients.md"


def cell(program: Program, step: Step, seen: str) -> tuple[str, object]:
    """Returns what a program did as a property of a test's report."""
    return _TABLES[program.mark].cell(str(program), program.setting, step.value, seen=seen)


def _rendered(cells: Cells) -> str:
    """Returns a table in Markdown: a row for each program, a column for each step."""
    programs = sorted({place[:2] for place in cells}, key=lambda row: (row[0].lower(), row[1]))
    rows = [[name, setting, *(cells[name, setting, step.value] for step in Step)] for name, setting in programs]
    return markdown(["program", "set", *(step.value for step in Step)], rows)


def _table(mark: Mark) -> PageTable:
    def is_whole(cells: Cells) -> bool:
        from tests.clients.registry import PROGRAMS  # noqa: PLC0415 - a plain test run need not read the lock files

        wanted = {(str(each), each.setting) for each in PROGRAMS if each.mark == mark}
        return {place[:2] for place in cells} == wanted

    return PageTable(mark=mark, page=PAGE, is_whole=is_whole, rendered=_rendered)


_TABLES: dict[str, PageTable] = {"clients": _table("clients"), "programs": _table("programs")}
TABLES = tuple(_TABLES.values())
"""Of the programs of every run of CI, and of those that have run once."""
