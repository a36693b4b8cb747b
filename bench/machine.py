"""What a run needs of the machine, and what the machine is."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

SERVER_CORE = 0
"""Where the process under test runs."""

LOAD_CORE = 1
"""Where the load, the upstream and PostgreSQL run."""

_PACKAGES = {"wrk": "wrk", "nginx": "nginx-light", "taskset": "util-linux"}
_PLACES = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class MissingError(RuntimeError):
    """The machine lacks something; the text says what, and how to get it."""


def program(name: str) -> str:
    """Returns the path of a program.

    Raises:
        MissingError: it is not installed.
    """
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_PLACES]))
    if found is None:
        raise MissingError(f"`{name}` is missing: apt-get install {_PACKAGES[name]}")
    return found


def check() -> None:
    """Checks that a run is possible.

    Raises:
        MissingError: programs or a second core are missing; the text names all of them.
    """
    missing = []
    for name in _PACKAGES:
        try:
            program(name)
        except MissingError as error:
            missing.append(str(error))
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        missing.append(f"the cores {SERVER_CORE} and {LOAD_CORE} are needed, and this process may not use both")
    if missing:
        raise MissingError("\n".join(missing))


def pinned(core: int, *command: str) -> list[str]:
    """Returns a command that runs on one core only."""
    return [program("taskset"), "--cpu-list", str(core), *command]


def describe() -> dict[str, str]:
    """Returns what a reader has to know to judge the figures."""
    return {
        "processor": _first_field("/proc/cpuinfo", "model name"),
        "cores": str(os.cpu_count()),
        "memory": _first_field("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "nginx": _version("nginx", "-v"),
        "wrk": _version("wrk", "-v"),
        "commit": _commit(),
        "load before the run": " ".join(f"{each:.2f}" for each in os.getloadavg()),
    }


def _version(name: str, option: str) -> str:
    done = subprocess.run([program(name), option], capture_output=True, text=True, check=False)
    found = re.search(r"[0-9]+\.[0-9.]+", done.stderr + done.stdout)
    return found[0] if found else "unknown"


def _commit() -> str:
    """Returns the commit of the sources, and says whether they differ from it."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    command = [git, "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _first_field(file: str, name: str) -> str:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")
