"""Folders for servers that a test starts and breaks by itself."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.devdb import reset
from tests.support.database import embedded_server, temporary_folder


@pytest.fixture(autouse=True)
def current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Code that removes folders is tested in a current folder of no worth, which it must leave alone."""
    folder = tmp_path / "current"
    (folder / "kept").mkdir(parents=True)
    (folder / "kept" / "file").write_text("kept")
    monkeypatch.chdir(folder)
    yield folder
    assert (folder / "kept" / "file").read_text() == "kept"


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty data folder; whatever database is made in it is removed, and nobody may use it any more."""
    with temporary_folder() as folder:
        path = folder / "data"
        yield path
        reset(path)


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A data folder whose server was started and stopped once."""
    with temporary_folder() as folder:
        with embedded_server(folder):
            pass
        yield folder


@pytest.fixture
def made_dir(data_dir: Path, made_once: Path) -> Path:
    """A data folder with an empty database of its own; copying one is faster than making it."""
    copy = shutil.which("cp")
    assert copy is not None
    subprocess.run([copy, "-a", made_once, data_dir], check=True)
    return data_dir
