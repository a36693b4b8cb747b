"""What other people's programs need of the machine: a toolchain for each language, and what is built with it.

Everything is built from lock files into folders that git ignores, once for each state of its sources. On a clean
clone ``python -m tests.sdk.builds`` and ``python -m tests.clients.builds`` build all of it; a test that comes first
builds what it needs.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".sdk"
"""What is built outside the sources' own folders."""
_BUILD_SECONDS = 900


@dataclass(frozen=True)
class Step:
    """One command of a build.

    Attributes:
        command: its arguments; ``{built}`` stands for ``BUILT``.
        folder: where it runs, relative to the root.
        environment: what is added to the environment.
    """

    command: tuple[str, ...]
    folder: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Build:
    """What is built together.

    Attributes:
        name: unlike any other.
        programs: commands that must be on the machine, each with what to install for it.
        sources: files and folders that decide the outcome, relative to the root.
        steps: in order.
        outcome: a path that is there once it has been built, relative to the root.
    """

    name: str
    programs: Mapping[str, str]
    sources: tuple[str, ...]
    steps: tuple[Step, ...]
    outcome: str


def python_environment(name: str, lock: str, *options: str) -> Build:
    """An environment of its own, as the programs' users make one, of the very files that the lock names.

    Args:
        name: the name of the build.
        lock: a hash-locked file of requirements, relative to the root.
        options: options of ``pip install``.
    """
    install = (f"{{built}}/{name}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    return Build(
        name=name,
        programs={"python3": "Python 3.11"},
        sources=(lock,),
        steps=(
            Step(("python3", "-m", "venv", "--clear", f"{{built}}/{name}")),
            Step((*install, "--require-hashes", "--no-deps", *options, "-r", lock)),
        ),
        outcome=f".sdk/{name}/bin/python",
    )


def node_modules(name: str, folder: str) -> Build:
    """What a folder's lock file names, beside it, as ``npm ci`` puts it there for anybody."""
    return Build(
        name=name,
        programs={"node": "Node.js 20", "npm": "Node.js 20"},
        sources=(f"{folder}/package.json", f"{folder}/package-lock.json"),
        steps=(Step(("npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"), folder),),
        outcome=f"{folder}/node_modules/.package-lock.json",
    )


def go_programs(name: str, folder: str, *arguments: str) -> Build:
    """The programs of a module, as one file each."""
    return Build(
        name=name,
        programs={"go": "Go 1.26"},
        sources=(folder,),
        steps=(Step(("go", "build", "-o", f"{{built}}/{name}/", *arguments), folder),),
        outcome=f".sdk/{name}",
    )


def require(programs: Mapping[str, str]) -> None:
    """Skips the test where a program is missing; under CI it fails, so that nothing is left out unseen."""
    lacking = missing(programs)
    if not lacking:
        return
    if os.environ.get("CI"):
        pytest.fail(lacking)
    pytest.skip(lacking)


def missing(programs: Mapping[str, str]) -> str:
    """Returns which programs the machine lacks and what to install for them, or nothing."""
    lacking = [f"{name} ({package})" for name, package in programs.items() if shutil.which(name) is None]
    return f"not on this machine: {', '.join(lacking)}" if lacking else ""


def build(wanted: Build) -> None:
    """Builds what is missing or older than its sources; a second process waits for the first.

    Raises:
        RuntimeError: a step failed; the text ends with what it said.
    """
    BUILT.mkdir(exist_ok=True)
    with (BUILT / f"{wanted.name}.lock").open("a+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        state = _state(wanted)
        if lock.read() == state and (ROOT / wanted.outcome).exists():
            return
        # Forgotten before the first step: what one that fails leaves behind is no build of any state.
        lock.truncate(0)
        for step in wanted.steps:
            _run(step)
        lock.write(state)


def _state(wanted: Build) -> str:
    """Returns a digest of the sources and of how they are built, without what the build itself left beside them."""
    digest = hashlib.sha256(repr(wanted).encode())
    for source in wanted.sources:
        for path in sorted(_files(ROOT / source)):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    ignored = {"node_modules", "target", "__pycache__"}
    return (found for found in path.rglob("*") if found.is_file() and not ignored & set(found.parts))


def _run(step: Step) -> None:
    command = [part.format(built=BUILT) for part in step.command]
    ended = subprocess.run(
        command,
        cwd=ROOT / step.folder,
        env={**os.environ, **step.environment},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_BUILD_SECONDS,
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout[-4000:]}")


def build_all(builds: Mapping[str, Build]) -> int:
    """Builds everything of a table, and says how long it took; returns the status that a command ends with."""
    for wanted in builds.values():
        lacking = missing(wanted.programs)
        if lacking:
            _say(f"{wanted.name}: {lacking}")
            return 1
        began = time.monotonic()
        build(wanted)
        _say(f"{wanted.name}: {time.monotonic() - began:.0f} s")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"builds: {text}\n")
