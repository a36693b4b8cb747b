"""A systemd of its own, with the units of this checkout, on a machine where the tests run as root."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.support.toolchains import ROOT

_TIMEOUT_SECONDS = 90
_HIERARCHIES = Path("/sys/fs/cgroup")


@dataclass
class Systemd:
    """A running systemd.

    Attributes:
        pid: its number outside of its namespaces.
    """

    pid: int

    def run(self, *command: str) -> tuple[int, str]:
        """Runs a command beside it; returns its exit code and what it printed."""
        ended = subprocess.run(
            ["nsenter", "--target", str(self.pid), "--mount", "--pid", *command],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_SECONDS,
        )
        return ended.returncode, ended.stdout

    def show(self, unit: str, name: str) -> str:
        """Returns a property of a unit."""
        return self.run("systemctl", "show", "--value", "--property", name, unit)[1].strip()


@contextmanager
def booted(folder: Path, *, sockets: Path, port: int) -> Iterator[Systemd]:
    """Boots a systemd in namespaces of its own, in which no unit is started yet; ends all of it afterwards.

    Args:
        folder: holds ``venv``, which is ``/opt/seedgate`` there, and ``etc``, ``/etc/seedgate``; services write to its
            ``log``.
        sockets: ``/run/postgresql`` there.
        port: the port of the gateway, instead of 8080.
    """
    group = f"seedgate-tests-{secrets.token_hex(4)}"
    script = ROOT / "tests" / "support" / "systemd_boot.sh"
    unshared = ("unshare", "--fork", "--kill-child", "--pid", "--mount", "--mount-proc")
    with (folder / "boot.log").open("wb") as log:
        process = subprocess.Popen(
            [*unshared, "sh", script, ROOT, folder, sockets, str(port), group],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_until(lambda: process.poll() is not None or bool(children.read_text().split()))
        assert process.poll() is None, (folder / "boot.log").read_text()
        systemd = Systemd(int(children.read_text().split()[0]))
        wait_until(
            lambda: process.poll() is not None or systemd.run("systemctl", "is-active", "nothing.target")[0] == 0
        )
        assert process.poll() is None, (folder / "boot.log").read_text()
        yield systemd
    finally:
        process.kill()
        process.wait()
        _remove(group)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Asks until it is so.

    Raises:
        TimeoutError: it was not so for a long time.
    """
    end = time.monotonic() + _TIMEOUT_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.1)


def _remove(group: str) -> None:
    """Removes the control groups, which become free when the last process in them has been reaped."""
    for hierarchy in (_HIERARCHIES, *(path for path in _HIERARCHIES.iterdir() if path.is_dir())):
        wait_until(partial(_is_removed, hierarchy / group))


def _is_removed(made: Path) -> bool:
    """Removes what it can, innermost first; says whether nothing is left."""
    for path, _, _ in os.walk(made, topdown=False):
        with suppress(OSError):
            Path(path).rmdir()
    return not made.is_dir()


def is_possible() -> bool:
    """Says whether this machine can boot one: root, namespaces, and systemd with its programs."""
    programs = ("unshare", "nsenter", "systemctl", "systemd-analyze")
    return os.geteuid() == 0 and all(map(shutil.which, programs)) and Path("/lib/systemd/systemd").exists()
