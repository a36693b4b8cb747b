"""The one embedded server that a test session shares, and emptying its tables."""

import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded import EmbeddedPostgres, EmbeddedPostgresError, reset
from app.db.engine import open_engine

_PREFIX = "seedgate-tests-"
_ABANDONED_AFTER_SECONDS = 3600
_TEMPLATE = "migrated"

# Truncating makes every table and index a new file, which takes a hundred times as long for the few rows of a test.
_EMPTY_ALL = text(
    """
    DO $$
    DECLARE name text;
    BEGIN
        SET LOCAL session_replication_role = replica;  -- no foreign key is minded, so any order will do
        FOR name IN
            SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP
            EXECUTE 'DELETE FROM ' || name;
        END LOOP;
        PERFORM setval(quote_ident(sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public';
    END $$
    """
)


def embedded_server(data_dir: Path, *, fsync: bool = False) -> EmbeddedPostgres:
    """Returns a server, not yet started, with the programs and account that the environment names."""
    binaries = os.environ.get("SEEDGATE_PG_BIN")
    return EmbeddedPostgres(
        data_dir,
        pg_bin=Path(binaries) if binaries else None,
        pg_user=os.environ.get("SEEDGATE_PG_USER"),
        fsync=fsync,
    )


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder with a short path, in which the account of a server can reach its cluster, also under root."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def session_server() -> Iterator[EmbeddedPostgres]:
    """A running server in a folder of its own, with safety traded for speed; both are gone afterwards."""
    remove_abandoned()
    with temporary_folder() as folder, embedded_server(folder) as server:
        yield server


def remove_abandoned() -> None:
    """Stops and removes servers of test sessions that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, EmbeddedPostgresError):
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode):
                continue  # a link that anybody may have put there
            if found.st_uid == os.geteuid() and time.time() - found.st_mtime > _ABANDONED_AFTER_SECONDS:
                reset(folder)
                shutil.rmtree(folder)


async def keep_template(url: str) -> None:
    """Keeps a copy of a migrated, empty database, to which nobody is connected, for ``own_database``."""
    name = make_url(url).database
    await outside_transaction(url, f"CREATE DATABASE {_TEMPLATE} TEMPLATE {name}")


@asynccontextmanager
async def own_database(server_url: str) -> AsyncIterator[str]:
    """Makes a migrated database of its own on the session's server, and drops it afterwards."""
    name = f"world_{secrets.token_hex(6)}"
    await outside_transaction(server_url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    await outside_transaction(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def outside_transaction(url: str, statement: str) -> None:
    """Runs a statement that no transaction may hold."""
    engine = open_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text(statement))
    finally:
        await engine.dispose()


async def empty_all_tables(engine: AsyncEngine) -> None:
    """Empties every table but the one that holds the schema's version; rows are numbered from one again."""
    async with engine.begin() as connection:
        await connection.execute(_EMPTY_ALL)


async def set_reachable(server_url: str, url: str, *, is_reachable: bool) -> None:
    """Lets nobody into a database, and throws out who is in it; or lets everybody in again."""
    name = make_url(url).database
    engine = open_engine(server_url, pool_size=1)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(is_reachable).lower()}"))
            if not is_reachable:
                terminate = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
                await connection.execute(terminate, {"name": name})
    finally:
        await engine.dispose()
