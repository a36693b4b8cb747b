"""Kept connections, per origin, last in first out; every step costs the same however many there are.

httpx's own pool walks over all connections for each request, twice, and again inside that walk: at 256 requests
in flight it reaches a twentieth of what the upstream could serve.
"""

import asyncio
from collections import OrderedDict

from app.upstream.connection import Connection
from app.upstream.dial import Dialer
from app.upstream.errors import NotSentError
from app.upstream.origins import Origin


class ConnectionPool:
    """At most ``max_connections`` connections, busy and idle together, over all origins.

    Who finds all of them busy waits in line. An idle one of another origin gives way to a new one.
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

    @property
    def busy_count(self) -> int:
        """How many connections are carrying a request or being opened for one."""
        return len(self._busy)

    @property
    def idle_count(self) -> int:
        """How many connections are kept for later."""
        return len(self._idle_by_age)

    async def acquire(
        self,
        origin: Origin,
        *,
        max_idle_seconds: float | None,
        pool_timeout_seconds: float | None,
        connect_timeout_seconds: float | None,
    ) -> Connection:
        """Returns a connection for one request; give it back with ``release``.

        Args:
            origin: whom it must lead to.
            max_idle_seconds: a kept one must have been idle for less; 0 asks for a new one, None means the
                pool's own limit.
            pool_timeout_seconds: longest wait while all connections are busy.
            connect_timeout_seconds: longest wait for a new one.

        Raises:
            NotSentError: there is none in time, or it cannot be opened.
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
        """Takes a connection back: a usable one is kept, another one is dropped."""
        self._busy.discard(connection)
        now = asyncio.get_running_loop().time()
        if connection.is_usable and not self._is_closed:
            connection.idle_since = now
            self._idle_by_origin.setdefault(connection.origin, OrderedDict())[connection] = None
            self._idle_by_age[connection] = None
        else:
            connection.drop()
        self._drop_aged(now)
        self._permits.release()

    async def aclose(self) -> None:
        """Drops every connection, busy ones too."""
        self._is_closed = True
        for connection in [*self._idle_by_age, *self._busy]:
            connection.drop()
        self._idle_by_age.clear()
        self._idle_by_origin.clear()
        await asyncio.sleep(0)  # the transports report their end in the next round of the event loop

    async def _acquire_permit(self, timeout_seconds: float | None) -> None:
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
        """Takes out the connection of this origin that was idle last and is young enough, if any."""
        limit = self._max_idle_seconds if max_idle_seconds is None else min(max_idle_seconds, self._max_idle_seconds)
        oldest_at = asyncio.get_running_loop().time() - limit
        kept = self._idle_by_origin.get(origin)
        while kept:
            connection = next(reversed(kept))
            if connection.idle_since <= oldest_at:
                return None  # the others are older still
            self._forget_idle(connection)
            if connection.is_usable and connection.is_quiet():
                connection.is_reused = True
                self._busy.add(connection)
                return connection
            connection.drop()
        return None

    async def _open(self, origin: Origin, timeout_seconds: float | None) -> Connection:
        if len(self._busy) + len(self._idle_by_age) >= self._max_connections:
            oldest = next(iter(self._idle_by_age))
            self._forget_idle(oldest)
            oldest.drop()
        connection = Connection(origin, self._forget_idle)
        self._busy.add(connection)
        try:
            await self._dialer.open(connection, timeout_seconds)
        except BaseException:
            self._busy.discard(connection)
            connection.drop()
            raise
        return connection

    def _drop_aged(self, now: float) -> None:
        """Drops what has been idle for too long, oldest first."""
        while self._idle_by_age:
            oldest = next(iter(self._idle_by_age))
            if now - oldest.idle_since <= self._max_idle_seconds:
                return
            self._forget_idle(oldest)
            oldest.drop()

    def _forget_idle(self, connection: Connection) -> None:
        if self._idle_by_age.pop(connection, self) is self:
            return
        kept = self._idle_by_origin[connection.origin]
        del kept[connection]
        if not kept:
            del self._idle_by_origin[connection.origin]
