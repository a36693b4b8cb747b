"""The version is the same wherever it is written."""

import tomllib
from pathlib import Path

from app import __version__

ROOT = Path(__file__).resolve().parents[2]


def test_the_program_has_the_version_that_is_packaged() -> None:
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert __version__ == packaged
