"""A running PgBouncer in front of an embedded server."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.db.engine import DatabaseUnavailableError, connect, to_dsn
from app.db.roles import GATEWAY
from app.devdb import EmbeddedPostgres
from app.devdb.postmaster import PORT
from tests.devdb.children import postmaster_of
from tests.support.timeouts import HANG_SECONDS


def admit_every_account(data_dir: Path) -> None:
    """Lets the account of the pooler connect to a running server."""
    postmaster = postmaster_of(data_dir)
    assert postmaster is not None
    (data_dir / "pg_hba.conf").write_text("local all all trust\n")
    os.kill(postmaster, signal.SIGHUP)


@asynccontextmanager
async def pooled(server: EmbeddedPostgres, folder: Path, **options: str | int) -> AsyncIterator[str]:
    """Runs a pooler; yields the address of the database behind it.

    Args:
        server: a running server, which admits every account.
        folder: for the pooler's files.
        options: options of its configuration.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program is not None, "this test needs pgbouncer: apt-get install pgbouncer"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "server_login_retry": 1,
        **options,
    }
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        f"[databases]\n* = host={server.cluster} port={PORT} user={GATEWAY}\n[pgbouncer]\n"
        + "".join(f"{name} = {value}\n" for name, value in lines.items())
    )
    account = ["-u", str(server.account_name)] if os.geteuid() == 0 else []
    with (folder / "pgbouncer.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(program, *account, configuration, stdout=log, stderr=log)
    url = f"postgresql://{GATEWAY}@127.0.0.1:{port}/postgres"
    try:
        async with asyncio.timeout(HANG_SECONDS):
            while not await _answers(url):
                assert process.returncode is None, (folder / "pgbouncer.log").read_text()
                await asyncio.sleep(0.02)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _answers(url: str) -> bool:
    try:
        connection = await connect(to_dsn(url), statement_cache_size=0)
    except DatabaseUnavailableError:
        return False
    await connection.close()
    return True
