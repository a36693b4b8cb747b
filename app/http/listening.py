"""The sockets on which a server listens: the gateway's own and, if there is one, that of its metrics port."""

import logging
import os
import socket
from pathlib import Path

import uvicorn

from app.settings import SettingError

# Of the mode 0777 that a new socket has: the owner and the group may connect, others not.
_SOCKET_UMASK = 0o117

_log = logging.getLogger(__name__)


def listeners(config: uvicorn.Config, metrics_port: int | None) -> list[socket.socket] | None:
    """Returns the gateway's sockets, or None when there is to be one TCP socket, which the server makes itself.

    All worker processes share them; the process that accepts a connection answers it. The metrics are served on the
    host of the gateway, on this machine alone when that is a unix socket.

    Raises:
        SettingError: the metrics port or the unix socket cannot be had.
        SystemExit: the gateway's own address cannot be had; uvicorn has logged why.
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
    """Returns a socket that is bound to ``path`` with the mode 0660 and does not listen yet.

    Uvicorn makes its own with 0666: every account of the machine could connect. The mode is in force from the moment
    at which the socket exists, because it comes from the umask, which belongs to the whole process: call this before
    threads are started. A socket that an earlier process has left is replaced.

    Raises:
        SettingError: the socket cannot be made.
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
    """Returns a socket that is bound to the metrics port and does not listen yet.

    Raises:
        SettingError: the port cannot be had.
    """
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise SettingError(f"SEEDGATE_METRICS_PORT: {host}:{port} cannot be had: {error.strerror}") from error
    return opened
