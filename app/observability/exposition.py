"""The counters of all processes of one ``serve``, in one answer.

With one process they are in its memory. With several, the client library keeps each process's counters in files of a
folder that all share, and any of them can add them up. What a process that died had counted must stay in the sums, or
they would fall; so that its files do not pile up, they are folded into one.
"""

import fcntl
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_LOCK_FILE = "lock"
_DEAD = "dead"
_NEW_SUFFIX = ".new"


@contextmanager
def counting_together() -> Iterator[None]:
    """Makes the processes that are started inside the block count together.

    The client library decides at its import where it counts, so this process, which has imported it, counts apart.
    """
    with tempfile.TemporaryDirectory(prefix="seedgate-metrics-") as folder:
        os.environ[_FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER_VARIABLE]


def exposition(extra: Collection[Metric]) -> bytes:
    """Returns what has been counted, and ``extra``, in Prometheus's text format.

    Reads and locks files when several processes count together, so it is called in a thread.
    """
    folder = os.environ.get(_FOLDER_VARIABLE)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_FolderCollector(Path(folder)) if folder else REGISTRY)
    registry.register(_Given(extra))
    return generate_latest(registry)


class _Given(Collector):
    """Metrics that are known already."""

    def __init__(self, metrics: Collection[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


class _FolderCollector(Collector):
    """Adds up the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        with (self._folder / _LOCK_FILE).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._fold_dead()
            merged: Iterable[Metric] = MultiProcessCollector.merge(self._files(), accumulate=True)  # type: ignore[no-untyped-call]  # the library has no annotation there
            return list(merged)

    def _fold_dead(self) -> None:
        """Moves what dead processes have counted into one file of each kind.

        Their files are removed before the new one takes its place: who is killed in between loses counts, which
        Prometheus takes for a restart, and does not double them.
        """
        dead = [file for file in self._files() if _is_of_a_dead_process(file)]
        for kind in {file.name.split("_")[0] for file in dead}:
            own = [file for file in dead if file.name.startswith(f"{kind}_")]
            target = self._folder / f"{kind}_{_DEAD}.db"
            new = target.with_suffix(_NEW_SUFFIX)
            new.unlink(missing_ok=True)
            _write(new, _values([*own, *([target] if target.exists() else [])]))
            for file in own:
                file.unlink()
            new.replace(target)

    def _files(self) -> list[Path]:
        """Returns the files that have something in them; one that is being made has nothing yet."""
        return [file for file in self._folder.glob("*.db") if file.stat().st_size]


def _is_of_a_dead_process(file: Path) -> bool:
    pid = file.stem.rpartition("_")[2]
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _values(files: Iterable[Path]) -> dict[str, float]:
    """Returns the sums of counters and buckets, by the library's own key."""
    sums: dict[str, float] = {}
    for file in files:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):  # type: ignore[no-untyped-call]  # no annotation there
            sums[key] = sums.get(key, 0.0) + value
    return sums


def _write(path: Path, values: dict[str, float]) -> None:
    file = MmapedDict(str(path))  # type: ignore[no-untyped-call]  # no annotation there
    for key, value in values.items():
        file.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]  # no annotation there
    file.close()  # type: ignore[no-untyped-call]  # no annotation there
