"""No program of docs/clients.md is left out: a table is compared only by a run that has seen all of it."""

from importlib import import_module

from tests.clients.registry import PROGRAMS
from tests.support.toolchains import ROOT


def test_every_program_is_run_once_and_by_its_mark() -> None:
    run = []
    for path in sorted((ROOT / "tests/clients").glob("test_*.py")):
        module = import_module(f"tests.clients.{path.stem}")
        for mark in module.test_a_program_does_all_that_it_can.pytestmark:
            run += [(str(value.values[0]), [each.name for each in value.marks]) for value in mark.args[1]]
    assert sorted(run) == sorted((str(each), [each.mark]) for each in PROGRAMS)
