"""The console's page that is committed was built from the sources beside it, which ``./seedgate check`` finds out."""

import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from console import build

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_page_is_what_was_built_from_the_committed_sources() -> None:
    build.check(ROOT)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The console and its page in a folder of their own, without installed packages."""
    without_packages = shutil.ignore_patterns("node_modules")
    shutil.copytree(ROOT / "console", tmp_path / "console", ignore=without_packages)
    shutil.copytree(ROOT / "app/console/static", tmp_path / "app/console/static")
    build.check(tmp_path)
    return tmp_path


def _a_built_file(root: Path) -> Path:
    return min((root / "app/console/static/files").glob("*.js"))


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a source": (lambda root: (root / "console/src/main.tsx").write_text("//"), "console/src/main.tsx: changed"),
    "a new source": (lambda root: (root / "console/src/new.ts").write_text(""), "console/src/new.ts: not in the lock"),
    "a source less": (lambda root: (root / "console/src/router.tsx").unlink(), "console/src/router.tsx: missing"),
    "a package": (lambda root: (root / "console/package-lock.json").write_text("{}"), "package-lock.json: changed"),
    "a built file": (lambda root: _a_built_file(root).write_text("alert(1)"), r"static/files/.*\.js: changed"),
    "a built file less": (lambda root: _a_built_file(root).unlink(), r"static/files/.*\.js: missing"),
    "a file that was not built": (
        lambda root: (root / "app/console/static/files/x.js").write_text(""),
        r"static/files/x\.js: not in the lock",
    ),
    "no lock file": (lambda root: (root / "console/build.lock.json").unlink(), "build.lock.json cannot be read"),
    "half a lock file": (lambda root: (root / "console/build.lock.json").write_text("{"), "build.lock.json cannot be"),
}


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES)
def test_what_was_not_built_is_found_and_named(copy: Path, change: Callable[[Path], object], told: str) -> None:
    change(copy)
    with pytest.raises(build.BuildError) as found:
        build.check(copy)
    assert re.search(told, str(found.value))
    assert "./seedgate console build" in str(found.value)


def test_tests_and_types_are_no_sources_of_the_page(copy: Path) -> None:
    (copy / "console/src/new.test.ts").write_text("")
    (copy / "console/src/new.d.ts").write_text("")
    build.check(copy)


def test_the_lock_file_of_the_packages_names_no_server() -> None:
    assert '"resolved"' not in (ROOT / "console/package-lock.json").read_text()


def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--help"]) == 0
    assert "./seedgate console build" in capsys.readouterr().out
    assert build.main(["biuld"]) == 2


@pytest.mark.parametrize(
    ("arguments", "is_built"),
    [("console build", True), ("test -- -m console", True), ("test", False), ("check", False), ("serve", False)],
)
def test_the_packaged_node_is_there_for_what_builds_the_console(arguments: str, *, is_built: bool) -> None:
    script = runpy.run_path(str(ROOT / "seedgate"))
    assert script["builds_console"](arguments.split()) is is_built
