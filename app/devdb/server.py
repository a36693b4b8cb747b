"""The embedded server as its users see it: start it or join it, use its URL, leave."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from app.db.roles import GATEWAY, OWNER, close_other_databases, ensure_roles
from app.devdb.account import Account, server_account
from app.devdb.binaries import Binaries, find_binaries, runnable_binaries
from app.devdb.cluster import SUPERUSER, check_can_enter, make_cluster, write_access_files
from app.devdb.errors import EmbeddedPostgresError, explained
from app.devdb.folder import (
    LOG_NAME,
    exclusive_lock,
    find_cluster,
    is_last_user,
    make_data_folder,
    open_own,
    remove_database,
    users_lock,
    was_used,
)
from app.devdb.postmaster import PORT, find_postmaster, start_postmaster, stop_postmaster

_DATABASE = "postgres"
# Recovery after a kill can take long under a full log.
_START_TIMEOUT_SECONDS = 120.0
_CONNECT_TIMEOUT_SECONDS = 5.0
# More than a statement of roles.sql waits for a table.
_ROLES_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.02
_LOG_TAIL_BYTES = 1500


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A running server."""

    cluster: Path
    """Its files and its socket."""

    account_name: str | None = None
    """The account of this machine that it runs under, where this process started or joined it."""

    @property
    def url(self) -> str:
        """The address for SQLAlchemy with asyncpg; its role reads and writes rows, and no more."""
        return self.url_of(GATEWAY)

    @property
    def owner_url(self) -> str:
        """The same for migrations: its role owns the schema."""
        return self.url_of(OWNER)

    def url_of(self, role: str) -> str:
        """The same for any role."""
        # The port is stated, or a stray PGPORT in the environment would count.
        return f"postgresql+asyncpg://{role}@/{_DATABASE}?host={quote(str(self.cluster))}&port={PORT}"


@contextmanager
def embedded_postgres(
    data_dir: Path,
    *,
    pg_bin: Path | None = None,
    pg_user: str | None = None,
    fsync: bool = True,
    may_use_nobody: bool = True,
    sync_new: bool = True,
) -> Iterator[EmbeddedPostgres]:
    """Runs a PostgreSQL server of our own, shared by every process that names the same data folder.

    The first one in starts it, the last one out stops it, and the kernel notices a killed one: the next to start
    adopts its server. The data stay. Only this process's account and root can connect, over a socket. It blocks, and
    needs no event loop. Enter it after any ``fork``: a child that leaves it ends nothing.

    Args:
        data_dir: the folder for the database, made where missing.
        pg_bin: folder with ``postgres`` and ``initdb`` to use instead of those found (``SEEDGATE_PG_BIN``).
        pg_user: account for the server when we are root (``SEEDGATE_PG_USER``).
        fsync: False trades the safety of the data for speed, and allows more connections, for tests.
        may_use_nobody: False refuses to run the server as ``nobody``, an account that other programs share, unless
            ``pg_user`` names it.
        sync_new: False does not wait until the files of a new database are on the disk, which takes longer than
            making them; a crash of the machine within the next half minute can cost the database.

    Raises:
        EmbeddedPostgresError: it cannot be started or, at the end, stopped; a start that fails leaves nothing running
            that was not before.
    """
    with ExitStack() as stack:
        with explained("start", data_dir):
            data_dir = make_data_folder(data_dir)
            with exclusive_lock(data_dir):
                start = _Start(data_dir, fsync=fsync)
                lock = stack.enter_context(users_lock(data_dir))
                stack.callback(start.leave, lock)
                found = find_binaries(pg_bin)
                account = server_account(pg_user, find_cluster(data_dir), may_use_nobody=may_use_nobody)
                check_can_enter(data_dir, account)
                binaries = runnable_binaries(found, account, data_dir)
                cluster = make_cluster(data_dir, binaries, account, sync=fsync and sync_new)
                start.bring_up(cluster, binaries, account)
        yield EmbeddedPostgres(cluster, account.name)


class _Start:
    """The start of a server, or the joining of one that runs, by this process, and its end."""

    def __init__(self, data_dir: Path, *, fsync: bool) -> None:
        self._data_dir = data_dir
        self._fsync = fsync
        self._log = data_dir / LOG_NAME
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = os.getpid()

    def bring_up(self, cluster: Path, binaries: Binaries, account: Account) -> None:
        """Starts the server unless it runs, and returns when it answers and has its roles."""
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while True:
            is_alive = find_postmaster(cluster) is not None
            if is_alive and self._has_roles(cluster):
                return
            if not is_alive and self._process is None:
                write_access_files(self._data_dir)
                with os.fdopen(open_own(self._log, os.O_WRONLY | os.O_APPEND), "ab") as log:
                    self._process = start_postmaster(cluster, binaries, account, log, fsync=self._fsync)
            elif not is_alive and self._process is not None and self._process.poll() is not None:
                raise self._failure("The database server ended at once")
            if time.monotonic() > deadline:
                raise self._failure("The database server did not answer within two minutes")
            time.sleep(_POLL_SECONDS)

    def leave(self, lock: int) -> None:
        """Stops the server when no other process uses it; does nothing in a forked child."""
        if os.getpid() != self._pid:
            return
        with explained("stop", self._data_dir), exclusive_lock(self._data_dir):
            cluster = find_cluster(self._data_dir)
            if cluster is not None and is_last_user(lock):
                stop_postmaster(cluster)
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # it lives on: the interpreter would warn of an unfinished child

    def _has_roles(self, cluster: Path) -> bool:
        # A thread, because the caller may itself be in an event loop.
        with ThreadPoolExecutor(1) as pool:
            try:
                return pool.submit(asyncio.run, _makes_roles(cluster)).result()
            except (asyncpg.PostgresError, TimeoutError) as error:
                message = f"The roles of the database could not be made: {str(error) or 'it took too long'}"
                if isinstance(error, asyncpg.LockNotAvailableError | TimeoutError):
                    message += ". Stop what else uses it, and try again"
                raise self._failure(message) from error

    def _failure(self, what: str) -> EmbeddedPostgresError:
        tail = self._log.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()
        return EmbeddedPostgresError(f"{what}. Its log, {self._log}, ends:\n{tail}\n", "Mend what it names")


async def _makes_roles(cluster: Path) -> bool:
    """Makes the roles where they are missing; says whether a connection leads to the server of this very cluster."""
    try:
        # An empty password keeps the driver from looking for a password file.
        superuser = await asyncpg.connect(
            host=str(cluster),
            port=PORT,
            user=SUPERUSER,
            database=_DATABASE,
            password="",
            timeout=_CONNECT_TIMEOUT_SECONDS,
            command_timeout=_ROLES_TIMEOUT_SECONDS,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    try:
        if await superuser.fetchval("SHOW data_directory") != str(cluster):
            return False
        await ensure_roles(superuser)
        await close_other_databases(superuser)
    except asyncpg.PostgresConnectionError:
        return False
    finally:
        await superuser.close(timeout=_CONNECT_TIMEOUT_SECONDS)
    return True


def running_server(data_dir: Path) -> EmbeddedPostgres | None:
    """Returns the server that runs on a data folder, or None where none runs.

    Nothing is started, changed or locked, so that the server may end while it is used, and is not kept by its use.

    Raises:
        EmbeddedPostgresError: the database belongs to another account.
    """
    with explained("look for", data_dir):
        cluster = find_cluster(data_dir.resolve())
        return EmbeddedPostgres(cluster) if cluster is not None and find_postmaster(cluster) is not None else None


def reset(data_dir: Path) -> None:
    """Removes the database of a data folder; other files of the folder stay.

    A server that a killed process left running is stopped first. Does nothing in a folder that was never ours.

    Raises:
        EmbeddedPostgresError: a process uses the database, or it cannot be removed.
    """
    data_dir = data_dir.resolve()
    if not was_used(data_dir):
        return
    with explained("remove", data_dir), exclusive_lock(data_dir), users_lock(data_dir) as lock:
        if not is_last_user(lock):
            text = f"The database of {data_dir} is in use by another process of Seedgate"
            raise EmbeddedPostgresError(text, "Stop it and try again")
        cluster = find_cluster(data_dir)
        if cluster is not None:
            stop_postmaster(cluster)
        remove_database(data_dir)
