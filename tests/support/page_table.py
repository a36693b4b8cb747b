"""A table of a page of the documentation that the tests write: what a run saw, in Markdown.

A run that has seen the whole table compares it with the page, and fails where they differ; with ``--write-tables`` it
writes it there instead.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_OPTION = "--write-tables"

Cells = Mapping[tuple[str, ...], str]
"""What was seen, by its place in the table."""


@dataclass(frozen=True)
class PageTable:
    """One table.

    Attributes:
        mark: the mark of the tests that fill it; also the name of the property of a report that holds a cell.
        page: where it stands, between two comments that name the mark.
        is_whole: whether nothing is missing in what a run saw.
        rendered: what was seen, in Markdown.
        comparable: takes out of a rendered table what may differ from run to run.
    """

    mark: str
    page: Path
    is_whole: Callable[[Cells], bool]
    rendered: Callable[[Cells], str]
    comparable: Callable[[str], str] = str

    def cell(self, *place: str, seen: str) -> tuple[str, tuple[tuple[str, ...], str]]:
        """Returns what was seen as a property of a test's report, which reaches the process that writes the table."""
        return self.mark, (place, seen)

    def finish(self, session: pytest.Session, reporter: Any) -> None:
        """Compares or writes the table, unless a test failed or the run did not see all of it."""
        cells = self._seen(reporter)
        if not cells or reporter.stats.get("failed") or reporter.stats.get("error") or not self.is_whole(cells):
            return
        text = self.page.read_text(encoding="utf-8")
        shown = self._place().search(text)
        assert shown, f"{self.page.name} has no place for the table of {self.mark}"
        if self.comparable(shown["table"]) == self.comparable(self.rendered(cells)):
            return
        if session.config.getoption(_OPTION):
            written = f"{text[: shown.start('table')]}{self.rendered(cells)}{text[shown.end('table') :]}"
            self.page.write_text(written, encoding="utf-8")
            return
        differs = f"docs/{self.page.name} shows another table than this run saw"
        reporter.write_line(f"{differs}; `-m {self.mark} {_OPTION}` writes it.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _place(self) -> re.Pattern[str]:
        begin, end = f"<!-- written by -m {self.mark} -->\n", f"\n<!-- end of what -m {self.mark} writes -->"
        return re.compile(f"{begin}(?P<table>.*?){end}", re.DOTALL)

    def _seen(self, reporter: Any) -> dict[tuple[str, ...], str]:
        reports = [report for reports in reporter.stats.values() for report in reports]
        properties = [each for report in reports if _is_of_a_call(report) for each in report.user_properties]
        # A report that came from another process has lists where there were tuples.
        return {tuple(value[0]): value[1] for name, value in properties if name == self.mark}


def add_option(parser: pytest.Parser) -> None:
    """Adds the option that writes the tables."""
    parser.addoption(_OPTION, action="store_true", help="write the tables of docs/ that this run has seen whole")


def finish(session: pytest.Session, tables: Iterable[PageTable]) -> None:
    """Compares or writes tables, in the process that has all reports."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(session.config, "workerinput") or reporter is None:
        return
    for table in tables:
        table.finish(session, reporter)


def markdown(head: list[str], rows: Iterable[list[str]]) -> str:
    """Returns a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _is_of_a_call(report: Any) -> bool:
    return getattr(report, "when", None) == "call"
