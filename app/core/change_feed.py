"""Notices of what other processes change, received at once: the condition for serving from a process's memory.

A process that changes what others may have in memory announces that in the transaction of the change and waits, after
the commit, until they have dropped it (``ChangeFeed.change``). Each process hears announcements on a connection of its
own (LISTEN) and confirms them. Memory may be used only while ``is_live``: the connection has answered a question that
was asked less than ``LEASE_SECONDS`` ago. PostgreSQL signals all listeners before the commit of an announcement
returns, and delivers what is pending before it answers a question. So a process either has heard of a commit, or asked
its last question before it, and uses its memory for less than ``LEASE_SECONDS`` longer, whatever has happened to its
connection. A change waits no longer than that, so that a process that hangs does not hold it up.

A change waits for the listeners whose sessions the server has. A session may have ended without its process knowing, so
each process also knows the listeners of before: it looks when it connects and at each change, and hears of new ones.
When one has vanished, and when a process has just connected, changes wait until every lease of that time is over.

Questions are only asked while memory is used: an idle process sends nothing. What the feed saves is counted, in
``tests/costs``: a warm GET of a finished task executes no statement, in place of two.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.engine import DRIVER_ERRORS, DatabaseUnavailableError, connect, is_unavailable, to_dsn

LEASE_SECONDS = 0.5
"""How long after an answered question was asked the memory may be used."""

_QUESTION_SECONDS = 0.1
_TIMEOUT_SECONDS = 5.0
_RETRY_SECONDS = 0.5
_CHANGES = "seedgate_changes"
_HEARD = "seedgate_heard"
SEPARATOR = "\x1f"
"""Between the parts of an announcement: the token for the confirmations, and the name, which may have parts itself."""

_UNKNOWN_PID = 0
# In place of a token: its sender listens from now on.
_HELLO = ""
# Every listener shares this lock, so that all are known, by the process ids of their sessions.
_LOCK = (0x5EED, 1)
_ANNOUNCE = text("SELECT pg_notify(:channel, :payload)")
_LISTENERS = f"""
    SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND classid = {_LOCK[0]} AND objid = {_LOCK[1]} AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - constants

# A host that disappears is noticed by the database server within half a minute instead of two hours.
_KEEP_ALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}

_log = structlog.get_logger()


class Change:
    """A change under way.

    Attributes:
        token: names it in the announcement and its confirmations.
        is_announced: whether it has been announced.
        confirmed: the listeners that have confirmed it, by the process ids of their sessions.
        heard: set at each confirmation.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        self.is_announced = False
        self.confirmed: set[int] = set()
        self.heard = asyncio.Event()

    async def announce(self, session: AsyncSession, name: str) -> None:
        """Announces, when the transaction of ``session`` commits, that what memories hold under ``name`` has changed.

        Args:
            session: the session of the transaction of the change.
            name: at most some thousand bytes.
        """
        self.is_announced = True
        await session.execute(_ANNOUNCE, {"channel": _CHANGES, "payload": self.token + SEPARATOR + name})


class ChangeFeed:
    """Announces changes and hears those of all processes, this one included. One per process.

    Args:
        url: the URL of the database, as ``open_engine`` takes it.
        sessions: makes sessions of the same database.
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        url: str,
        sessions: async_sessionmaker[AsyncSession],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dsn = to_dsn(url)
        self._monotonic = monotonic
        self._sessions = sessions
        self._connection: Any = None
        # asyncpg refuses a second statement while one runs.
        self._statement = asyncio.Lock()
        self._is_asked = asyncio.Event()
        self._proved_at = float("-inf")
        self._drops: list[Callable[[str | None], None]] = []
        self._changes: dict[str, Change] = {}
        self._confirming: set[asyncio.Task[None]] = set()
        self._known_count = 1
        self._known: set[int] = set()
        # Until then, in the time of the loop, a listener that is not known may use its memory.
        self._unsure_until = float("-inf")
        self.position = 0
        """Grows with everything that is heard and with each connection; see ``app.tasks.ready_answers``."""

    def subscribe(self, drop: Callable[[str | None], None]) -> None:
        """Adds a memory: ``drop`` is called with the name in each announcement, and with None to drop everything."""
        self._drops.append(drop)

    @property
    def is_live(self) -> bool:
        """Whether what is in memory may be used now. Asking keeps the answer true."""
        age = self._monotonic() - self._proved_at
        if age > _QUESTION_SECONDS:
            self._is_asked.set()
        return age < LEASE_SECONDS

    @property
    def is_connected(self) -> bool:
        """Whether what is read from the database from now on may be kept in memory, to be used while ``is_live``."""
        return self._connection is not None

    @asynccontextmanager
    async def change(self) -> AsyncIterator["Change"]:
        """Wraps the transaction of a change; waits at the end until no process uses what it had in memory before."""
        change = Change()
        self._changes[change.token] = change
        try:
            yield change
            if change.is_announced:
                await self._wait_until_heard(change)
        finally:
            del self._changes[change.token]

    async def _wait_until_heard(self, change: "Change") -> None:
        try:
            async with asyncio.timeout(LEASE_SECONDS):
                # Listeners that come later read what has been committed.
                listeners = await self._listeners()
                while not listeners <= change.confirmed:
                    change.heard.clear()
                    await change.heard.wait()
                await asyncio.sleep(self._unsure_until - asyncio.get_running_loop().time())
        except TimeoutError:
            _log.info("change_not_confirmed_by_all")

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hears changes during the block; connects again after a failure."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def count_listeners(self) -> int:
        """Returns the number of gateway processes that listen, at least one: this one; if need be, the last known."""
        found = await self._listeners()
        if _UNKNOWN_PID not in found:
            self._known_count = max(1, len(found))
        return self._known_count

    async def _listeners(self) -> set[int]:
        """Returns the process ids of the listeners' sessions, or one that never confirms when they are not known."""
        if not self.is_connected:
            # It would hear no confirmation.
            return {_UNKNOWN_PID}
        before = frozenset(self._known)
        try:
            async with self._sessions() as session:
                found = set(await session.scalars(text(_LISTENERS)))
        except Exception as error:
            if not is_unavailable(error):
                raise
            return {_UNKNOWN_PID}
        # One that said hello meanwhile may not have been found yet.
        vanished = before - found
        if vanished:
            self._be_unsure()
        self._known = (self._known - vanished) | found
        return found

    def _be_unsure(self) -> None:
        self._unsure_until = asyncio.get_running_loop().time() + LEASE_SECONDS

    async def _listen(self) -> None:
        while True:
            try:
                async with self._connected():
                    while True:
                        await self._ask()
                        await asyncio.sleep(_QUESTION_SECONDS)
                        await self._is_asked.wait()
            except (DatabaseUnavailableError, OSError, *DRIVER_ERRORS) as error:  # a timeout is an OSError
                _log.warning("change_feed_lost", error=repr(error))
            await asyncio.sleep(_RETRY_SECONDS)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        connection = await connect(self._dsn, command_timeout_seconds=_TIMEOUT_SECONDS, server_settings=_KEEP_ALIVE)
        try:
            # Counted before it hears, so that every listener is waited for.
            await connection.execute("SELECT pg_advisory_lock_shared($1, $2)", *_LOCK)
            await connection.add_listener(_HEARD, self._hear_confirmation)
            await connection.add_listener(_CHANGES, self._hear_change)
            connection.add_termination_listener(self._lose)
            # Before it uses any memory, so that all know it by then; and after it hears of others.
            await connection.execute("SELECT pg_notify($1, $2)", _HEARD, _HELLO)
            self._known |= {row[0] for row in await connection.fetch(_LISTENERS)}
            self._be_unsure()
            self._connection = connection
            self._drop(None)
            yield
        finally:
            self._lose()
            connection.terminate()

    def _lose(self, _connection: object = None) -> None:
        self._connection = None
        self._proved_at = float("-inf")
        # Without the connection, each change waits for a whole lease, and after it is made again until that is over.
        self._known.clear()
        # Wakes the loop in ``_listen``, which then finds the connection closed.
        self._is_asked.set()
        self._drop(None)

    async def _ask(self) -> None:
        """Proves that the notices of all commits until now are received."""
        self._is_asked.clear()
        asked_at = self._monotonic()
        await self._execute("SELECT 1")
        if self._connection is not None:
            self._proved_at = asked_at

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._statement:
            if self._connection is None:
                raise DatabaseUnavailableError("the connection of the change feed is closed")
            await self._connection.execute(statement, *values)

    def _hear_change(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        token, _, name = payload.partition(SEPARATOR)
        self._drop(name)
        if not token:
            # Announced by a trigger, for which nothing waits.
            return
        task = asyncio.create_task(self._send_confirmation(token))
        self._confirming.add(task)
        task.add_done_callback(self._confirming.discard)

    def _hear_confirmation(self, _connection: object, pid: int, _channel: str, payload: str) -> None:
        if payload == _HELLO:
            self._known.add(pid)
        change = self._changes.get(payload)
        if change is not None:
            change.confirmed.add(pid)
            change.heard.set()

    async def _send_confirmation(self, token: str) -> None:
        # Without it the other process waits until this one's lease is over.
        with contextlib.suppress(DatabaseUnavailableError, OSError, *DRIVER_ERRORS):
            await self._execute("SELECT pg_notify($1, $2)", _HEARD, token)

    def _drop(self, name: str | None) -> None:
        self.position += 1
        for drop in self._drops:
            drop(name)
