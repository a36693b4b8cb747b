"""``config check`` in an empty folder, for tests of settings."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.config_check import check

Judge = Callable[..., tuple[int, str, str]]


def judging(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> Judge:
    """Returns ``config check`` in a folder: environment in, exit code and what it printed out."""
    for name in [name for name in os.environ if name.upper().startswith(("SEEDGATE_", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)

    def run(**environment: str) -> tuple[int, str, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        try:
            check()
        except SystemExit as ended:
            code = int(ended.code or 0)
        else:
            code = 0
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
