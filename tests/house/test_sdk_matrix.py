"""Nothing of the SDK matrix is left out: its table is compared only by a run that has seen every release."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from tests.sdk.assets_matrix import AssetsMatrix
from tests.sdk.releases import CLIENTS
from tests.sdk.samples import SAMPLES
from tests.sdk.samples_matrix import SamplesMatrix
from tests.sdk.tasks_matrix import TasksMatrix
from tests.support.toolchains import ROOT


def _tests_of(matrix: type) -> Iterable[Any]:
    for path in sorted((ROOT / "tests/sdk").glob("test_*.py")):
        module = import_module(f"tests.sdk.{path.stem}")
        yield from (each for name, each in vars(module).items() if name.startswith("Test") and issubclass(each, matrix))


def test_every_release_is_run_on_its_plane() -> None:
    for plane, matrix in (("tasks", TasksMatrix), ("assets", AssetsMatrix)):
        run = [str(each.client) for each in _tests_of(matrix)]
        assert sorted(run) == sorted(str(client) for client in CLIENTS[plane])


def test_the_samples_of_every_language_are_run() -> None:
    run = [sample.file for each in _tests_of(SamplesMatrix) for sample in each.samples]
    assert sorted(run) == sorted(sample.file for samples in SAMPLES.values() for sample in samples)
