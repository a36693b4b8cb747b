"""Bringing up the server of one cluster, whoever has started it, and stopping it."""

import asyncio
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from app.db.embedded.accounts import Account
from app.db.embedded.binaries import Binaries
from app.db.embedded.cluster import SUPERUSER, admit_current_account, write_access_files
from app.db.embedded.errors import EmbeddedPostgresError
from app.db.embedded.folders import LOG_NAME, remove_socket_folder, socket_folder
from app.db.embedded.locks import open_owned
from app.db.embedded.postmaster import (
    PORT,
    Postmaster,
    find_postmaster,
    kill_orphans,
    reload_postmaster,
    start_postmaster,
    stop_postmaster,
)
from app.db.roles import GATEWAY, close_other_databases, ensure_roles

DATABASE = "postgres"
# Recovery after a kill can take long under a full log.
_START_SECONDS = 120.0
_CONNECT_SECONDS = 5.0
# More than a statement of roles.sql waits for a table.
_ROLES_SECONDS = 30.0
_POLL_SECONDS = 0.02
_MOST_STARTS = 3
_LOG_LIMIT_BYTES = 10_000_000
_LOG_TAIL_BYTES = 1500
_NO_CONNECTION = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class SharedServer:
    """The server of one cluster. Its methods are called under the data folder's exclusive lock."""

    def __init__(
        self, cluster: Path, *, log_folder: Path, binaries: Binaries, account: Account, fsync: bool = True
    ) -> None:
        """Names the server; nothing happens before ``bring_up``.

        Args:
            cluster: the cluster; the files that say who may connect are kept beside it.
            log_folder: where the server's log is written.
            binaries: programs that ``account`` can execute.
            account: who owns the cluster and runs the server.
            fsync: False trades the safety of the data for speed.
        """
        self._cluster = cluster
        self._log_path = log_folder / LOG_NAME
        self._binaries = binaries
        self._account = account
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None

    def bring_up(self) -> Path:
        """Joins the server that runs, or starts one; returns its socket's folder when the gateway's role can connect.

        Raises:
            EmbeddedPostgresError: it does not come up.
        """
        if find_postmaster(self._cluster) is None:
            write_access_files(self._cluster.parent)
        starts = 0
        deadline = time.monotonic() + _START_SECONDS
        while True:
            postmaster = find_postmaster(self._cluster)
            if postmaster is not None and self._is_answering(postmaster) and postmaster.socket_folder is not None:
                return postmaster.socket_folder
            if postmaster is None and not self._is_starting():
                if starts == _MOST_STARTS:
                    raise EmbeddedPostgresError(self._failure("The database server ended at once"))
                if starts and "still in use" in self._log_tail():
                    kill_orphans(self._cluster)
                self._launch()
                starts += 1
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    self._failure(f"The database server did not answer within {_START_SECONDS:.0f} seconds")
                )
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stops the server, if it runs, and clears its socket away.

        Raises:
            EmbeddedPostgresError: it does not end.
        """
        postmaster = find_postmaster(self._cluster)
        stop_postmaster(self._cluster, self._process)
        if postmaster is not None and postmaster.socket_folder is not None:
            remove_socket_folder(postmaster.socket_folder, self._cluster)

    def disown(self) -> None:
        """Lets the server live on without us: the interpreter would otherwise warn of an unfinished child."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0

    def _is_answering(self, postmaster: Postmaster) -> bool:
        if not postmaster.is_ready:
            return False
        if admit_current_account(self._cluster.parent):
            reload_postmaster(postmaster)
        try:
            return self._is_connectable(str(postmaster.socket_folder))
        except asyncpg.InvalidAuthorizationSpecificationError:
            # A start that was killed may have written the access files without telling the server.
            reload_postmaster(postmaster)
            return False

    def _is_connectable(self, socket: str) -> bool:
        """Says whether real connections succeed, and lead to the server of this very cluster."""
        # A thread, because the caller may itself be in an event loop.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, self._has_roles(socket)).result()

    async def _has_roles(self, socket: str) -> bool:
        """Makes the roles where they are missing, and says whether the gateway's can connect.

        Raises:
            asyncpg.InvalidAuthorizationSpecificationError: the server has yet to read the access files.
            EmbeddedPostgresError: the server answers, and refuses to make the roles.
        """
        try:
            superuser = await _connect(socket, SUPERUSER)
        except asyncpg.InvalidAuthorizationSpecificationError:
            raise
        except _NO_CONNECTION:
            return False
        try:
            if await superuser.fetchval("SHOW data_directory") != str(self._cluster):
                return False
            await ensure_roles(superuser)
            await close_other_databases(superuser)
        except asyncpg.PostgresConnectionError:
            return False
        except (asyncpg.PostgresError, TimeoutError) as error:
            told = f"The roles of the database could not be made: {str(error) or 'it took too long'}"
            if isinstance(error, asyncpg.LockNotAvailableError | TimeoutError):
                told += ". Stop what else uses it, and try again"
            raise EmbeddedPostgresError(self._failure(told)) from error
        finally:
            await superuser.close(timeout=_CONNECT_SECONDS)
        try:
            gateway = await _connect(socket, GATEWAY)
        except asyncpg.InvalidAuthorizationSpecificationError:
            raise
        except _NO_CONNECTION:
            return False
        await gateway.close(timeout=_CONNECT_SECONDS)
        return True

    def _is_starting(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _launch(self) -> None:
        path = self._log_path
        if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
            path.replace(path.with_name(f"{LOG_NAME}.1"))
        with os.fdopen(open_owned(path, os.O_WRONLY | os.O_APPEND), "ab") as log:
            self._process = start_postmaster(
                self._cluster,
                self._binaries,
                self._account,
                socket_folder=socket_folder(self._cluster, self._account),
                log=log,
                fsync=self._fsync,
            )

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


async def _connect(socket: str, role: str) -> asyncpg.Connection:
    # An empty password keeps the driver from looking for a password file.
    return await asyncpg.connect(
        host=socket,
        port=PORT,
        user=role,
        database=DATABASE,
        password="",
        timeout=_CONNECT_SECONDS,
        command_timeout=_ROLES_SECONDS,
    )
