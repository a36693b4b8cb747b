"""The embedded server as its users see it: start it or join it, use its URL, leave."""

import asyncio
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg

from app.db.roles import GATEWAY, OWNER, close_other_databases, ensure_roles
from app.devdb.account import Account, server_account
from app.devdb.binaries import Binaries, find_binaries, runnable_binaries
from app.devdb.cluster import SUPERUSER, check_can_enter, make_cluster, write_access_files
from app.devdb.errors import EmbeddedPostgresError, explained
from app.devdb.folder import (
    LOG_NAME,
    UserLock,
    clusters_in,
    exclusive_lock,
    make_data_folder,
    open_owned,
    remove_database,
    was_used,
)
from app.devdb.postmaster import PORT, find_postmaster, kill_orphans, start_postmaster, stop_postmaster

_DATABASE = "postgres"
# Recovery after a kill can take long under a full log.
_START_TIMEOUT_SECONDS = 120.0
_CONNECT_TIMEOUT_SECONDS = 5.0
# More than a statement of roles.sql waits for a table.
_ROLES_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.02
_MAX_STARTS = 3
_MAX_LOG_BYTES = 10_000_000
_LOG_TAIL_BYTES = 1500


class EmbeddedPostgres:
    """A PostgreSQL server of our own, shared by every process that names the same data folder.

    The first one in starts it, the last one out stops it, and the kernel notices a killed one: the next to start
    adopts its server. The data stay. Only this process's account and root can connect, over a socket::

        with EmbeddedPostgres(data_dir) as server:
            engine = open_engine(server.url)

    All methods block and none needs an event loop. Start it after any ``fork``; a forked child's ``stop`` does
    nothing. When its last user is killed, the server runs on until the next start and stop.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        pg_bin: Path | None = None,
        pg_user: str | None = None,
        fsync: bool = True,
        may_use_nobody: bool = True,
        sync_new: bool = True,
    ) -> None:
        """Nothing happens before ``start``.

        Args:
            data_dir: the folder for the database, made where missing.
            pg_bin: folder with ``postgres`` and ``initdb`` to use instead of those found (``SEEDGATE_PG_BIN``).
            pg_user: account for the server when we are root (``SEEDGATE_PG_USER``).
            fsync: False trades the safety of the data for speed, for tests.
            may_use_nobody: False refuses to run the server as ``nobody``, an account that other programs share, unless
                ``pg_user`` names it.
            sync_new: False does not wait until the files of a new database are on the disk, which takes longer than
                making them; a crash of the machine within the next half minute can cost the database.
        """
        self._data_dir = data_dir
        self._pg_bin = pg_bin
        self._pg_user = pg_user
        self._fsync = fsync
        self._may_use_nobody = may_use_nobody
        self._sync_new = fsync and sync_new
        self._cluster: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: UserLock | None = None
        self._pid = 0
        self.account_name: str | None = None
        """The account that the server runs under; None before it is started."""

    @property
    def url(self) -> str:
        """The address of the running server, for SQLAlchemy with asyncpg; its role reads and writes rows, and no more.

        Raises:
            EmbeddedPostgresError: it has not been started.
        """
        return self._url_of(GATEWAY)

    @property
    def owner_url(self) -> str:
        """The same for migrations: its role owns the schema."""
        return self._url_of(OWNER)

    def _url_of(self, role: str) -> str:
        if self._lock is None or self._cluster is None:
            raise EmbeddedPostgresError("The embedded database has no address before it is started")
        return url_at(self._cluster, role)

    def start(self) -> Self:
        """Starts the server or joins the one that runs, and returns when it answers.

        Raises:
            EmbeddedPostgresError: it could not be; nothing is left running that was not before.
        """
        if self._lock is not None:
            raise EmbeddedPostgresError("This embedded database has been started already")
        with explained("start", self._data_dir):
            self._data_dir = make_data_folder(self._data_dir)
            with exclusive_lock(self._data_dir):
                self._lock = UserLock(self._data_dir)
                self._pid = os.getpid()
                try:
                    self._join(self._lock.owner_uid)
                except BaseException:
                    self._leave(self._lock)
                    raise
        return self

    def stop(self) -> None:
        """Leaves the server, and stops it when no other process uses it. Harmless when not started.

        Raises:
            EmbeddedPostgresError: the server does not end.
        """
        if self._lock is not None and self._pid == os.getpid():
            with explained("stop", self._data_dir), exclusive_lock(self._data_dir):
                self._leave(self._lock)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def _join(self, owner_uid: int) -> None:
        found = find_binaries(self._pg_bin)
        account = server_account(self._pg_user, clusters_in(self._data_dir), may_use_nobody=self._may_use_nobody)
        check_can_enter(self._data_dir, account)
        binaries = runnable_binaries(found, account, self._data_dir)
        self.account_name = account.name
        self._cluster = make_cluster(self._data_dir, binaries, account, sync=self._sync_new)
        if find_postmaster(self._cluster) is None:
            write_access_files(self._data_dir, {0, os.geteuid(), owner_uid})
        self._bring_up(self._cluster, binaries, account)

    def _leave(self, lock: UserLock) -> None:
        self._lock = None
        try:
            if self._cluster is not None and lock.is_last():
                stop_postmaster(self._cluster, self._process)
            elif self._process is not None and self._process.poll() is None:
                self._process.returncode = 0  # it lives on: the interpreter would warn of an unfinished child
        finally:
            lock.release()

    def _bring_up(self, cluster: Path, binaries: Binaries, account: Account) -> None:
        starts = 0
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while True:
            postmaster = find_postmaster(cluster)
            if postmaster is not None and postmaster.is_ready and self._has_roles(cluster):
                return
            if postmaster is None and (self._process is None or self._process.poll() is not None):
                if starts == _MAX_STARTS:
                    raise self._failure("The database server ended at once")
                if starts and "still in use" in self._log_tail():
                    kill_orphans(cluster)
                self._launch(cluster, binaries, account)
                starts += 1
            if time.monotonic() > deadline:
                raise self._failure("The database server did not answer within two minutes")
            time.sleep(_POLL_SECONDS)

    def _launch(self, cluster: Path, binaries: Binaries, account: Account) -> None:
        path = self._data_dir / LOG_NAME
        if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(path.with_name(f"{LOG_NAME}.1"))
        with os.fdopen(open_owned(path, os.O_WRONLY | os.O_APPEND), "ab") as log:
            self._process = start_postmaster(cluster, binaries, account, log, fsync=self._fsync)

    def _has_roles(self, cluster: Path) -> bool:
        # A thread, because the caller may itself be in an event loop.
        with ThreadPoolExecutor(1) as pool:
            try:
                return pool.submit(asyncio.run, _makes_roles(cluster)).result()
            except (asyncpg.PostgresError, TimeoutError) as error:
                told = f"The roles of the database could not be made: {str(error) or 'it took too long'}"
                if isinstance(error, asyncpg.LockNotAvailableError | TimeoutError):
                    told += ". Stop what else uses it, and try again"
                raise self._failure(told) from error

    def _log_tail(self) -> str:
        path = self._data_dir / LOG_NAME
        return path.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace").strip() if path.exists() else ""

    def _failure(self, what: str) -> EmbeddedPostgresError:
        text = f"{what}. Its log, {self._data_dir / LOG_NAME}, ends:\n{self._log_tail()}\n"
        return EmbeddedPostgresError(text, "Mend what it names")


def running_server(data_dir: Path) -> Path | None:
    """Returns the socket's folder of the server that runs on a data folder, or None where none runs.

    Nothing is started, changed or locked, so that the server may end while it is used, and is not kept by its use.

    Raises:
        EmbeddedPostgresError: the database belongs to another account.
    """
    with explained("look for", data_dir):
        return next((cluster for cluster in clusters_in(data_dir.resolve()) if find_postmaster(cluster)), None)


def url_at(socket_folder: Path, role: str) -> str:
    """Returns the address of a running server for one of its roles."""
    # The port is stated, or a stray PGPORT in the environment would count.
    return f"postgresql+asyncpg://{role}@/{_DATABASE}?host={quote(str(socket_folder))}&port={PORT}"


def reset(data_dir: Path) -> None:
    """Removes the database of a data folder; other files of the folder stay.

    A server that a killed process left running is stopped first. Does nothing in a folder that was never ours.

    Raises:
        EmbeddedPostgresError: a process uses the database, or it cannot be removed.
    """
    data_dir = data_dir.resolve()
    if not was_used(data_dir):
        return
    with explained("remove", data_dir), exclusive_lock(data_dir):
        lock = UserLock(data_dir)
        try:
            if not lock.is_last():
                text = f"The database of {data_dir} is in use by another process of Seedgate"
                raise EmbeddedPostgresError(text, "Stop it and try again")
            for cluster in clusters_in(data_dir):
                stop_postmaster(cluster)
            remove_database(data_dir)
        finally:
            lock.release()


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
