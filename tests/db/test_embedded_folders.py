import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db.embedded import EmbeddedPostgres, EmbeddedPostgresError, reset
from app.db.embedded.accounts import current_account
from app.db.embedded.binaries import find_binaries
from app.db.embedded.cluster import SUPERUSER
from app.db.embedded.folders import (
    clusters_in,
    existing_home,
    make_data_folder,
    remove_socket_folder,
    socket_folder,
)
from app.db.embedded.locks import exclusive_lock
from app.db.engine import open_engine
from tests.db.children import postmaster_of, query
from tests.support.database import embedded_server, url_of

# Every test here makes database servers of its own.
pytestmark = pytest.mark.slow

OTHER_POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        "quote'and\"quote",
        "percent%41",
        "数据",
        "comma,comma",
        "a" * 60 + "/" + "b" * 60,
        "plus+and&amp=x?#",
    ],
)
async def test_any_path_will_do(data_dir: Path, name: str) -> None:
    folder = data_dir / name
    folder.parent.mkdir(parents=True)
    for parent in (data_dir, folder.parent):
        parent.chmod(0o711)
    with embedded_server(folder) as server:
        engine = open_engine(url_of(SUPERUSER, server.url))
        async with engine.connect() as connection:
            assert await connection.scalar(text("SHOW data_directory")) == str(clusters_in(folder)[0])
        await engine.dispose()
        postmaster = postmaster_of(folder)
        assert postmaster is not None
        assert postmaster.socket_folder is not None
    if "," in name or len(name) > 100:
        assert not postmaster.socket_folder.exists()
    reset(folder)


async def test_a_data_folder_behind_a_link_is_the_same_database(data_dir: Path) -> None:
    link = data_dir.with_name("link")
    link.symlink_to(data_dir)
    with embedded_server(data_dir) as server, embedded_server(link) as same:
        assert same.url == server.url
    assert postmaster_of(data_dir) is None


def test_a_short_socket_folder_that_others_can_enter_is_not_used() -> None:
    account = current_account()
    cluster = Path("/" + "a" * 120)
    mine = socket_folder(cluster, account)
    try:
        assert stat.S_IMODE(mine.stat().st_mode) == 0o700
        assert socket_folder(cluster, account) == mine
        mine.chmod(0o755)
        with pytest.raises(EmbeddedPostgresError, match="made by someone else"):
            socket_folder(cluster, account)
    finally:
        mine.rmdir()


def test_a_database_of_another_major_version_is_not_passed_over(made_dir: Path) -> None:
    cluster = clusters_in(made_dir)[0]
    cluster.rename(made_dir / "pg12")
    with pytest.raises(EmbeddedPostgresError, match=r"PostgreSQL 12.*SEEDGATE_PG_BIN.*--reset"):
        embedded_server(made_dir).start()
    assert clusters_in(made_dir) == [made_dir / "pg12"]
    reset(made_dir)
    with embedded_server(made_dir):
        assert clusters_in(made_dir) == [cluster]


@pytest.mark.skipif(not OTHER_POSTGRES, reason="no other PostgreSQL is installed here")
async def test_programs_of_the_system_serve_as_well(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, pg_bin=OTHER_POSTGRES[-1], fsync=False) as server:
        version = await query(server.url, "SHOW server_version_num")
    assert clusters_in(data_dir) == [data_dir / f"pg{int(version) // 10000}"]


def test_a_folder_without_programs_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="SEEDGATE_PG_BIN"):
        find_binaries(tmp_path)


def test_programs_that_do_not_run_are_refused_with_what_they_said(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho wrong machine >&2\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="wrong machine"):
        find_binaries(tmp_path)


def test_programs_that_are_too_old_are_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.24'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 9"):
        find_binaries(tmp_path)


def test_a_data_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedPostgresError, match="SEEDGATE_DATA_DIR"):
        make_data_folder(tmp_path / "file" / "data")


def test_an_initdb_that_fails_is_told_and_leaves_nothing(data_dir: Path) -> None:
    programs = data_dir.parent / "programs"
    programs.mkdir(mode=0o755)
    (programs / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    (programs / "initdb").write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="no space left"):
        EmbeddedPostgres(data_dir, pg_bin=programs).start()
    assert [path.name for path in data_dir.glob("pg*")] == []


def test_a_start_that_fails_before_the_launch_removes_nothing(made_dir: Path, current_folder: Path) -> None:
    (made_dir / "pg_hba.conf").unlink()
    (made_dir / "pg_hba.conf").mkdir()
    with pytest.raises(EmbeddedPostgresError, match="permissions"):
        embedded_server(made_dir).start()
    assert postmaster_of(made_dir) is None
    assert [path.name for path in current_folder.iterdir()] == ["kept"]
    assert clusters_in(made_dir)
    (made_dir / "pg_hba.conf").rmdir()


@pytest.mark.parametrize("folder", [Path(), Path("kept"), Path("seedgate-x"), Path("/tmp/other")])
def test_only_a_short_socket_folder_of_ours_is_ever_removed(current_folder: Path, folder: Path) -> None:
    remove_socket_folder(folder, Path("/cluster"))
    assert (current_folder / "kept" / "file").exists()


def test_a_socket_folder_with_anything_else_in_it_stays(tmp_path: Path) -> None:
    folder = tmp_path / "seedgate-x"
    folder.mkdir()
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock", "something"):
        (folder / name).touch()
    remove_socket_folder(folder, Path("/cluster"))
    assert [path.name for path in folder.iterdir()] == ["something"]
    (folder / "something").unlink()
    remove_socket_folder(folder, Path("/cluster"))
    assert not folder.exists()


def test_reset_spares_folders_of_the_user_with_like_names(made_dir: Path) -> None:
    mine = [made_dir / name for name in ("pg18-notes", "pg2024", "pg18.new", "pg18.new.my notes", "bin-tools")]
    for folder in mine:
        folder.mkdir()
        (folder / "file").touch()
    reset(made_dir)
    assert clusters_in(made_dir) == []
    assert all((folder / "file").exists() for folder in mine)


def test_a_pointer_that_another_account_left_is_not_followed(data_dir: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file away needs root")
    data_dir.mkdir()
    (data_dir / "postgres-location").write_text("/etc\n")
    os.chown(data_dir / "postgres-location", 65534, 65534)
    with pytest.raises(EmbeddedPostgresError, match="not followed"):
        existing_home(data_dir)
    (data_dir / "postgres-location").unlink()


def test_a_lock_that_is_held_too_long_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "init.lock"
    with (
        exclusive_lock(path, timeout_seconds=1),
        pytest.raises(EmbeddedPostgresError, match="starting or stopping"),
        exclusive_lock(path, timeout_seconds=0.05),
    ):
        pass
    with exclusive_lock(path, timeout_seconds=0.05):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_lock_file_that_is_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "init.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmbeddedPostgresError), exclusive_lock(tmp_path / "init.lock", timeout_seconds=1):
        pass
    assert not (tmp_path / "elsewhere").exists()
