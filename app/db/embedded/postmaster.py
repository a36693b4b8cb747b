"""One PostgreSQL server process: whether it runs, starting it, stopping it, mending what a killed one left."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.db.embedded.accounts import Account, server_environment
from app.db.embedded.binaries import Binaries
from app.db.embedded.errors import EmbeddedPostgresError

PORT = 5432
_POLL_SECONDS = 0.01
_FAST_STOP_SECONDS = 30.0
_IMMEDIATE_STOP_SECONDS = 10.0
_PID_LINES_WITH_SOCKET = 5
_PID_LINES_WITH_STATUS = 8
_PROC = Path("/proc")


@dataclass(frozen=True)
class Postmaster:
    """A live server.

    Attributes:
        pid: its process id.
        socket_folder: where its socket is; None while it has not said so yet.
        is_ready: whether it says that it takes connections.
    """

    pid: int
    socket_folder: Path | None
    is_ready: bool


def find_postmaster(cluster: Path) -> Postmaster | None:
    """Returns the server of a cluster if it is alive; a process that merely has its old id is not it."""
    lines = _pid_file_lines(cluster)
    pid = _pid_in(lines)
    if pid is None or not _is_server(pid, cluster):
        return None
    folder = lines[_PID_LINES_WITH_SOCKET - 1] if len(lines) >= _PID_LINES_WITH_SOCKET else ""
    status = lines[_PID_LINES_WITH_STATUS - 1] if len(lines) >= _PID_LINES_WITH_STATUS else ""
    return Postmaster(pid, Path(folder) if folder else None, is_ready=status.strip() == "ready")


def start_postmaster(
    cluster: Path,
    binaries: Binaries,
    account: Account,
    *,
    socket_folder: Path,
    log: IO[bytes],
    fsync: bool,
) -> subprocess.Popen[bytes]:
    """Starts the server without waiting for it, in a session of its own, so that Ctrl-C reaches only us.

    Raises:
        EmbeddedPostgresError: the program could not be executed.
    """
    environment = server_environment(os.environ)
    environment |= _clear_stale_files(cluster, socket_folder)
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"{}"'.format(str(socket_folder).replace('"', '""')),
        "unix_socket_permissions": "0700",
        "hba_file": str(cluster.parent / "pg_hba.conf"),
        "ident_file": str(cluster.parent / "pg_ident.conf"),
        "shared_buffers": "64MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Short queries only; and a terse log holds no values of rows.
        "jit": "off",
        "log_error_verbosity": "terse",
    }
    if not fsync:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    command = [str(binaries.folder / "postgres"), "-D", str(cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    try:
        return subprocess.Popen(  # noqa: S603 - PostgreSQL's own program, found or named by the operator
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            umask=0o077,
            start_new_session=True,
            **account.switch_options(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedPostgresError(
            f"Could not start {command[0]} as {account.name!r}: {error}. Name other programs with SEEDGATE_PG_BIN."
        ) from error


def stop_postmaster(cluster: Path, process: subprocess.Popen[bytes] | None) -> None:
    """Stops the server of a cluster, if it runs, and waits for its end.

    Open transactions are rolled back and clients cut off; what was committed is kept.

    Args:
        cluster: the cluster.
        process: the server where this process started it, else None.

    Raises:
        EmbeddedPostgresError: it is still there 40 seconds later.
    """
    for signal_number, patience_seconds in (
        (signal.SIGINT, _FAST_STOP_SECONDS),
        (signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS),
    ):
        postmaster = find_postmaster(cluster)
        if postmaster is None:
            break
        _send(postmaster.pid, signal_number)
        deadline = time.monotonic() + patience_seconds
        while find_postmaster(cluster) is not None and time.monotonic() < deadline:
            if process is not None:
                process.poll()
            time.sleep(_POLL_SECONDS)
    left = find_postmaster(cluster)
    if left is not None:
        raise EmbeddedPostgresError(f"The database server does not stop; end process {left.pid} by hand.")
    if process is not None:
        process.wait()


def reload_postmaster(postmaster: Postmaster) -> None:
    """Lets a running server read its access files again."""
    _send(postmaster.pid, signal.SIGHUP)


def kill_orphans(cluster: Path) -> None:
    """Ends server processes that outlived their killed postmaster and still hold its shared memory."""
    for pid in _servers_in(cluster):
        _send(pid, signal.SIGKILL)
    deadline = time.monotonic() + _IMMEDIATE_STOP_SECONDS
    while any(True for _ in _servers_in(cluster)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _clear_stale_files(cluster: Path, socket_folder: Path) -> dict[str, str]:
    """Makes way for a new server where the last one was killed; returns what its environment must hold.

    The caller knows that no server is alive. PostgreSQL itself refuses to start when the id in ``postmaster.pid``
    has been given to another process, or is a zombie's. Deleting the file would also switch off its check that no
    old backend still uses the shared memory, so the file stays and the id is declared to be our grandparent's,
    which PostgreSQL takes for stale (``CreateLockFile``; ``pg_ctl`` declares its own id in this way).
    """
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (socket_folder / name).unlink(missing_ok=True)
    pid = _pid_in(_pid_file_lines(cluster))
    if pid is None:
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        return {}
    return {"PG_GRANDPARENT_PID": str(pid)}


def _pid_file_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EmbeddedPostgresError(
            f"Could not read {cluster / 'postmaster.pid'}: {error.strerror}. The database belongs to another account; "
            "run under that account, or choose another folder with SEEDGATE_DATA_DIR."
        ) from error


def _pid_in(lines: list[str]) -> int | None:
    return int(lines[0]) if lines and re.fullmatch(r"[1-9]\d{0,9}", lines[0]) else None


def _is_server(pid: int, cluster: Path) -> bool:
    if not sys.platform.startswith("linux"):
        # No /proc: the process's name must do. The connection that follows proves the rest.
        answer = subprocess.run(  # noqa: S603 - a number of ours
            ["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)], check=False, capture_output=True, text=True
        )
        return "postgres" in answer.stdout and not answer.stdout.lstrip().startswith("Z")
    return not _is_zombie(pid) and _working_folder(pid) == cluster


def _is_zombie(pid: int) -> bool:
    try:
        # The state follows the program's name, which is in brackets and may hold anything.
        state = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in {"Z", "X", "x"}


def _working_folder(pid: int) -> Path | None:
    try:
        return (_PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None


def _servers_in(cluster: Path) -> Iterator[int]:
    """Yields PostgreSQL's processes; a person's shell may stand in the same folder."""
    if not _PROC.is_dir():
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and _is_backend(int(entry.name), cluster):
            yield int(entry.name)


def _is_backend(pid: int, cluster: Path) -> bool:
    return _working_folder(pid) == cluster and _program(pid) == "postgres" and not _is_zombie(pid)


def _program(pid: int) -> str | None:
    try:
        return (_PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _send(pid: int, signal_number: signal.Signals) -> None:
    try:
        os.kill(pid, signal_number)
    except ProcessLookupError:
        return
