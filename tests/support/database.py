"""The one embedded server that a test session shares, and emptying its tables."""

import itertools
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from app.db.engine import connect, to_dsn
from app.db.roles import GATEWAY, OWNER, ensure_roles
from app.devdb import EmbeddedPostgres, EmbeddedPostgresError, embedded_postgres, reset
from app.devdb.cluster import SUPERUSER

_PREFIX = "seedgate-tests-"
_ABANDONED_AFTER_SECONDS = 3600
_MEMORY = Path("/dev/shm")
# Each of several sessions takes some hundred MiB; a container usually has 64 MiB there.
_ENOUGH_BYTES = 2 * 1024**3
_TEMPLATE = "migrated"

FORGET_THE_ROLES = (
    f"REASSIGN OWNED BY {OWNER} TO {SUPERUSER}",
    f"DROP OWNED BY {OWNER}",
    f"DROP OWNED BY {GATEWAY}",
    f"DROP ROLE {OWNER}",
    f"DROP ROLE {GATEWAY}",
)
"""Makes an embedded server, in whose first database it is run, one that does not know our roles."""

# Truncating makes every table and index a new file, which takes a hundred times as long for the few rows of a test.
EMPTY_ALL = """
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


def embedded_server(data_dir: Path, *, fsync: bool = False) -> AbstractContextManager[EmbeddedPostgres]:
    """Runs a server with the programs and account that the environment names."""
    binaries = os.environ.get("SEEDGATE_PG_BIN")
    return embedded_postgres(
        data_dir,
        pg_bin=Path(binaries) if binaries else None,
        pg_user=os.environ.get("SEEDGATE_PG_USER"),
        fsync=fsync,
    )


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """A folder with a short path, in which the account of a server can reach its cluster, also under root."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def session_server() -> Iterator[EmbeddedPostgres]:
    """A running server in a folder of its own, with safety traded for speed; both are gone afterwards."""
    remove_abandoned()
    with temporary_folder(_parent_of_sessions()) as folder, embedded_server(folder) as server:
        yield server


def _parent_of_sessions() -> Path:
    """Returns where servers of sessions keep their files: in memory where there is room, unless ``TMPDIR`` says where.

    On a disk's file system, making the files of a database takes ten times as much of the processor.
    """
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        room = os.statvfs(_MEMORY)
        if min(room.f_bavail * room.f_frsize, _free_memory_bytes()) >= _ENOUGH_BYTES:
            return _MEMORY
    return Path(tempfile.gettempdir())


def _free_memory_bytes() -> int:
    found = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def remove_abandoned() -> None:
    """Stops and removes servers of test sessions that were killed."""
    for folder in itertools.chain(*(place.glob(f"{_PREFIX}*") for place in (Path(tempfile.gettempdir()), _MEMORY))):
        with suppress(OSError, EmbeddedPostgresError):
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode):
                continue  # a link that anybody may have put there
            if found.st_uid == os.geteuid() and time.time() - found.st_mtime > _ABANDONED_AFTER_SECONDS:
                reset(folder)
                shutil.rmtree(folder)


def url_of(role: str, url: str) -> str:
    """Returns the address of a database for another role."""
    return make_url(url).set(username=role).render_as_string(hide_password=False)


async def keep_template(url: str) -> None:
    """Keeps a copy of a migrated, empty database, without connections, for ``own_database``."""
    await as_superuser(url, f"CREATE DATABASE {_TEMPLATE} TEMPLATE {make_url(url).database}")


@asynccontextmanager
async def own_database(server_url: str) -> AsyncIterator[str]:
    """Makes a migrated database of its own on the session's server, and drops it afterwards."""
    async with _one_database(server_url, template=_TEMPLATE) as url:
        await make_roles(url)  # what belongs to the database itself is not copied
        yield url


@asynccontextmanager
async def empty_database(server_url: str) -> AsyncIterator[str]:
    """Makes a database without any table, and drops it afterwards; the address is its owner's."""
    async with _one_database(server_url) as url:
        await make_roles(url)
        yield url_of(OWNER, url)


@asynccontextmanager
async def bare_database(server_url: str, *, template: str = "template1") -> AsyncIterator[str]:
    """Makes a database of the superuser's, in which the other roles have no rights, and drops it afterwards."""
    async with _one_database(server_url, template=template) as url:
        yield url


@asynccontextmanager
async def _one_database(server_url: str, *, template: str = "template1") -> AsyncIterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    await as_superuser(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    await as_superuser(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def make_roles(url: str) -> None:
    """Gives both roles their rights in a database."""
    connection = await connect(to_dsn(url_of(SUPERUSER, url)))
    try:
        await ensure_roles(connection)
    finally:
        await connection.close()


async def as_superuser(url: str, *statements: str) -> None:
    """Runs statements, each by itself, as the role to which nothing is forbidden."""
    await _each_by_itself(url_of(SUPERUSER, url), statements)


async def as_owner(url: str, *statements: str) -> None:
    """Runs statements, each by itself, as the role that owns the tables."""
    await _each_by_itself(url_of(OWNER, url), statements)


async def _each_by_itself(url: str, statements: Sequence[str]) -> None:
    connection = await connect(to_dsn(url), command_timeout_seconds=None)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def empty_all_tables(database_url: str) -> None:
    """Empties every table but the one that holds the schema's version; rows are numbered from one again."""
    await as_superuser(database_url, EMPTY_ALL)


@asynccontextmanager
async def open_superuser(database_url: str) -> AsyncIterator[Any]:
    """Opens a connection of the driver's own as the role to which nothing is forbidden."""
    connection = await connect(to_dsn(url_of(SUPERUSER, database_url)), command_timeout_seconds=None)
    try:
        yield connection
    finally:
        await connection.close()


async def set_reachable(server_url: str, url: str, *, is_reachable: bool) -> None:
    """Refuses new connections to a database and ends the existing ones, or allows connections again."""
    name = make_url(url).database
    statements = [f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(is_reachable).lower()}"]
    if not is_reachable:
        statements.append(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    await as_superuser(server_url, *statements)
