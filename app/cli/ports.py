"""The port of a server, checked before work that takes time."""

import socket

from app.cli.exit_codes import stop


def check_port(host: str, port: int) -> None:
    """Ends the program if a server could not listen on an address; the port is free again afterwards."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as probe:
                # As the server does; without it, the port of a server that has just ended would count as used.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except OSError as error:
        stop(f"port {port} on {host} cannot be used: {error.strerror or error}; choose another with --port")
