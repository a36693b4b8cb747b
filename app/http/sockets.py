"""The listening sockets of a server, and the limit on how many sockets it may have open."""

import logging
import os
import resource
import socket
from pathlib import Path

import uvicorn

from app.settings import SettingError

# Turns the mode 0777 of a new socket into 0660: only owner and group may connect.
_SOCKET_UMASK = 0o117
_MAX_CONNECTIONS = 16_384
_MIN_CONNECTIONS = 64

_log = logging.getLogger(__name__)


def listeners(config: uvicorn.Config, metrics_port: int | None) -> list[socket.socket] | None:
    """Returns the gateway's sockets, or None when one TCP socket is enough, which uvicorn binds itself.

    All worker processes share them. The metrics are served on the gateway's host, or on the loopback interface if the
    gateway has a unix socket.

    Raises:
        SettingError: the metrics port or the unix socket cannot be bound.
        SystemExit: the gateway's address cannot be bound; uvicorn has logged why.
    """
    if config.uds is None and metrics_port is None and config.workers == 1:
        return None
    if config.uds is None and config.port == metrics_port:
        raise SettingError("SEEDGATE_METRICS_PORT: it must be another port than the gateway's")
    first = config.bind_socket() if config.uds is None else bind_unix_socket(Path(config.uds))
    if metrics_port is None:
        return [first]
    return [first, bind_metrics_port("127.0.0.1" if config.uds is not None else config.host, metrics_port)]


def bind_unix_socket(path: Path) -> socket.socket:
    """Returns a socket bound to ``path`` with the mode 0660, not listening yet.

    Uvicorn would bind one with 0666, to which every account of the machine could connect. The mode is set by the umask,
    so that it holds from the start; the umask is the process's, so call this before starting threads. A socket that an
    earlier process has left is replaced.

    Raises:
        SettingError: it cannot be bound.
    """
    opened = socket.socket(socket.AF_UNIX)
    umask = os.umask(_SOCKET_UMASK)
    try:
        if path.is_socket():
            path.unlink()
        opened.bind(str(path))
    except OSError as error:
        opened.close()
        raise SettingError(f"--uds: {path} cannot be had: {error.strerror or error}") from error
    finally:
        os.umask(umask)
    opened.set_inheritable(True)
    _log.info("listening on the unix socket %s", path)
    return opened


def bind_metrics_port(host: str, port: int) -> socket.socket:
    """Returns a socket bound to the metrics port, not listening yet.

    Raises:
        SettingError: it cannot be bound.
    """
    # With the protocol left open, asyncio would not set TCP_NODELAY on the connections.
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise SettingError(f"SEEDGATE_METRICS_PORT: {host}:{port} cannot be had: {error.strerror}") from error
    return opened


def raise_descriptor_limit() -> None:
    """Raises the limit of open descriptors to the system's maximum; child processes inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def default_max_connections() -> int:
    """Returns half of the limit of open descriptors, but at most 16,384 and at least 64.

    The other half is for the database, the upstream and tenants' endpoints. An idle connection takes 10 to 14 KB.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MAX_CONNECTIONS
    return max(_MIN_CONNECTIONS, min(soft // 2, _MAX_CONNECTIONS))
