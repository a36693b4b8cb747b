"""Opening connections: name, TCP, proxy tunnel, TLS. After any failure here, the request was provably not sent."""

import asyncio
import base64
import contextlib
import re
import socket
import ssl
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from urllib.parse import unquote

from app.addresses import Address
from app.upstream.destinations import DestinationError, DestinationRules
from app.upstream.errors import NotSentError
from app.upstream.http.connection import Connection
from app.upstream.origins import Origin
from app.urls import split_url

_MAX_PROXY_HEAD_BYTES = 16_384
_PROXY_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")


class Proxy:
    """An egress proxy; ``repr`` omits its password.

    Attributes:
        host: name or address.
        port: 80 unless the URL says otherwise.
    """

    def __init__(self, url: str) -> None:
        """Reads ``http://[user:password@]host[:port]``.

        Raises:
            ValueError: it is not such a URL.
        """
        parts = split_url(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError("the proxy must be given as http://[user:password@]host[:port]")
        self.host = parts.hostname
        self.port = parts.port or 80
        self._authorization = b""
        if parts.username is not None:
            userinfo = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._authorization = b"Proxy-Authorization: Basic %b\r\n" % base64.b64encode(userinfo)

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"

    def connect_request(self, origin: Origin) -> bytes:
        """Returns the CONNECT request for a tunnel to ``origin``."""
        address = origin.address.encode()
        return b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (address, address, self._authorization)


class Dialer:
    """Opens connections, all of them through the proxy when there is one.

    Plain ``http`` goes through a tunnel, too: errors of the proxy then arrive before the request is sent, and every
    response is the origin's.

    The address that was checked is the one connected to, which defeats DNS rebinding. Through a proxy only literal
    addresses in the URL are checked, because the proxy resolves names.
    """

    def __init__(self, *, tls: ssl.SSLContext, proxy: Proxy | None, destinations: DestinationRules) -> None:
        self._tls = tls
        self._proxy = proxy
        self._destinations = destinations

    async def open(self, connection: Connection, timeout_seconds: float) -> None:
        """Connects ``connection`` to its origin.

        Args:
            connection: not connected yet.
            timeout_seconds: for name, TCP, proxy and TLS together.

        Raises:
            NotSentError: the destination is not allowed, or connecting failed.
        """
        origin = connection.origin
        try:
            self._destinations.check(origin)
            async with asyncio.timeout(timeout_seconds):
                await self._connect(connection)
        except NotSentError:
            raise
        except DestinationError as error:
            raise NotSentError(f"{origin.text} may not be called: {error}") from error
        except TimeoutError as error:
            raise NotSentError(f"connecting to {origin.address} timed out") from error
        except (OSError, ValueError, OverflowError) as error:  # ValueError: a name that IDNA cannot encode
            raise NotSentError(f"cannot connect to {origin.address}: {_reason(error)}") from error

    async def _connect(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        origin = connection.origin
        tls = self._tls if origin.is_tls else None
        if self._proxy is None and self._destinations.is_trusted(origin):
            await loop.create_connection(lambda: connection, origin.host, origin.port, ssl=tls)
            return
        if self._proxy is None:
            opened = await _open_socket(loop, origin.host, origin.port, self._destinations.is_allowed)
        else:
            opened = await self._open_tunnel(loop, self._proxy, origin)
        name = origin.host if tls else None
        await loop.create_connection(lambda: connection, sock=opened, ssl=tls, server_hostname=name)

    async def _open_tunnel(self, loop: asyncio.AbstractEventLoop, proxy: Proxy, origin: Origin) -> socket.socket:
        tunnel = await _open_socket(loop, proxy.host, proxy.port)
        try:
            await loop.sock_sendall(tunnel, proxy.connect_request(origin))
            head = await _read_proxy_head(loop, tunnel)
        except BaseException:
            tunnel.close()
            raise
        match = _PROXY_STATUS.match(head)
        if match is None or not match[1].startswith(b"2"):
            tunnel.close()
            status = match[1].decode() if match else "an unknown status"
            raise NotSentError(f"the proxy refused the tunnel with {status}")
        return tunnel


async def _open_socket(
    loop: asyncio.AbstractEventLoop, host: str, port: int, is_allowed: Callable[[Address], bool] | None = None
) -> socket.socket:
    """Returns a socket connected to the first allowed address that accepts; ``is_allowed`` None allows all.

    Raises:
        DestinationError: none of the host's addresses is allowed.
        OSError: it has none, or none of the allowed ones accepts.
    """
    failure: OSError | None = None
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed = [entry for entry in found if is_allowed is None or is_allowed(ip_address(entry[4][0]))]
    if found and not allowed:
        raise DestinationError(f"{host} has no address that is public or allowed by SEEDGATE_CHANNEL_ALLOW")
    for family, kind, protocol, _, address in allowed:
        candidate = socket.socket(family, kind, protocol)
        try:
            candidate.setblocking(False)  # noqa: FBT003 - positional only
            await loop.sock_connect(candidate, address)
        except OSError as error:
            candidate.close()
            failure = error
        except BaseException:
            candidate.close()
            raise
        else:
            return candidate
    raise failure or OSError("the name has no address")


async def _read_proxy_head(loop: asyncio.AbstractEventLoop, tunnel: socket.socket) -> bytes:
    """Reads the proxy's response head; nothing may follow it, because the origin has not been sent anything yet."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if b"\r\n\r\n" in head or len(head) > _MAX_PROXY_HEAD_BYTES:
            raise NotSentError("the proxy's answer is garbled")
        data = await loop.sock_recv(tunnel, 4096)
        if not data:
            raise NotSentError("the proxy closed the connection")
        head += data
    return head


def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Returns a TLS context that verifies certificate and host name.

    Args:
        ca_bundle: PEM file of authorities that replace the system's, or None.

    Raises:
        OSError: the file cannot be read or contains no certificate.
    """
    return _system_tls() if ca_bundle is None else _make_tls(ca_bundle)


@cache  # loading the system's authorities takes 60 ms
def _system_tls() -> ssl.SSLContext:
    return _make_tls(None)


def _make_tls(ca_bundle: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_bundle)
    with contextlib.suppress(NotImplementedError):
        context.set_alpn_protocols(["http/1.1"])
    return context


def _reason(error: Exception) -> str:
    return "the name cannot be resolved" if isinstance(error, socket.gaierror) else type(error).__name__
