"""The page that is committed is made again from its sources, byte for byte, and its own checks pass."""

import shutil
from pathlib import Path

import pytest

from console import build

pytestmark = pytest.mark.console

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built in a folder of its own with freshly installed packages."""
    folder = tmp_path_factory.mktemp("built")
    without_packages = shutil.ignore_patterns("node_modules", "build.lock.json")
    shutil.copytree(ROOT / "console", folder / "console", ignore=without_packages)
    build.build(folder, build.Npm())
    return folder


def test_the_same_sources_make_the_same_bytes(built: Path) -> None:
    assert build.hashes(built) == build.hashes(ROOT)
    assert (built / "console/build.lock.json").read_bytes() == (ROOT / "console/build.lock.json").read_bytes()


def test_the_consoles_own_checks_pass(built: Path) -> None:
    """Lint, types, and the tests of its pure functions, such as that both languages have the same texts."""
    build.Npm().run(built, "run", "check")


def test_the_types_of_the_api_are_those_of_its_description(tmp_path: Path) -> None:
    npm, written = build.Npm(), tmp_path / "schema.d.ts"
    build.install(ROOT, npm)
    npm.run(ROOT, "run", "schema", "--", str(written))
    assert written.read_bytes() == (ROOT / "console/src/api/schema.d.ts").read_bytes()
