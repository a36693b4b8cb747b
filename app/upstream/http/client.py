"""The HTTP client that all upstream calls of a process share."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from app.upstream.destinations import DestinationRules
from app.upstream.errors import NotSentError
from app.upstream.http.connection import Connection, StaleConnectionError
from app.upstream.http.dialer import Dialer, Proxy, tls_context
from app.upstream.http.http1 import encode_head
from app.upstream.http.messages import Headers, HttpRequest, HttpResponse, RequestBody
from app.upstream.http.pool import ConnectionPool
from app.upstream.origins import Origin, origin_of

_REPEATABLE_METHODS = frozenset({"GET", "HEAD"})
_MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the steps of a request may take.

    Attributes:
        pool_seconds: waiting for a connection while all are busy.
        connect_seconds: name, TCP, proxy and TLS together.
        write_seconds: until the peer has taken the request, which may hold 64 MB.
        read_seconds: from the request's last byte to the response's last.
    """

    pool_seconds: float = 5.0
    connect_seconds: float = 10.0
    write_seconds: float = 100.0
    read_seconds: float = 60.0


class HttpClient:
    """Sends requests over pooled connections and knows whether any byte was sent.

    It reads nothing from the environment, follows no redirect and keeps no cookies. Only a GET or HEAD is ever written
    twice, and only when a kept connection turns out to be closed before any byte of the response. Every other method
    takes a connection that is new or was idle for less than ``max_idle_unrepeatable_seconds``: a peer does not close a
    connection that early.

    Attributes:
        timeouts: the timeouts of requests that name no others.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        *,
        timeouts: Timeouts,
        max_response_bytes: int,
        max_idle_unrepeatable_seconds: float = 3.0,
    ) -> None:
        self.timeouts = timeouts
        self._pool = pool
        self._max_response_bytes = max_response_bytes
        self._max_idle_unrepeatable_seconds = max_idle_unrepeatable_seconds

    async def request(
        self,
        method: str,
        url: httpx.URL,
        *,
        headers: Headers | None = None,
        body: RequestBody | None = None,
        timeouts: Timeouts | None = None,
    ) -> HttpResponse:
        """Sends one request and returns the response, whatever its status.

        Args:
            method: upper case.
            url: absolute, with a host and no user name.
            headers: beside ``Host`` and ``Content-Length``.
            body: dropped once it has been sent.
            timeouts: instead of the client's.

        Raises:
            NotSentError: no byte of it was handed to a socket.
            OutcomeUnknownError: it was sent, at least in part, and there is no usable response.
        """
        origin = origin_of(url)
        body = RequestBody(b"") if body is None else body
        head = encode_head(method, url.raw_path, [(b"Host", url.netloc), *(headers or [])], len(body.data))
        request = HttpRequest(head, body, method == "HEAD")
        timeouts = timeouts or self.timeouts
        is_repeatable = method in _REPEATABLE_METHODS
        max_idle_seconds = None if is_repeatable else self._max_idle_unrepeatable_seconds
        connection = await self._acquire(origin, timeouts, max_idle_seconds)
        try:
            return await self._exchange(connection, request, timeouts)
        except NotSentError:
            if not connection.is_reused:
                raise
        except StaleConnectionError:
            if not connection.is_reused or not is_repeatable:
                raise
        connection = await self._acquire(origin, timeouts, 0.0)
        return await self._exchange(connection, request, timeouts)

    async def aclose(self) -> None:
        """Drops all connections; later requests raise ``NotSentError``."""
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _acquire(self, origin: Origin, timeouts: Timeouts, max_idle_seconds: float | None) -> Connection:
        return await self._pool.acquire(
            origin,
            max_idle_seconds=max_idle_seconds,
            pool_timeout_seconds=timeouts.pool_seconds,
            connect_timeout_seconds=timeouts.connect_seconds,
        )

    async def _exchange(self, connection: Connection, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        try:
            return await connection.send(
                request,
                max_body_bytes=self._max_response_bytes,
                write_timeout_seconds=timeouts.write_seconds,
                read_timeout_seconds=timeouts.read_seconds,
            )
        finally:
            self._pool.release(connection)


def open_http_client(
    *,
    destinations: DestinationRules,
    max_connections: int = 1000,
    max_idle_seconds: float = 30.0,
    max_idle_unrepeatable_seconds: float = 3.0,
    timeouts: Timeouts | None = None,
    proxy: str | None = None,
    ca_bundle: str | None = None,
    max_response_bytes: int = 16 * _MEBIBYTE,
) -> HttpClient:
    """Returns a client that verifies TLS; close it with ``aclose``.

    Args:
        destinations: the servers to which it connects.
        max_connections: busy and idle together, over all upstream hosts.
        max_idle_seconds: a connection that was idle for longer is closed.
        max_idle_unrepeatable_seconds: the same for requests that may not be repeated; see ``HttpClient``.
        timeouts: the timeouts of a request.
        proxy: ``http://[user:password@]host[:port]`` of an egress proxy that allows CONNECT, or None.
        ca_bundle: PEM file of authorities that replace the system's, or None.
        max_response_bytes: larger response bodies, decoded, are refused.

    Raises:
        ValueError: ``proxy`` is not such a URL.
        OSError: ``ca_bundle`` cannot be read or holds no certificate.
    """
    tls = tls_context(ca_bundle)
    dialer = Dialer(tls=tls, proxy=Proxy(proxy) if proxy else None, destinations=destinations)
    return HttpClient(
        ConnectionPool(dialer, max_connections=max_connections, max_idle_seconds=max_idle_seconds),
        timeouts=timeouts or Timeouts(),
        max_response_bytes=max_response_bytes,
        max_idle_unrepeatable_seconds=max_idle_unrepeatable_seconds,
    )
