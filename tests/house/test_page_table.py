"""A table of the documentation is compared by the run that has seen all of it, and written only when asked to."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.page_table import Cells, PageTable, markdown

_PLACE = "# Title\n\n<!-- written by -m fruit -->\n{table}\n<!-- end of what -m fruit writes -->\nAfter.\n"
_GREEN = "| name | colour |\n| --- | --- |\n| apple | green |"
_RED = _GREEN.replace("green", "red")


def _rendered(cells: Cells) -> str:
    return markdown(["name", "colour"], [[name, seen] for (name,), seen in cells.items()])


@pytest.fixture
def table(tmp_path: Path) -> PageTable:
    page = tmp_path / "fruit.md"
    page.write_text(_PLACE.format(table=_GREEN), encoding="utf-8")
    return PageTable(mark="fruit", page=page, is_whole=lambda cells: len(cells) == 1, rendered=_rendered)


def _finish(table: PageTable, *seen: str, is_written: bool = False, failed: int = 0) -> tuple[int, str]:
    """Ends a run that has seen apples of some colours; returns its status, and what the page shows then."""
    properties = [list(table.cell(f"apple{'s' * number}", seen=each)) for number, each in enumerate(seen)]
    report = SimpleNamespace(when="call", user_properties=properties)
    lines: list[str] = []
    reporter: Any = SimpleNamespace(stats={"passed": [report], "failed": [report] * failed}, write_line=_into(lines))
    session: Any = SimpleNamespace(
        exitstatus=pytest.ExitCode.OK, config=SimpleNamespace(getoption=lambda _name: is_written)
    )
    table.finish(session, reporter)
    assert bool(lines) == (session.exitstatus != pytest.ExitCode.OK)
    return session.exitstatus, table.page.read_text(encoding="utf-8")


def _into(lines: list[str]) -> Any:
    return lambda line, **_how: lines.append(line)


def test_a_run_that_saw_what_the_page_shows_passes(table: PageTable) -> None:
    assert _finish(table, "green") == (pytest.ExitCode.OK, _PLACE.format(table=_GREEN))


def test_a_run_that_saw_something_else_fails_and_leaves_the_page_alone(table: PageTable) -> None:
    assert _finish(table, "red") == (pytest.ExitCode.TESTS_FAILED, _PLACE.format(table=_GREEN))


def test_a_run_that_is_asked_to_writes_the_table_and_nothing_else(table: PageTable) -> None:
    assert _finish(table, "red", is_written=True) == (pytest.ExitCode.OK, _PLACE.format(table=_RED))


def test_a_run_that_failed_or_did_not_see_all_of_it_says_nothing_about_the_table(table: PageTable) -> None:
    unchanged = (pytest.ExitCode.OK, _PLACE.format(table=_GREEN))
    assert _finish(table, is_written=True) == unchanged
    assert _finish(table, "red", "red", is_written=True) == unchanged
    assert _finish(table, "red", is_written=True, failed=1) == unchanged
