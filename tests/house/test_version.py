"""The version is the same wherever it is written."""

import re
import tomllib
from datetime import date
from pathlib import Path

from app import __version__

ROOT = Path(__file__).resolve().parents[2]


def test_the_program_has_the_version_that_is_packaged() -> None:
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert __version__ == packaged


def test_the_newest_version_of_the_changelog_is_the_programs() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [heading.split(" - ") for heading in headings if heading != "Unreleased"]
    assert released[0][0] == __version__
    days = [date.fromisoformat(day) for _, day in released]
    assert days == sorted(days, reverse=True)


def test_the_image_of_compose_and_the_supported_versions_are_of_the_programs_version() -> None:
    assert re.findall(r"image: seedgate:(\S+)", (ROOT / "docker-compose.yml").read_text()) == [__version__]
    supported = f"| {__version__.rpartition('.')[0]}.x | yes |"
    assert supported in (ROOT / "SECURITY.md").read_text()
