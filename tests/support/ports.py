"""Ports for servers that are started, or started again, some time after a test has chosen one."""

import secrets
import socket

# Below those from which the kernel takes the near ends of connections: a chosen one stays free until a server has it.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """Returns a random port of 127.0.0.1 without a listener."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
