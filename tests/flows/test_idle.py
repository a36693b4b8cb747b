"""A gateway with nothing to do leaves its database alone: counted by PostgreSQL, not by the gateway."""

import asyncio
import socket
import tempfile
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from app.core.sealing import generate_key
from app.db.engine import to_dsn
from app.devdb import running_server
from app.devdb.cluster import SUPERUSER
from tests.flows.programs import on_socket, started, until_ready
from tests.support.database import own_database, temporary_folder, url_of

pytestmark = pytest.mark.slow

MAX_PER_SECOND = 3
"""One question for all jobs, half a renewal of the processes, and a margin."""

_WARM_UP_SECONDS = 10
_WINDOW_SECONDS = 15
_COUNT = """
    SELECT xact_commit + xact_rollback AS transactions, extract(epoch FROM clock_timestamp())::float8 AS at
    FROM pg_stat_database WHERE datname = $1
"""


async def check_idle(url: str) -> None:
    """Counts the transactions of a database for some seconds; a statement without BEGIN is one, too."""
    name = make_url(url).database
    # From another database of the server, so that the counting is not counted.
    connection = await asyncpg.connect(to_dsn(url_of(SUPERUSER, url)), database="template1")
    try:
        await asyncio.sleep(_WARM_UP_SECONDS)
        before = await connection.fetchrow(_COUNT, name)
        await asyncio.sleep(_WINDOW_SECONDS)
        after = await connection.fetchrow(_COUNT, name)
    finally:
        await connection.close()
    number, seconds = after["transactions"] - before["transactions"], after["at"] - before["at"]
    assert 0 < number <= MAX_PER_SECOND * seconds, (number, seconds)


async def test_serve_with_one_process_asks_its_database_once_a_second(database_url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="seedgate-idle-") as made:
        folder = Path(made)
        async with own_database(database_url) as url:
            settings = {
                "DATABASE_URL": url,
                "ADMIN_TOKEN": "an admin token of at least 32 characters",
                "SECRET_KEY": generate_key(),
                "ARK_BASE_URL": "http://127.0.0.1:1/api/v3",
                "ARK_API_KEY": "key",
                "ARK_EXCLUSIVE": "on",
            }
            async with (
                started("serve", "--uds", str(folder / "s"), folder=folder, settings=settings) as program,
                on_socket(folder / "s") as client,
            ):
                await until_ready(client, program)
                await check_idle(url)


async def test_dev_asks_its_database_once_a_second(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with temporary_folder() as data:
        arguments = ("dev", "--port", str(port), "--data-dir", str(data))
        async with started(*arguments, folder=tmp_path, settings={}) as program:
            await program.read_until("-d '")
            server = running_server(data)
            assert server is not None
            await check_idle(server.url_of(SUPERUSER))
