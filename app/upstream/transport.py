"""The httpx API over our own connections, and the client that every upstream call goes through."""

from collections.abc import Mapping

import httpx

from app.upstream.connection import Connection, StaleConnectionError, WireRequest
from app.upstream.destinations import DestinationRules
from app.upstream.dial import Dialer, Proxy, verifying_tls
from app.upstream.errors import NotSentError
from app.upstream.origins import Origin, origin_of
from app.upstream.payload import Payload
from app.upstream.pool import ConnectionPool
from app.upstream.wire import encode_head

FRESH_WITHIN = "fresh_within_seconds"
"""Request extension: use a new connection, or one that has been idle for less than so many seconds."""

FRESH_WITHIN_SECONDS = 3.0
"""What creates ask for: a peer does not give up a connection that fast."""

USER_AGENT = "seedgate"

_REPEATABLE_METHODS = frozenset({"GET", "HEAD"})
_MEBIBYTE = 1_048_576


class UpstreamTransport(httpx.AsyncBaseTransport):
    """Sends httpx requests over ``ConnectionPool``, and knows what was sent.

    Request extensions: ``timeout`` (httpx's; ``read`` covers the time from the request's last byte to the
    response's last) and ``FRESH_WITHIN``. Bodies are held in memory, both ways; that of a request, when it comes as a
    ``Payload``, until it has been sent. Only a GET or HEAD is ever written
    twice, and only when a kept connection turns out to be closed before any byte of the answer.

    Raises ``NotSentError`` and ``OutcomeUnknownError``, never an httpx exception.
    """

    def __init__(self, pool: ConnectionPool, *, max_response_bytes: int) -> None:
        self._pool = pool
        self._max_response_bytes = max_response_bytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request.

        Raises:
            NotSentError: no byte of it was handed to a socket.
            OutcomeUnknownError: it was, and there is no usable answer.
        """
        origin = _origin(request.url)
        payload = request.stream if isinstance(request.stream, Payload) else Payload(await request.aread())
        head = encode_head(request.method, request.url.raw_path, request.headers.raw, len(payload.data))
        wire_request = WireRequest(head, payload, request.method == "HEAD")
        fresh_within_seconds = request.extensions.get(FRESH_WITHIN)
        timeouts = request.extensions.get("timeout", {})
        connection = await self._acquire(origin, timeouts, fresh_within_seconds)
        try:
            return await self._exchange(connection, wire_request, timeouts)
        except NotSentError:
            if not connection.is_reused:
                raise
        except StaleConnectionError:
            if not connection.is_reused or request.method not in _REPEATABLE_METHODS:
                raise
        connection = await self._acquire(origin, timeouts, 0.0)
        return await self._exchange(connection, wire_request, timeouts)

    async def aclose(self) -> None:
        """Drops all connections."""
        await self._pool.aclose()

    async def _acquire(
        self, origin: Origin, timeouts: Mapping[str, float | None], max_idle_seconds: float | None
    ) -> Connection:
        return await self._pool.acquire(
            origin,
            max_idle_seconds=max_idle_seconds,
            pool_timeout_seconds=timeouts.get("pool"),
            connect_timeout_seconds=timeouts.get("connect"),
        )

    async def _exchange(
        self, connection: Connection, request: WireRequest, timeouts: Mapping[str, float | None]
    ) -> httpx.Response:
        try:
            response = await connection.send(
                request,
                max_body_bytes=self._max_response_bytes,
                write_timeout_seconds=timeouts.get("write"),
                read_timeout_seconds=timeouts.get("read"),
            )
        finally:
            self._pool.release(connection)
        return httpx.Response(response.status, headers=response.headers, stream=httpx.ByteStream(response.body))


class _NoCookies(httpx.Cookies):
    """Takes no cookie in: one account's must not travel with another's calls, and looking for them is slow."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leaves the response alone."""


class _CookielessClient(httpx.AsyncClient):
    cookies = _NoCookies()  # type: ignore[override]  # nobody sets it


def open_upstream_http(
    *,
    destinations: DestinationRules,
    max_connections: int = 1000,
    max_idle_seconds: float = 30.0,
    pool_timeout_seconds: float = 5.0,
    connect_timeout_seconds: float = 10.0,
    write_timeout_seconds: float = 100.0,
    read_timeout_seconds: float = 60.0,
    proxy: str | None = None,
    ca_bundle: str | None = None,
    max_response_bytes: int = 16 * _MEBIBYTE,
) -> httpx.AsyncClient:
    """Returns the client that all upstream calls of a process share; close it with ``aclose``.

    It reads nothing from the environment, follows no redirect, keeps no cookie and verifies TLS.

    Args:
        destinations: to which servers it connects.
        max_connections: busy and idle together, over all upstream hosts.
        max_idle_seconds: a connection unused for longer is not used again.
        pool_timeout_seconds: longest wait for a connection while all are busy.
        connect_timeout_seconds: longest wait for name, TCP, proxy and TLS together.
        write_timeout_seconds: longest time for the peer to take a request, which may hold 64 MB.
        read_timeout_seconds: longest wait from a request's last byte to its response's last.
        proxy: ``http://[user:password@]host[:port]`` of an egress proxy that allows CONNECT, or None.
        ca_bundle: PEM file of authorities that replace the system's, or None.
        max_response_bytes: larger response bodies, decoded, are refused.

    Raises:
        ValueError: ``proxy`` is not such a URL.
        OSError: ``ca_bundle`` cannot be read or holds no certificate.
    """
    tls = verifying_tls(ca_bundle)
    dialer = Dialer(tls=tls, proxy=Proxy(proxy) if proxy else None, destinations=destinations)
    pool = ConnectionPool(dialer, max_connections=max_connections, max_idle_seconds=max_idle_seconds)
    return _CookielessClient(
        transport=UpstreamTransport(pool, max_response_bytes=max_response_bytes),
        timeout=httpx.Timeout(
            connect=connect_timeout_seconds,
            read=read_timeout_seconds,
            write=write_timeout_seconds,
            pool=pool_timeout_seconds,
        ),
        headers={"Accept-Encoding": "identity", "User-Agent": USER_AGENT},
        trust_env=False,
        follow_redirects=False,
    )


def _origin(url: httpx.URL) -> Origin:
    try:
        return origin_of(url)
    except ValueError as error:
        raise NotSentError(f"the account's URL is not valid: {error}") from None
