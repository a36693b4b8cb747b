"""Statements of frequent reads, prepared and run past the ORM, on a few connections of the engine's pool.

A read through a session costs a gateway some 2 ms of CPU: the statement is built and compiled, a transaction begun and
ended, greenlets switched and rows mapped. Here the statement is compiled once, and is a transaction of its own.

The connections belong to the engine's pool, so that the pool's size stays the limit of a process, and what watches the
engine watches them, too. One is kept for some milliseconds after its last statement, because taking it out of the pool
costs twice as much as a short statement; when the pool has no other left, it is given back at once.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import QueuePool

from app.db.engine import DRIVER_ERRORS, DatabaseUnavailableError, is_away

_KEPT_SECONDS = 0.05
_DIALECT = dialect()  # type: ignore[no-untyped-call]  # the library has no annotation there

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HotStatement:
    """A compiled statement.

    Attributes:
        text: with ``$1``, ``$2`` ….
        names: of its parameters, in this order.
    """

    text: str
    names: tuple[str, ...]


def compile_hot(statement: Select[Any]) -> HotStatement:
    """Compiles a statement all of whose values are named parameters; do it once for each form of a statement."""
    compiled = statement.compile(dialect=_DIALECT)
    return HotStatement(str(compiled), tuple(dict.fromkeys(compiled.positiontup or ())))


class Reads(Protocol):
    """Runs statements that read."""

    async def fetch(self, statement: HotStatement, values: Mapping[str, Any]) -> Sequence[Any]:
        """Returns the rows of a statement, each a sequence of values.

        Args:
            statement: one statement, which is a transaction of its own.
            values: its parameters by name.

        Raises:
            DatabaseUnavailableError: the database is away, or the statement took too long.
            sqlalchemy.exc.TimeoutError: no connection became free in time.
        """


@dataclass(slots=True)
class _Lease:
    """A connection out of the engine's pool, and the driver's own below it."""

    connection: AsyncConnection
    driver: Any
    used_at: float = 0.0


class HotReads:
    """The ``Reads`` of a process.

    Args:
        engine: lends the connections.
        max_connections: how many at most; further statements wait in the order of asking.
    """

    def __init__(self, engine: AsyncEngine, *, max_connections: int) -> None:
        self._engine = engine
        self._max_connections = max_connections
        self._count = 0
        self._idle: list[_Lease] = []
        self._waiting: deque[asyncio.Future[_Lease | None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def fetch(self, statement: HotStatement, values: Mapping[str, Any]) -> Sequence[Any]:
        """As ``Reads.fetch``."""
        lease = await self._take()
        try:
            rows: Sequence[Any] = await lease.driver.fetch(statement.text, *[values[name] for name in statement.names])
        except BaseException as error:
            self._end(lease, is_broken=True)
            if isinstance(error, TimeoutError):
                raise DatabaseUnavailableError("a statement took too long") from error
            if isinstance(error, OSError) or (isinstance(error, DRIVER_ERRORS) and is_away(error)):
                raise DatabaseUnavailableError(f"the connection ended: {type(error).__name__}") from error
            raise
        self._give_back(lease)
        return rows

    async def close(self) -> None:
        """Gives all connections back; called when nothing reads any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._idle:
            self._end(self._idle.pop(), is_broken=False)
        if self._closing:
            await asyncio.wait(self._closing)

    async def _take(self) -> _Lease:
        while self._idle:
            idle = self._idle.pop()
            if not idle.driver.is_closed():
                return idle
            self._end(idle, is_broken=True)
        if self._count >= self._max_connections:
            waiter: asyncio.Future[_Lease | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                lease = await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._pass_on(waiter.result())
                raise
            if lease is not None:
                return lease
        else:
            self._count += 1
        # Counted already, here or by the one that made room.
        try:
            connection = await self._engine.connect()
            driver = (await connection.get_raw_connection()).driver_connection
        except BaseException:
            self._pass_on(None)
            raise
        return _Lease(connection, driver)

    def _give_back(self, lease: _Lease) -> None:
        if self._waiting:
            self._pass_on(lease)
            return
        pool = self._engine.pool
        if isinstance(pool, QueuePool) and pool.checkedout() >= pool.size():
            self._end(lease, is_broken=False)
            return
        lease.used_at = time.monotonic()
        self._idle.append(lease)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._end_idle)

    def _pass_on(self, lease: _Lease | None) -> None:
        """Gives a lease, or the room for one, to the statement that has waited longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(lease)
                return
        if lease is None:
            self._count -= 1
        else:
            self._give_back(lease)

    def _end_idle(self) -> None:
        """Gives back what was not used for some time; the most recently used stand last."""
        self._timer = None
        ended_before = time.monotonic() - _KEPT_SECONDS
        while self._idle and self._idle[0].used_at <= ended_before:
            self._end(self._idle.pop(0), is_broken=False)
        if self._idle:
            self._timer = asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._end_idle)

    def _end(self, lease: _Lease, *, is_broken: bool) -> None:
        task = asyncio.create_task(_close(lease.connection, is_broken=is_broken))
        self._closing.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._closing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("hot_read_connection_not_closed", error=repr(error))
        self._pass_on(None)


async def _close(connection: AsyncConnection, *, is_broken: bool) -> None:
    try:
        if is_broken:
            await connection.invalidate()
    finally:
        await connection.close()
