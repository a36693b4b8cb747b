"""One PostgreSQL server process: whether it runs, starting it, stopping it, mending what a killed one left."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.devdb.account import Account
from app.devdb.binaries import Binaries
from app.devdb.errors import EmbeddedPostgresError

PORT = 5432
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Short queries only; and a terse log holds no values of rows.
    "jit": "off",
    "log_error_verbosity": "terse",
}
_FAST_AND_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
# Signal → how long the server may take to end after it. Both roll open transactions back and keep what was committed.
_STOP_SIGNALS = {signal.SIGINT: 30.0, signal.SIGQUIT: 10.0}
_ORPHANS_TIMEOUT_SECONDS = 10.0
_POLL_SECONDS = 0.01
_PROC = Path("/proc")


@dataclass(frozen=True)
class Postmaster:
    """A live server: its process id, and whether it says that it takes connections."""

    pid: int
    is_ready: bool


def find_postmaster(cluster: Path) -> Postmaster | None:
    """Returns the server of a cluster if it is alive; a process that merely has its old id is not it."""
    lines = _pid_file_lines(cluster)
    pid = _pid_in(lines)
    if pid is None or not _is_in(pid, cluster):
        return None
    return Postmaster(pid, is_ready="ready" in lines[-1])


def start_postmaster(
    cluster: Path, binaries: Binaries, account: Account, log: IO[bytes], *, fsync: bool
) -> subprocess.Popen[bytes]:
    """Starts the server without waiting for it, in a session of its own, so that Ctrl-C reaches only us."""
    options = account.popen_options()
    options["env"] |= _clear_stale_files(cluster)
    settings = {
        **_SETTINGS,
        "unix_socket_directories": '"{}"'.format(str(cluster).replace('"', '""')),
        "hba_file": str(cluster.parent / "pg_hba.conf"),
        "ident_file": str(cluster.parent / "pg_ident.conf"),
        **({} if fsync else _FAST_AND_UNSAFE),
    }
    command = [str(binaries.folder / "postgres"), "-D", str(cluster)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return subprocess.Popen(command, stdout=log, stderr=log, umask=0o077, start_new_session=True, **options)  # noqa: S603 - PostgreSQL's own


def stop_postmaster(cluster: Path, process: subprocess.Popen[bytes] | None = None) -> None:
    """Stops the server of a cluster, if it runs, and waits for its end.

    Args:
        cluster: the cluster.
        process: the server where this process started it.

    Raises:
        EmbeddedPostgresError: it is still there 40 seconds later.
    """
    for number, timeout_seconds in _STOP_SIGNALS.items():
        deadline = time.monotonic() + timeout_seconds
        postmaster = find_postmaster(cluster)
        if postmaster is not None:
            _send(postmaster.pid, number)
        while find_postmaster(cluster) is not None and time.monotonic() < deadline:
            if process is not None:
                process.poll()
            time.sleep(_POLL_SECONDS)
    left = find_postmaster(cluster)
    if left is not None:
        raise EmbeddedPostgresError(f"The database server does not stop; end process {left.pid} by hand")
    if process is not None:
        process.wait()


def kill_orphans(cluster: Path) -> None:
    """Ends server processes that outlived their killed postmaster and still hold its shared memory."""
    deadline = time.monotonic() + _ORPHANS_TIMEOUT_SECONDS
    while (backends := _backends_in(cluster)) and time.monotonic() < deadline:
        for pid in backends:
            _send(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _clear_stale_files(cluster: Path) -> dict[str, str]:
    """Makes way for a new server where the last one was killed; returns what its environment must hold.

    The caller knows that no server is alive. PostgreSQL itself refuses to start when the id in ``postmaster.pid``
    has been given to another process, or is a zombie's. Deleting the file would also switch off its check that no
    old backend still uses the shared memory, so the file stays and the id is declared to be our grandparent's,
    which PostgreSQL takes for stale (``CreateLockFile``; ``pg_ctl`` declares its own id in this way).
    """
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (cluster / name).unlink(missing_ok=True)
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


def _pid_in(lines: list[str]) -> int | None:
    return int(lines[0]) if lines and re.fullmatch(r"[1-9]\d{0,9}", lines[0]) else None


def _backends_in(cluster: Path) -> list[int]:
    """Returns PostgreSQL's processes of a cluster; a person's shell may stand in the same folder."""
    pids = [int(entry.name) for entry in _PROC.glob("[0-9]*")]
    return [pid for pid in pids if _is_in(pid, cluster, program="postgres")]


def _is_in(pid: int, cluster: Path, *, program: str | None = None) -> bool:
    """Says whether a process lives whose working folder is a cluster, and whose program has the name given."""
    if not _PROC.is_dir():
        # macOS: the name must do, and the connection that follows proves the rest.
        answer = subprocess.run(["/bin/ps", "-o", "comm=", "-p", str(pid)], check=False, capture_output=True, text=True)  # noqa: S603 - a number
        return "postgres" in answer.stdout
    about = _PROC / str(pid)
    try:
        # The name is in brackets and may hold anything; the state follows it.
        name, _, rest = (
            (about / "stat").read_text(encoding="utf-8", errors="replace").partition(" (")[2].rpartition(")")
        )
        is_dead = rest.split()[0] in {"Z", "X", "x"}
        return not is_dead and program in {None, name} and (about / "cwd").readlink() == cluster
    except OSError:
        return False
