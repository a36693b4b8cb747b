"""The metrics of all processes of one ``serve`` in one response.

A single process keeps its metrics in memory. With several, the client library's multiprocess mode keeps them in files
of a shared folder, which any process can add up. The files of a process that died stay, so that the sums never fall.
"""

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def multiprocess_metrics() -> Iterator[None]:
    """Makes the processes started inside the block share their metrics.

    The client library chooses its mode when it is imported, so this process, which has imported it, stays separate.
    """
    with tempfile.TemporaryDirectory(prefix="seedgate-metrics-") as folder:
        os.environ[_FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER_VARIABLE]


def exposition(extra: Collection[Metric]) -> bytes:
    """Returns the metrics and ``extra`` in Prometheus's text format.

    Call it in a thread: with several processes it reads files.
    """
    folder = os.environ.get(_FOLDER_VARIABLE)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FolderCollector(Path(folder)) if folder else REGISTRY)
    registry.register(_ConstantCollector(extra))
    return generate_latest(registry)


class _ConstantCollector(Collector):
    """Returns given metrics."""

    def __init__(self, metrics: Collection[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class _FolderCollector(Collector):
    """The library's collector, without the files that a starting process has created but not filled yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]
        merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # the library has no annotation there
        return merged
