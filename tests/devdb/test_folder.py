from pathlib import Path

import pytest
from sqlalchemy import text

from app.db.engine import open_engine
from app.devdb import EmbeddedPostgresError, embedded_postgres, reset
from app.devdb.binaries import find_binaries
from app.devdb.cluster import SUPERUSER
from app.devdb.folder import find_cluster
from tests.devdb.children import assert_refused, cluster_of, postmaster_of, query
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
        "plus+and&amp=x?#",
    ],
)
async def test_any_path_will_do(data_dir: Path, name: str) -> None:
    folder = data_dir.with_name(name)
    with embedded_server(folder) as server:
        engine = open_engine(url_of(SUPERUSER, server.url))
        async with engine.connect() as connection:
            assert await connection.scalar(text("SHOW data_directory")) == str(find_cluster(folder))
        await engine.dispose()
    reset(folder)


@pytest.mark.parametrize("name", ["comma,comma", "a" * 100])
def test_a_path_that_no_socket_can_have_is_refused_before_anything_is_made(data_dir: Path, name: str) -> None:
    folder = data_dir.with_name(name)
    assert_refused(folder, r"too long for a socket.*SEEDGATE_DATA_DIR")
    assert [path.name for path in folder.glob("pg*")] == []


def test_a_data_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_refused(tmp_path / "file" / "data", r"file/data.*SEEDGATE_DATA_DIR")


def test_a_lock_file_that_is_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "init.lock").symlink_to(tmp_path / "elsewhere")
    assert_refused(tmp_path, "SEEDGATE_DATA_DIR")
    assert not (tmp_path / "elsewhere").exists()


async def test_a_data_folder_behind_a_link_is_the_same_database(data_dir: Path) -> None:
    link = data_dir.with_name("link")
    link.symlink_to(data_dir)
    with embedded_server(data_dir) as server, embedded_server(link) as same:
        assert same.url == server.url
    assert postmaster_of(data_dir) is None


def test_a_database_of_another_major_version_is_not_passed_over(made_dir: Path) -> None:
    cluster = cluster_of(made_dir)
    cluster.rename(made_dir / "pg12")
    assert_refused(made_dir, r"PostgreSQL 12.*SEEDGATE_PG_BIN.*--reset")
    assert find_cluster(made_dir) == made_dir / "pg12"
    reset(made_dir)
    with embedded_server(made_dir):
        assert find_cluster(made_dir) == cluster


@pytest.mark.skipif(not OTHER_POSTGRES, reason="no other PostgreSQL is installed here")
async def test_programs_of_the_system_serve_as_well(data_dir: Path) -> None:
    with embedded_postgres(data_dir, pg_bin=OTHER_POSTGRES[-1], fsync=False) as server:
        version = await query(server.url, "SHOW server_version_num")
    assert find_cluster(data_dir) == data_dir / f"pg{int(version) // 10000}"


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


def test_an_initdb_that_fails_is_reported_and_leaves_nothing(data_dir: Path) -> None:
    programs = data_dir.parent / "programs"
    programs.mkdir(mode=0o755)
    (programs / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
    (programs / "initdb").write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="no space left"), embedded_postgres(data_dir, pg_bin=programs):
        pass
    assert [path.name for path in data_dir.glob("pg*")] == []


def test_a_start_that_fails_before_the_launch_removes_nothing(made_dir: Path, current_folder: Path) -> None:
    (made_dir / "pg_hba.conf").unlink()
    (made_dir / "pg_hba.conf").mkdir()
    assert_refused(made_dir, "permissions")
    assert postmaster_of(made_dir) is None
    assert [path.name for path in current_folder.iterdir()] == ["kept"]
    assert find_cluster(made_dir)
    (made_dir / "pg_hba.conf").rmdir()


def test_reset_spares_folders_of_the_user_with_like_names(made_dir: Path) -> None:
    mine = [made_dir / name for name in ("pg18-notes", "pg2024", "pg18.new", "seedgate-notes", "seedgate-programs")]
    for folder in mine:
        folder.mkdir()
        (folder / "file").touch()
    reset(made_dir)
    assert find_cluster(made_dir) is None
    assert all((folder / "file").exists() for folder in mine)
