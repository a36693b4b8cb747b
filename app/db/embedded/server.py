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

from app.db.embedded.accounts import Account, server_account
from app.db.embedded.binaries import Binaries, binaries_for, find_binaries
from app.db.embedded.cluster import ROLE, admit_current_account, ensure_cluster, write_access_files
from app.db.embedded.errors import EmbeddedPostgresError
from app.db.embedded.folders import (
    LOG_NAME,
    clusters_in,
    existing_home,
    home_for,
    make_data_folder,
    removable_home,
    remove_database,
    remove_socket_folder,
    socket_folder,
)
from app.db.embedded.locks import UserLock, exclusive_lock, open_owned
from app.db.embedded.postmaster import (
    PORT,
    Postmaster,
    find_postmaster,
    kill_orphans,
    reload_postmaster,
    start_postmaster,
    stop_postmaster,
)

_DATABASE = "postgres"
# Making a cluster takes about a second; recovery after a kill can take longer under a full log.
_START_SECONDS = 120.0
_LOCK_SECONDS = 150.0
_CONNECT_SECONDS = 5.0
_POLL_SECONDS = 0.02
_MOST_STARTS = 3
_LOG_LIMIT_BYTES = 10_000_000
_LOG_TAIL_BYTES = 1500


class EmbeddedPostgres:
    """A PostgreSQL server of our own, shared by every process that names the same data folder.

    The first one in starts it, the last one out stops it, and a killed process leaves nothing behind: the next
    one adopts its server. The data stay. Only this process's account can connect, over a socket::

        with EmbeddedPostgres(data_dir) as server:
            engine = open_engine(server.url)

    All methods block and none needs an event loop. Start it after any ``fork``; a forked child's ``stop`` does
    nothing. What is not run by anybody any more keeps running after a ``kill -9`` until the next start and stop.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        pg_bin: Path | None = None,
        pg_user: str | None = None,
        fsync: bool = True,
    ) -> None:
        """Names the server; nothing happens before ``start``.

        Args:
            data_dir: the folder for the database, made where missing.
            pg_bin: folder with ``postgres`` and ``initdb`` to use instead of those found (``SEEDGATE_PG_BIN``).
            pg_user: account for the server when we are root (``SEEDGATE_PG_USER``).
            fsync: False trades the safety of the data for speed, for tests.
        """
        self._requested_dir = data_dir
        self._pg_bin = pg_bin
        self._pg_user = pg_user
        self._fsync = fsync
        self._place: UserLock | None = None
        self._place_taken_by_pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._cluster = Path()
        self._data_dir = Path()
        self._socket_folder = Path()

    @property
    def url(self) -> str:
        """The address of the running server, for SQLAlchemy with asyncpg.

        Raises:
            EmbeddedPostgresError: it has not been started.
        """
        if self._place is None:
            raise EmbeddedPostgresError("The embedded database has no address before it is started.")
        # The port is stated, or a stray PGPORT in the environment would count.
        return f"postgresql+asyncpg://{ROLE}@/{_DATABASE}?host={quote(str(self._socket_folder))}&port={PORT}"

    def start(self) -> Self:
        """Starts the server or joins the one that runs, and returns when it answers.

        Raises:
            EmbeddedPostgresError: it could not be; nothing is left running that was not before.
        """
        if self._place is not None:
            raise EmbeddedPostgresError("This embedded database has been started already.")
        self._data_dir = make_data_folder(self._requested_dir)
        with exclusive_lock(self._data_dir / "init.lock", timeout_seconds=_LOCK_SECONDS):
            self._place = UserLock(self._data_dir / "users.lock")
            self._place_taken_by_pid = os.getpid()
            try:
                self._bring_up()
            except BaseException:
                self._leave(self._place)
                raise
        return self

    def stop(self) -> None:
        """Leaves the server, and stops it where nobody else uses it. Harmless when not started.

        Raises:
            EmbeddedPostgresError: the server does not end.
        """
        if self._place is None or self._place_taken_by_pid != os.getpid():
            return
        with exclusive_lock(self._data_dir / "init.lock", timeout_seconds=_LOCK_SECONDS):
            self._leave(self._place)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _leave(self, place: UserLock) -> None:
        try:
            if not place.is_last():
                self._disown_process()
            elif self._cluster.is_absolute():
                stop_postmaster(self._cluster, self._process)
                remove_socket_folder(self._socket_folder, self._cluster)
        finally:
            self._place = None
            self._process = None
            place.release()

    def _disown_process(self) -> None:
        """Lets the server live on without us: the interpreter would otherwise warn of an unfinished child."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0

    def _bring_up(self) -> None:
        binaries = find_binaries(self._pg_bin)
        account = server_account(preferred=self._pg_user, cluster_owner_uid=_cluster_owner(self._data_dir))
        home = home_for(self._data_dir, account)
        binaries = binaries_for(account, binaries, copies=home)
        self._cluster = ensure_cluster(home, binaries, account, fsync=self._fsync)
        if find_postmaster(self._cluster) is None:
            write_access_files(home)
        starts = 0
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_answering(home):
            if find_postmaster(self._cluster) is None and not self._is_process_alive():
                if starts == _MOST_STARTS:
                    raise EmbeddedPostgresError(self._failure("The database server ended at once"))
                if starts and "still in use" in self._log_tail():
                    kill_orphans(self._cluster)
                self._launch(binaries, account)
                starts += 1
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    self._failure(f"The database server did not answer within {_START_SECONDS:.0f} seconds")
                )
            time.sleep(_POLL_SECONDS)

    def _is_answering(self, home: Path) -> bool:
        postmaster = find_postmaster(self._cluster)
        if postmaster is None or not postmaster.is_ready or postmaster.socket_folder is None:
            return False
        if admit_current_account(home):
            reload_postmaster(postmaster)
        self._socket_folder = postmaster.socket_folder
        return _is_connectable(postmaster, self._cluster)

    def _is_process_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _launch(self, binaries: Binaries, account: Account) -> None:
        self._socket_folder = socket_folder(self._cluster, account)
        path = self._log_path
        if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
            path.replace(path.with_name(f"{LOG_NAME}.1"))
        with os.fdopen(open_owned(path, os.O_WRONLY | os.O_APPEND), "ab") as log:
            self._process = start_postmaster(
                self._cluster,
                binaries,
                account,
                socket_folder=self._socket_folder,
                log=log,
                fsync=self._fsync,
            )

    @property
    def _log_path(self) -> Path:
        return self._data_dir / LOG_NAME

    def _log_tail(self) -> str:
        try:
            return self._log_path.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return ""

    def _failure(self, what: str) -> str:
        return (
            f"{what}. Its log, {self._log_path}, ends:\n{self._log_tail()}\n"
            "Mend what it names, or choose another folder with SEEDGATE_DATA_DIR, or your own database with "
            "SEEDGATE_DATABASE_URL."
        )


def reset(data_dir: Path) -> None:
    """Removes the database of a data folder, also where it lives elsewhere; other files of the folder stay.

    A server that a killed process left running is stopped first. Does nothing where there is no database.

    Raises:
        EmbeddedPostgresError: a process uses the database, or it cannot be removed.
    """
    if not data_dir.is_dir():
        return
    data_dir = data_dir.resolve()
    with exclusive_lock(data_dir / "init.lock", timeout_seconds=_LOCK_SECONDS):
        place = UserLock(data_dir / "users.lock")
        try:
            if not place.is_last():
                raise EmbeddedPostgresError(
                    f"The database of {data_dir} is in use by another process of Seedgate. Stop it and try again."
                )
            home = removable_home(data_dir)
            for cluster in clusters_in(home):
                stop_postmaster(cluster, None)
            remove_database(data_dir, home)
        finally:
            place.release()


def _cluster_owner(data_dir: Path) -> int | None:
    owners = [cluster.stat().st_uid for cluster in clusters_in(existing_home(data_dir))]
    return owners[-1] if owners else None


def _is_connectable(postmaster: Postmaster, cluster: Path) -> bool:
    """Says whether a real connection succeeds, and leads to the server of this very cluster."""
    # A thread, because the caller may itself be in an event loop.
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(asyncio.run, _served_cluster(str(postmaster.socket_folder))).result()
    return served == str(cluster)


async def _served_cluster(host: str) -> str | None:
    try:
        # An empty password keeps the driver from looking for a password file.
        connection = await asyncpg.connect(
            host=host, port=PORT, user=ROLE, database=_DATABASE, password="", timeout=_CONNECT_SECONDS
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    try:
        return str(await connection.fetchval("SHOW data_directory", timeout=_CONNECT_SECONDS))
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
