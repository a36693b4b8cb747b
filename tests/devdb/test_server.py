import asyncio
import os
import re
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import TextClause, text

from app.db.engine import open_engine, to_dsn
from app.db.roles import OWNER
from app.devdb import EmbeddedPostgresError, reset
from app.devdb.folder import find_cluster
from tests.devdb.children import ServerUser, assert_refused, cluster_of, environment_of, is_gone, postmaster_of, query
from tests.support.database import embedded_server, url_of
from tests.support.timeouts import HANG_SECONDS

# Every test here makes database servers of its own.
pytestmark = pytest.mark.slow


def kill_server(data_dir: Path) -> None:
    postmaster = postmaster_of(data_dir)
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)


async def test_a_cold_start_gives_a_server_that_answers_and_ends_with_its_user(data_dir: Path) -> None:
    with embedded_server(data_dir) as server:
        assert await query(server.url, "SELECT 1") == 1
        assert postmaster_of(data_dir) is not None
    assert postmaster_of(data_dir) is None


async def test_rows_are_there_after_a_restart(made_dir: Path) -> None:
    with embedded_server(made_dir) as server:
        await query(server.owner_url, "CREATE TABLE kept AS SELECT generate_series(1, 100) AS n")
    with embedded_server(made_dir) as server:
        assert await query(server.url, "SELECT count(*) FROM kept") == 100


async def test_two_processes_share_one_server_and_the_last_one_out_stops_it(made_dir: Path) -> None:
    with ServerUser(made_dir) as first, embedded_server(made_dir) as server:
        assert first.url() == server.url
        started = postmaster_of(made_dir)
        first.leave()
        assert postmaster_of(made_dir) == started
        assert await query(server.url, "SELECT 1") == 1
    assert postmaster_of(made_dir) is None


async def test_the_one_who_started_the_server_may_leave_first(made_dir: Path) -> None:
    with ExitStack() as first:
        first.enter_context(embedded_server(made_dir))
        with ServerUser(made_dir) as second:
            url = second.url()
            first.close()
            assert await query(url, "SELECT 1") == 1
            second.leave()
    assert postmaster_of(made_dir) is None


async def test_four_cold_starts_at_once_make_one_database(data_dir: Path) -> None:
    users = [ServerUser(data_dir) for _ in range(4)]
    assert len({user.url() for user in users}) == 1
    for user in users:
        user.leave()
    assert postmaster_of(data_dir) is None
    assert find_cluster(data_dir) is not None


async def test_a_killed_user_leaves_a_server_that_the_next_one_adopts_and_stops(made_dir: Path) -> None:
    with ServerUser(made_dir) as first:
        await query(url_of(OWNER, first.url()), "CREATE TABLE kept AS SELECT 7 AS n")
        first.kill()
    orphan = postmaster_of(made_dir)
    assert orphan is not None
    with embedded_server(made_dir) as server:
        assert postmaster_of(made_dir) == orphan
        assert await query(server.url, "SELECT n FROM kept") == 7
    assert postmaster_of(made_dir) is None


async def write_until_killed(url: str, data_dir: Path) -> int:
    """Writes one row after another, and kills the server meanwhile; returns how many were acknowledged."""
    writer = await asyncpg.connect(to_dsn(url))
    acknowledged = 0
    try:
        while True:
            await writer.execute("INSERT INTO kept VALUES ($1)", acknowledged)
            acknowledged += 1
            if acknowledged == 200:
                kill_server(data_dir)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        return acknowledged
    finally:
        writer.terminate()


async def test_every_acknowledged_row_survives_a_killed_server(made_dir: Path) -> None:
    with embedded_server(made_dir, fsync=True) as server:
        await query(server.owner_url, "CREATE TABLE kept (n int)")
        acknowledged = await write_until_killed(server.url, made_dir)
    assert acknowledged >= 200
    with embedded_server(made_dir, fsync=True) as server:
        assert await query(server.url, "SELECT count(*) FROM kept") >= acknowledged


async def test_a_killed_server_is_started_again_while_its_other_users_keep_running(made_dir: Path) -> None:
    # The killed server is a zombie for as long as the process that started it has not looked.
    with ServerUser(made_dir) as first:
        url = first.url()
        kill_server(made_dir)
        with embedded_server(made_dir) as server:
            assert server.url == url
            assert await query(url, "SELECT 1") == 1
        assert await query(url, "SELECT 1") == 1
        first.leave()
    assert postmaster_of(made_dir) is None


async def test_an_old_process_id_that_now_belongs_to_another_program_is_no_server(made_dir: Path) -> None:
    cluster = cluster_of(made_dir)
    with embedded_server(made_dir):
        written = (cluster / "postmaster.pid").read_text()
        kill_server(made_dir)
    bystander = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (cluster / name).write_text(re.sub(r"^\d+", str(bystander.pid), written))
    with embedded_server(made_dir) as restarted:
        assert await query(restarted.url, "SELECT 1") == 1
    assert bystander.returncode is None
    await bystander.communicate(b"\n")


@pytest.mark.parametrize("rubbish", ["", "\n", "-1\n", "not a number\n"])
async def test_a_broken_process_id_file_is_no_obstacle(made_dir: Path, rubbish: str) -> None:
    (cluster_of(made_dir) / "postmaster.pid").write_text(rubbish)
    with embedded_server(made_dir) as server:
        assert await query(server.url, "SELECT 1") == 1


async def test_a_busy_backend_that_outlives_its_killed_server_does_not_block_the_next(made_dir: Path) -> None:
    with embedded_server(made_dir) as server:
        connection = await asyncpg.connect(to_dsn(server.url))
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        busy = asyncio.create_task(connection.execute("DO 'BEGIN LOOP END LOOP; END'"))
        is_busy = f"SELECT state = 'active' AND query LIKE 'DO%' FROM pg_stat_activity WHERE pid = {backend}"
        async with asyncio.timeout(HANG_SECONDS):
            while not await query(server.url, is_busy):  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.01)
        kill_server(made_dir)
    assert not is_gone(backend)
    with embedded_server(made_dir) as restarted:
        assert await query(restarted.url, "SELECT 1") == 1
        assert is_gone(backend)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await busy
    await connection.close(timeout=1)


def test_what_a_killed_first_start_left_is_cleared_away(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "seedgate-unfinished" / "base").mkdir(parents=True)
    with embedded_server(data_dir):
        assert not (data_dir / "seedgate-unfinished").exists()


async def test_a_server_that_cannot_start_says_why_and_leaves_nothing_running(made_dir: Path) -> None:
    configuration = cluster_of(made_dir) / "postgresql.auto.conf"
    configuration.write_text("max_connections = 'rubbish'\n")
    assert_refused(made_dir, "max_connections")
    assert postmaster_of(made_dir) is None
    configuration.write_text("")
    with embedded_server(made_dir) as server:
        assert await query(server.url, "SELECT 1") == 1


async def test_a_forked_child_cannot_stop_the_server(made_dir: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from tests.devdb.children import assert_refused, postmaster_of
from tests.support.database import embedded_server
with embedded_server(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
    assert postmaster_of(Path(sys.argv[1])) is not None
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, made_dir)
    assert await process.wait() == 0
    assert postmaster_of(made_dir) is None


async def test_a_stray_environment_steers_neither_server_nor_client(
    made_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGUSER": "x", "PGHOST": "h.invalid", "PGDATA": "/x", "LC_ALL": "xx"}.items():
        monkeypatch.setenv(name, value)
    with embedded_server(made_dir) as server:
        engine = open_engine(server.url)
        async with engine.connect() as connection:
            assert await connection.scalar(_show("port")) == "5432"
        await engine.dispose()


async def test_the_server_cannot_be_read_for_our_secrets(made_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_SECRET_KEY", "hunter2")
    with embedded_server(made_dir):
        postmaster = postmaster_of(made_dir)
        assert postmaster is not None
        assert b"hunter2" not in environment_of(postmaster)


def _show(setting: str) -> TextClause:
    return text(f"SHOW {setting}")


async def test_chinese_text_can_be_searched_by_index(made_dir: Path) -> None:
    with embedded_server(made_dir) as server:
        if not await query(server.url, "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'"):
            pytest.skip("these PostgreSQL programs come without pg_trgm")
        await query(server.owner_url, "CREATE EXTENSION pg_trgm")
        assert await query(server.url, "SELECT cardinality(show_trgm('生成视频任务'))") > 0


def test_a_database_in_use_is_not_removed(made_dir: Path) -> None:
    with embedded_server(made_dir):
        with pytest.raises(EmbeddedPostgresError, match="in use"):
            reset(made_dir)
        assert postmaster_of(made_dir) is not None


async def test_reset_removes_the_database_and_nothing_else(made_dir: Path) -> None:
    with embedded_server(made_dir) as server:
        await query(server.owner_url, "CREATE TABLE gone (n int)")
    (made_dir / "secrets.json").write_text("{}")
    reset(made_dir)
    assert find_cluster(made_dir) is None
    assert (made_dir / "secrets.json").read_text() == "{}"
    with embedded_server(made_dir) as server:
        assert await query(server.url, "SELECT to_regclass('gone')") is None


async def test_reset_stops_a_server_that_a_killed_process_left(made_dir: Path) -> None:
    with ServerUser(made_dir) as user:
        user.url()
        user.kill()
    postmaster = postmaster_of(made_dir)
    assert postmaster is not None
    reset(made_dir)
    assert is_gone(postmaster)


def test_reset_without_a_database_does_nothing(tmp_path: Path) -> None:
    reset(tmp_path / "absent")
    reset(tmp_path)
    assert not (tmp_path / "absent").exists()
