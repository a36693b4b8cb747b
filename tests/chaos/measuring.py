"""The memory and descriptors of a process, read from ``/proc``."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

_PROC = Path("/proc")
_KIBIBYTE = 1024


@dataclass(frozen=True)
class Measure:
    """A process at one moment.

    Attributes:
        at_seconds: since the measuring began.
        memory_bytes: resident.
        descriptors: open files, sockets and pipes.
        connections: the sockets among the descriptors.
        database_connections: as the server counts them.
    """

    at_seconds: float
    memory_bytes: int
    descriptors: int
    connections: int
    database_connections: int


def measure(pid: int, *, at_seconds: float, database_connections: int) -> Measure:
    """Returns the present figures of a process."""
    targets = []
    for entry in (_PROC / str(pid) / "fd").iterdir():
        try:
            targets.append(str(entry.readlink()))
        except FileNotFoundError:
            continue  # closed in this moment
    status = (_PROC / str(pid) / "status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return Measure(
        at_seconds,
        int(resident.split()[1]) * _KIBIBYTE,
        len(targets),
        sum(target.startswith("socket:") for target in targets),
        database_connections,
    )


def middle(measures: list[Measure], *, since_seconds: float, until_seconds: float) -> Measure:
    """Returns the medians of an interval."""
    stretch = [taken for taken in measures if since_seconds <= taken.at_seconds < until_seconds]
    return Measure(
        since_seconds,
        int(median(taken.memory_bytes for taken in stretch)),
        int(median(taken.descriptors for taken in stretch)),
        int(median(taken.connections for taken in stretch)),
        int(median(taken.database_connections for taken in stretch)),
    )
