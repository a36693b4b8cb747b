"""Kept connections, per origin, last in first out. Every operation takes constant time.

httpx's own pool scans all connections for each request, in quadratic time: at 256 requests in flight it reaches a
twentieth of the rate that the upstream could serve.
"""

import asyncio
from collections import OrderedDict

from app.upstream.errors import NotSentError
from app.upstream.http.connection import Connection
from app.upstream.http.dialer import Dialer
from app.upstream.origins import Origin


class ConnectionPool:
    """At most ``max_connections`` connections, busy and idle together, over all origins.

    While all are busy, requests queue. A new connection at the limit replaces the oldest idle one.
    """

    def __init__(self, dialer: Dialer, *, max_connections: int, max_idle_seconds: float) -> None:
        self._dialer = dialer
        self._max_connections = max_connections
        self._max_idle_seconds = max_idle_seconds
        self._permits = asyncio.Semaphore(max_connections)
        self._busy: set[Connection] = set()
        self._idle_by_origin: dict[Origin, OrderedDict[Connection, None]] = {}
        self._idle_by_age: OrderedDict[Connection, None] = OrderedDict()
        self._is_closed = False

    async def acquire(
        self,
        origin: Origin,
        *,
        max_idle_seconds: float | None,
        pool_timeout_seconds: float,
        connect_timeout_seconds: float,
    ) -> Connection:
        """Returns a connection for one request; return it with ``release``.

        Args:
            origin: the server it must lead to.
            max_idle_seconds: a kept one must have been idle for less; 0 asks for a new one, None means the
                pool's own limit.
            pool_timeout_seconds: how long to wait while all connections are busy.
            connect_timeout_seconds: how long to wait for a new one.

        Raises:
            NotSentError: none became free in time, or a new one cannot be opened.
        """
        await self._acquire_permit(pool_timeout_seconds)
        connection: Connection | None = None
        try:
            self._check_open()
            connection = self._take_idle(origin, max_idle_seconds)
            if connection is None:
                connection = await self._open(origin, connect_timeout_seconds)
        finally:
            if connection is None:
                self._permits.release()
        return connection

    def release(self, connection: Connection) -> None:
        """Takes a connection back, keeping it if it is usable."""
        self._busy.discard(connection)
        now = asyncio.get_running_loop().time()
        if connection.is_usable and not self._is_closed:
            connection.idle_since = now
            self._idle_by_origin.setdefault(connection.origin, OrderedDict())[connection] = None
            self._idle_by_age[connection] = None
        else:
            connection.drop()
        self._drop_expired(now)
        self._permits.release()

    async def aclose(self) -> None:
        """Drops every connection, busy ones too."""
        self._is_closed = True
        for connection in [*self._idle_by_age, *self._busy]:
            connection.drop()
        self._idle_by_age.clear()
        self._idle_by_origin.clear()
        await asyncio.sleep(0)  # connection_lost is called in the next iteration of the event loop

    async def _acquire_permit(self, timeout_seconds: float) -> None:
        if not self._permits.locked():
            await self._permits.acquire()
            return
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._permits.acquire()
        except TimeoutError:
            raise NotSentError("no connection came free in time") from None

    def _check_open(self) -> None:
        if self._is_closed:
            raise NotSentError("the connection pool is closed")

    def _take_idle(self, origin: Origin, max_idle_seconds: float | None) -> Connection | None:
        """Removes and returns the most recently used idle connection of an origin, if it is recent enough."""
        limit = self._max_idle_seconds if max_idle_seconds is None else min(max_idle_seconds, self._max_idle_seconds)
        oldest_at = asyncio.get_running_loop().time() - limit
        kept = self._idle_by_origin.get(origin)
        while kept:
            connection = next(reversed(kept))
            if connection.idle_since <= oldest_at:
                return None  # the others have been idle for longer
            self._remove_idle(connection)
            if connection.is_usable and connection.is_quiet():
                connection.is_reused = True
                self._busy.add(connection)
                return connection
            connection.drop()
        return None

    async def _open(self, origin: Origin, timeout_seconds: float) -> Connection:
        if len(self._busy) + len(self._idle_by_age) >= self._max_connections:
            oldest = next(iter(self._idle_by_age))
            self._remove_idle(oldest)
            oldest.drop()
        connection = Connection(origin, self._remove_idle)
        self._busy.add(connection)
        try:
            await self._dialer.open(connection, timeout_seconds)
        except BaseException:
            self._busy.discard(connection)
            connection.drop()
            raise
        return connection

    def _drop_expired(self, now: float) -> None:
        """Drops connections that have been idle for too long, oldest first."""
        while self._idle_by_age:
            oldest = next(iter(self._idle_by_age))
            if now - oldest.idle_since <= self._max_idle_seconds:
                return
            self._remove_idle(oldest)
            oldest.drop()

    def _remove_idle(self, connection: Connection) -> None:
        if self._idle_by_age.pop(connection, self) is self:
            return
        kept = self._idle_by_origin[connection.origin]
        del kept[connection]
        if not kept:
            del self._idle_by_origin[connection.origin]
