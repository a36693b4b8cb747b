"""One PostgreSQL server process: whether it runs, starting it, stopping it, ending what a killed one left."""

import os
import re
import signal
import subprocess
import time
from contextlib import suppress
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
# Fast and unsafe, and with room for the connections of all gateways that a session of tests keeps open: those of a
# session with one worker use all of the usual 100.
_FOR_TESTS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "400",
}
_STOP_TIMEOUT_SECONDS = 40.0
_ORPHANS_TIMEOUT_SECONDS = 10.0
_POLL_SECONDS = 0.01
_PROC = Path("/proc")


def find_postmaster(cluster: Path) -> int | None:
    """Returns the process id of a cluster's server if it is alive; a process that merely has its old id is not it."""
    try:
        first, *_ = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, ValueError):
        return None
    is_alive = re.fullmatch(r"[1-9]\d{0,9}", first) and _is_in(int(first), cluster)
    return int(first) if is_alive else None


def start_postmaster(
    cluster: Path, binaries: Binaries, account: Account, log: IO[bytes], *, fsync: bool
) -> subprocess.Popen[bytes]:
    """Starts the server without waiting for it, in a session of its own, so that Ctrl-C reaches only us.

    The caller knows that none is alive. What a killed one left is in the way: PostgreSQL refuses to start while a
    process of any kind, or a zombie, has the id in ``postmaster.pid``, and beside backends that still use its memory.
    """
    kill_orphans(cluster)
    for name in ("postmaster.pid", f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (cluster / name).unlink(missing_ok=True)
    settings = {
        **_SETTINGS,
        "unix_socket_directories": '"{}"'.format(str(cluster).replace('"', '""')),
        "hba_file": str(cluster.parent / "pg_hba.conf"),
        "ident_file": str(cluster.parent / "pg_ident.conf"),
        **({} if fsync else _FOR_TESTS),
    }
    command = [str(binaries.folder / "postgres"), "-D", str(cluster)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    options = account.popen_options()
    return subprocess.Popen(command, stdout=log, stderr=log, umask=0o077, start_new_session=True, **options)  # noqa: S603 - PostgreSQL's own


def stop_postmaster(cluster: Path) -> None:
    """Stops the server of a cluster, if it runs, and waits for its end; what was committed is kept.

    Raises:
        EmbeddedPostgresError: it is still there 40 seconds later.
    """
    deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
    pid = find_postmaster(cluster)
    if pid is not None:
        _send(pid, signal.SIGINT)
    while pid is not None and _is_in(pid, cluster):
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"The database server does not stop; end process {pid} by hand")
        time.sleep(_POLL_SECONDS)


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
        text = (about / "stat").read_text(encoding="utf-8", errors="replace")
        name, _, rest = text.partition(" (")[2].rpartition(")")
        is_dead = rest.split()[0] in {"Z", "X", "x"}
        return not is_dead and program in {None, name} and (about / "cwd").readlink() == cluster
    except OSError:
        return False
