"""Programs that a run starts, and the time of the processor that they use."""

import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.machine import pinned

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_STOP_TIMEOUT_SECONDS = 20.0
# Below those from which the kernel takes the near ends of connections: a chosen one stays free until a program has it.
_PORTS = range(20_000, 32_000)


class Program:
    """A process on one core, ended with the block that it is started in.

    Args:
        core: where it runs.
        command: its arguments.
        log: the file for its output.
        variables: added to its environment.
    """

    def __init__(self, core: int, *command: str, log: Path, variables: Mapping[str, str] | None = None) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                pinned(core, *command), stdout=output, stderr=output, env={**os.environ, **(variables or {})}
            )
        self._log = log

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait(self) -> None:
        """Waits for its end.

        Raises:
            RuntimeError: it failed; the text has the end of its log.
        """
        if self._process.wait() != 0:
            self.check_running()

    def check_running(self) -> None:
        """Checks that it has not ended by itself.

        Raises:
            RuntimeError: it has; the text has the end of its log.
        """
        if self._process.poll() is not None:
            tail = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.returncode}:\n{tail}")

    def cpu_seconds(self) -> float:
        """Returns how long it and its children have used the processor, in user and kernel mode."""
        return cpu_seconds(self.pid)

    def resident_bytes(self) -> int:
        """Returns the resident memory of it and its children."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) for pid in _tree(self.pid))
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Makes a folder for what a run writes, and removes it."""
    with tempfile.TemporaryDirectory(prefix="seedgate-bench-") as path:
        folder = Path(path)
        folder.chmod(0o711)  # PostgreSQL runs under another account when we are root
        yield folder


def cpu_seconds(pid: int) -> float:
    """Returns how long a process and its children, ended ones included, have used the processor."""
    while True:
        try:
            return sum(_cpu_ticks(each) for each in _tree(pid)) / _TICKS_PER_SECOND
        except (FileNotFoundError, ProcessLookupError):
            # A child has ended meanwhile, and its time counts as its parent's from now on.
            if not Path(f"/proc/{pid}").exists():
                raise


def free_port() -> int:
    """Returns a random TCP port on which nothing listens, so that two runs at a time do not meet."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(program: Program, port: int, *, timeout_seconds: float = 60.0) -> None:
    """Waits until something listens on a TCP port of this machine.

    Raises:
        RuntimeError: the program that should do so has ended.
        TimeoutError: nothing listens after the timeout.
    """
    # As in /proc/net/tcp: the port in hexadecimal, and 0A for a socket that listens.
    wanted = f":{port:04X} 00000000:0000 0A "
    deadline = time.monotonic() + timeout_seconds
    while wanted not in Path("/proc/net/tcp").read_text(encoding="ascii"):
        program.check_running()
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing listens on port {port}")
        time.sleep(0.05)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        children = Path(f"/proc/{each}/task/{each}/children").read_text(encoding="ascii")
        found += [int(child) for child in children.split()]
    return found


def _cpu_ticks(pid: int) -> int:
    # The name of the program, in parentheses, may have blanks.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    # In user and in kernel mode, and the same of children that have ended.
    return sum(map(int, fields[11:15]))
