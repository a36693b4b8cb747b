"""Fixtures of this folder."""

from pathlib import Path
from types import ModuleType

import pytest

from tests.house.judging import Judge, judging
from tests.house.wrapper import WRAPPER, checkout, load


@pytest.fixture(scope="module")
def wrapper() -> ModuleType:
    """The wrapper of this checkout."""
    return load(WRAPPER)


@pytest.fixture
def miniature(tmp_path: Path) -> ModuleType:
    """The wrapper of a checkout with nothing to install, in ``checkout`` below the test's folder."""
    return load(checkout(tmp_path / "checkout", "# nothing to install\n"))


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Judge:
    """Runs ``config check`` in an empty folder."""
    return judging(monkeypatch, capsys, tmp_path)
