"""The embedded server as its users see it: start it or join it, use its URL, leave."""

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from app.db.embedded.accounts import check_not_nobody, server_account
from app.db.embedded.binaries import binaries_for, find_binaries
from app.db.embedded.cluster import ensure_cluster
from app.db.embedded.errors import EmbeddedPostgresError
from app.db.embedded.folders import (
    INIT_LOCK,
    USERS_LOCK,
    check_nothing_foreign,
    clusters_in,
    existing_home,
    find_home,
    home_for,
    make_data_folder,
    removable_home,
    remove_database,
    was_used,
)
from app.db.embedded.locks import UserLock, exclusive_lock
from app.db.embedded.postmaster import PORT, find_postmaster, stop_postmaster
from app.db.embedded.shared_server import DATABASE, SharedServer
from app.db.roles import GATEWAY, OWNER

# Longer than a start may take, because others wait for it.
_LOCK_SECONDS = 150.0


@dataclass(frozen=True)
class _Membership:
    """What a process has from joining a server to leaving it."""

    server: SharedServer
    place: UserLock
    lock: Path
    socket_folder: Path
    pid: int
    account_name: str


class EmbeddedPostgres:
    """A PostgreSQL server of our own, shared by every process that names the same data folder.

    The first one in starts it, the last one out stops it, and the kernel notices a killed one: the next to start
    adopts its server. The data stay. Only this process's account can connect, over a socket::

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
        """Names the server; nothing happens before ``start``.

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
        self._requested_dir = data_dir
        self._pg_bin = pg_bin
        self._pg_user = pg_user
        self._fsync = fsync
        self._may_use_nobody = may_use_nobody
        self._sync_new = fsync and sync_new
        self._membership: _Membership | None = None

    @property
    def url(self) -> str:
        """The address of the running server, for SQLAlchemy with asyncpg; its role reads and writes rows, and no more.

        Raises:
            EmbeddedPostgresError: it has not been started.
        """
        return self._url_of(GATEWAY)

    @property
    def owner_url(self) -> str:
        """The same for migrations: its role owns the schema.

        Raises:
            EmbeddedPostgresError: it has not been started.
        """
        return self._url_of(OWNER)

    def _url_of(self, role: str) -> str:
        if self._membership is None:
            raise EmbeddedPostgresError("The embedded database has no address before it is started.")
        return url_at(self._membership.socket_folder, role)

    @property
    def account_name(self) -> str | None:
        """The account that the server runs under; None before it is started."""
        return self._membership.account_name if self._membership is not None else None

    def start(self) -> Self:
        """Starts the server or joins the one that runs, and returns when it answers.

        Raises:
            EmbeddedPostgresError: it could not be; nothing is left running that was not before.
        """
        if self._membership is not None:
            raise EmbeddedPostgresError("This embedded database has been started already.")
        data_dir = make_data_folder(self._requested_dir)
        check_nothing_foreign(data_dir)
        with exclusive_lock(data_dir / INIT_LOCK, timeout_seconds=_LOCK_SECONDS):
            place = UserLock(data_dir / USERS_LOCK)
            try:
                self._membership = self._join(data_dir, place)
            except OSError as error:
                place.release()
                raise EmbeddedPostgresError(
                    f"The database in {data_dir} could not be started: {error}. Check the folder's permissions and "
                    "the free space, or choose another folder with SEEDGATE_DATA_DIR."
                ) from error
            except BaseException:
                place.release()
                raise
        return self

    def stop(self) -> None:
        """Leaves the server, and stops it where nobody else uses it. Harmless when not started.

        Raises:
            EmbeddedPostgresError: the server does not end.
        """
        membership = self._membership
        if membership is None or membership.pid != os.getpid():
            return
        self._membership = None
        with exclusive_lock(membership.lock, timeout_seconds=_LOCK_SECONDS):
            try:
                _leave(membership.server, membership.place)
            finally:
                membership.place.release()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _join(self, data_dir: Path, place: UserLock) -> _Membership:
        found = find_binaries(self._pg_bin)
        account = server_account(preferred=self._pg_user, cluster_owner_uid=_cluster_owner(data_dir))
        if not (self._may_use_nobody or self._pg_user):
            check_not_nobody(account, clusters_in(existing_home(data_dir)))
        home = home_for(data_dir, account)
        binaries = binaries_for(account, found, copies=home)
        cluster = ensure_cluster(home, binaries, account, sync=self._sync_new)
        server = SharedServer(cluster, log_folder=data_dir, binaries=binaries, account=account, fsync=self._fsync)
        try:
            socket_folder = server.bring_up()
        except BaseException:
            _leave(server, place)
            raise
        return _Membership(server, place, data_dir / INIT_LOCK, socket_folder, os.getpid(), account.name)


def running_server(data_dir: Path) -> Path | None:
    """Returns the socket's folder of the server that runs on a data folder, or None where none runs.

    Nothing is started, changed or locked, so that the server may end while it is used, and is not kept by its use.
    Whether this process's account may connect is what a connection tells.

    Raises:
        EmbeddedPostgresError: the database belongs to another account, or the folder is a copy of another one.
    """
    for cluster in clusters_in(find_home(data_dir.resolve())):
        postmaster = find_postmaster(cluster)
        if postmaster is not None and postmaster.socket_folder is not None:
            return postmaster.socket_folder
    return None


def url_at(socket_folder: Path, role: str) -> str:
    """Returns the address of a running server for one of its roles."""
    # The port is stated, or a stray PGPORT in the environment would count.
    return f"postgresql+asyncpg://{role}@/{DATABASE}?host={quote(str(socket_folder))}&port={PORT}"


def _leave(server: SharedServer, place: UserLock) -> None:
    if place.is_last():
        server.stop()
    else:
        server.disown()


def reset(data_dir: Path) -> None:
    """Removes the database of a data folder, also where it lives elsewhere; other files of the folder stay.

    A server that a killed process left running is stopped first. Does nothing in a folder that was never ours.

    Raises:
        EmbeddedPostgresError: a process uses the database, or it cannot be removed.
    """
    data_dir = data_dir.resolve()
    if not was_used(data_dir):
        return
    with exclusive_lock(data_dir / INIT_LOCK, timeout_seconds=_LOCK_SECONDS):
        place = UserLock(data_dir / USERS_LOCK)
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
