"""No program of docs/clients.md is left out: a table is compared only by a run that has seen all of it."""

from importlib import import_module

from tests.clients.program import Step
from tests.clients.registry import PROGRAMS
from tests.clients.table import TABLES
from tests.support.page_table import Cells
from tests.support.toolchains import ROOT


def test_every_program_is_run_once_and_by_its_mark() -> None:
    run = []
    for path in sorted((ROOT / "tests/clients").glob("test_*.py")):
        module = import_module(f"tests.clients.{path.stem}")
        test = getattr(module, "test_a_program_does_all_that_it_can", None)
        for mark in test.pytestmark if test is not None else ():
            run += [(str(value.values[0]), [each.name for each in value.marks]) for value in mark.args[1]]
    assert sorted(run) == sorted((str(each), [each.mark]) for each in PROGRAMS)


def test_a_program_with_two_settings_has_two_rows_in_one_order() -> None:
    settings = [f"set {number}" for number in range(20)]
    cells: Cells = {("litellm", setting, step.value): "✓" for setting in reversed(settings) for step in Step}
    rows = TABLES[0].rendered(cells).splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == sorted(settings)
