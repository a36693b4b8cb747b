"""Fetches the files that the upstream has made: streamed, without redirects, and from allowed servers alone.

The upstream's answers name the URLs, so a URL is checked like one of a stranger: its server must be one of the
channel's, and may have a private address only where the environment of the process says so (``DestinationRules``). The
address that was checked is the one connected to. Through an egress proxy, which resolves names itself, only literal
addresses can be checked.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Container, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from app import __version__
from app.upstream.destinations import DestinationError, DestinationRules
from app.upstream.http.dialer import tls_context
from app.upstream.origins import Origin, origin_of

_USER_AGENT = f"Seedgate/{__version__}"
_OK = 200
# No link of the upstream is longer.
_MAX_URL_LENGTH = 8192


OriginRule = Callable[[Origin], bool]
"""Whether a server is one of a channel's."""


class DownloadError(Exception):
    """A file could not be fetched; the text has no URL in it.

    Attributes:
        status: the HTTP status of the response, when there was one.
    """

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one download, in seconds: to connect (name, TCP, TLS), and between two reads."""

    connect_seconds: float = 10.0
    read_seconds: float = 30.0


class Download:
    """A response with an accepted status, whose body is read once."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        """The status, 200 unless another one was accepted."""
        return self._response.status

    def header(self, name: str) -> str | None:
        """Returns the first value of a header; the name is lower case."""
        wanted = name.encode("ascii")
        found = (value for key, value in self._response.headers if key.lower() == wanted)
        return next((value.decode("latin-1") for value in found), None)

    @property
    def length(self) -> int | None:
        """The length that the head names, in bytes, or None."""
        found = self.header("content-length") or ""
        return int(found) if found.isascii() and found.isdigit() else None

    def check(self) -> None:
        """Checks that the body is the file as it is, and that its end can be told from a connection that broke.

        Raises:
            DownloadError: it is not.
        """
        if (self.header("content-encoding") or "identity").lower() != "identity":
            raise DownloadError("the upstream answered with an encoded body")
        if self.length is None and self.header("transfer-encoding") is None:
            raise DownloadError("the upstream's answer does not tell where the file ends")

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Yields the body.

        Raises:
            DownloadError: it ends early, or takes too long.
        """
        with _translated_errors():
            async for piece in self._response.aiter_stream():
                yield piece


class Downloader:
    """Fetches files over new connections. One per process."""

    def __init__(
        self,
        pool: httpcore.AsyncConnectionPool,
        destinations: DestinationRules,
        timeouts: Timeouts,
    ) -> None:
        self._pool = pool
        self._destinations = destinations
        self._timeouts = timeouts

    @asynccontextmanager
    async def open(
        self,
        url: str,
        *,
        is_allowed: OriginRule,
        conditions: Iterable[tuple[bytes, bytes]] = (),
        accepted: Container[int] = (_OK,),
    ) -> AsyncIterator[Download]:
        """Yields the response to a GET of ``url``.

        Args:
            url: the upstream's link.
            is_allowed: whether a server is one of the channel's.
            conditions: headers that ask for a part of the file.
            accepted: the statuses that are no error.

        Raises:
            DownloadError: it may not be fetched, the server answers another status, or ``Download.check`` fails.
        """
        parsed, origin = _parse(url)
        if not is_allowed(origin):
            raise DownloadError(f"{origin.text} is not among the channel's media_hosts")
        try:
            self._destinations.check(origin)
        except DestinationError as error:
            raise DownloadError(f"{origin.text} may not be called: {error}") from None
        target = httpcore.URL(
            scheme=origin.scheme.encode(), host=origin.host.encode(), port=origin.port, target=parsed.raw_path
        )
        headers = [
            (b"Host", parsed.netloc),
            (b"User-Agent", _USER_AGENT.encode()),
            (b"Accept-Encoding", b"identity"),
            (b"Connection", b"close"),
            *conditions,
        ]
        seconds = self._timeouts
        limits = {"connect": seconds.connect_seconds, "read": seconds.read_seconds, "write": seconds.read_seconds}
        with _translated_errors():
            async with self._pool.stream("GET", target, headers=headers, extensions={"timeout": limits}) as response:
                if response.status not in accepted:
                    raise DownloadError(f"the upstream answered {response.status}", status=response.status)
                download = Download(response)
                download.check()
                yield download


@asynccontextmanager
async def open_downloader(
    destinations: DestinationRules,
    *,
    max_concurrent: int,
    proxy: str | None = None,
    ca_bundle: str | None = None,
    timeouts: Timeouts | None = None,
) -> AsyncIterator[Downloader]:
    """Yields a downloader, and closes its connections at the end. Proxy variables of the environment are ignored."""
    tls = tls_context(ca_bundle)
    options: dict[str, Any] = {
        "max_connections": max_concurrent,
        "max_keepalive_connections": 0,
        "http1": True,
        "http2": False,
        "ssl_context": tls,
    }
    if proxy is None:
        pool = httpcore.AsyncConnectionPool(network_backend=_CheckedNetwork(destinations), **options)
    else:
        pool = httpcore.AsyncConnectionPool(proxy=_to_proxy(proxy), **options)
    async with pool:
        yield Downloader(pool, destinations, timeouts or Timeouts())


class _AddressNotAllowedError(Exception):
    """A name has no address that may be connected to."""


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """TCP connections to addresses that the rules allow."""

    def __init__(self, destinations: DestinationRules) -> None:
        self._destinations = destinations
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(host, port, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def _connect(
        self, host: str, port: int, local_address: str | None, socket_options: Iterable[Any] | None
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError from error
        addresses = list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
        is_trusted = any(self._destinations.is_trusted(Origin(scheme, host, port)) for scheme in ("http", "https"))
        allowed = [each for each in addresses if is_trusted or self._destinations.is_allowed(each)]
        if addresses and not allowed:
            raise _AddressNotAllowedError
        failure = httpcore.ConnectError()
        for address in allowed:
            try:
                return await self._network.connect_tcp(
                    str(address), port, local_address=local_address, socket_options=socket_options
                )
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    async def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
        raise _AddressNotAllowedError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except _AddressNotAllowedError:
        raise DownloadError("its host has no address that is public or allowed by SEEDGATE_CHANNEL_ALLOW") from None
    except (TimeoutError, httpcore.TimeoutException):
        raise DownloadError("the upstream's storage took too long") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, ssl.SSLError, OSError) as error:
        raise DownloadError(f"the connection to the upstream's storage failed: {type(error).__name__}") from None


def _parse(url: str) -> tuple[httpx.URL, Origin]:
    if len(url) > _MAX_URL_LENGTH:
        raise DownloadError("its URL is too long")
    try:
        parsed = httpx.URL(url)
        return parsed, origin_of(parsed)
    except (httpx.InvalidURL, ValueError):
        raise DownloadError("its URL is no http or https URL") from None


def _to_proxy(url: str) -> httpcore.Proxy:
    parsed = httpx.URL(url)
    auth = (parsed.username.encode(), parsed.password.encode()) if parsed.username else None
    bare = httpcore.URL(scheme=b"http", host=parsed.raw_host, port=parsed.port or 80, target=b"/")
    return httpcore.Proxy(bare, auth=auth)
