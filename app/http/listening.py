"""The sockets on which a server listens: the gateway's own and, if there is one, that of its metrics port."""

import socket
from pathlib import Path

import uvicorn

from app.settings import SettingError


def listeners(config: uvicorn.Config, metrics_port: int | None) -> list[socket.socket] | None:
    """Returns the gateway's sockets, or None when there is to be only one and the server may make it itself.

    All worker processes share them, and whichever takes a connection answers it. The metrics are served on the host
    of the gateway, on this machine alone when that is a unix socket.

    Raises:
        SettingError: the metrics port cannot be had.
        SystemExit: the gateway's own address cannot be had; uvicorn has logged why.
    """
    if metrics_port is None and config.workers == 1:
        return None
    if config.uds is None and config.port == metrics_port:
        raise SettingError("SEEDGATE_METRICS_PORT: it must be another port than the gateway's")
    if config.uds is not None and Path(config.uds).is_socket():
        # A process that was killed left it; a server that makes its only socket does the same.
        Path(config.uds).unlink()
    first = config.bind_socket()
    if metrics_port is None:
        return [first]
    return [first, bind_metrics_port("127.0.0.1" if config.uds is not None else config.host, metrics_port)]


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
