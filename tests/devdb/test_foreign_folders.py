"""A data folder may be somebody's home: nothing in it that Seedgate did not make is touched."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from app.devdb import reset
from app.devdb.folder import find_cluster
from app.devdb.postmaster import kill_orphans
from tests.devdb.children import assert_refused, cluster_of
from tests.support.database import embedded_server, remove_abandoned


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with files of its owner that are named as ours are, and a PostgreSQL cluster of theirs."""
    folder = tmp_path / "home"
    for name in ("pg16/global", "pg18/global", "project"):
        (folder / name).mkdir(parents=True)
    for name in (
        "pg16/PG_VERSION",
        "pg18/PG_VERSION",
        "pg_hba.conf",
        "pg_ident.conf",
        "postgres.log",
        "postgres.log.1",
    ):
        (folder / name).write_text("mine")
    return folder


def contents(folder: Path) -> dict[Path, str | None]:
    return {path: path.read_text() if path.is_file() else None for path in folder.rglob("*")}


def test_reset_of_a_folder_that_was_never_ours_changes_nothing_in_it(home: Path) -> None:
    before = contents(home)
    reset(home)
    assert contents(home) == before


@pytest.mark.parametrize("name", ["pg_hba.conf", "pg_ident.conf", "postgres.log"])
def test_a_start_in_a_folder_with_such_a_file_of_its_owner_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    before = contents(tmp_path)
    assert_refused(tmp_path, f"{name} was there before")
    assert contents(tmp_path) == before


def test_a_cluster_that_seedgate_did_not_make_is_neither_used_nor_removed(home: Path) -> None:
    for path in home.glob("p*.*"):
        path.unlink()
    (home / "users.lock").touch()
    before = contents(home)
    assert find_cluster(home) is None
    reset(home)
    assert {path: text for path, text in contents(home).items() if path.name != "init.lock"} == before


@pytest.mark.slow
def test_a_cluster_of_ours_is_not_made_in_the_place_of_theirs(data_dir: Path) -> None:
    with embedded_server(data_dir):
        cluster = cluster_of(data_dir)
    reset(data_dir)
    (cluster / "global").mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("mine")
    assert_refused(data_dir, "was not made by Seedgate")
    assert (cluster / "PG_VERSION").read_text() == "mine"
    shutil.rmtree(cluster)


def test_only_server_processes_are_ended_in_a_cluster_that_is_still_in_use(tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep is not None
    with subprocess.Popen([sleep, "60"], cwd=tmp_path) as bystander:
        kill_orphans(tmp_path)
        bystander.terminate()
    assert bystander.returncode == -signal.SIGTERM


def test_a_link_among_the_temporary_folders_leads_to_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    for name in ("users.lock", "postgres.log"):
        (victim / name).write_text("kept")
    os.utime(victim, (0, 0))
    (tmp_path / "seedgate-tests-link").symlink_to(victim)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    remove_abandoned()
    assert (victim / "postgres.log").read_text() == "kept"
