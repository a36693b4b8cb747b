"""Which processes of a database are alive.

Each process holds one advisory lock on a connection of its own for as long as it lives. PostgreSQL frees the lock in
the moment in which the process dies, however it dies, so another process learns of it by one try-lock: nobody has to
wait for a timeout, and no process leads the others. The connection must be a session of its own: a pooler that shares
sessions between clients would let go of the lock.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.engine import DRIVER_ERRORS, DatabaseUnavailableError, connect, to_dsn
from app.ids import new_id

RENEW_SECONDS = 2.0
"""How often a living process renews ``seen_at``."""

_COMMAND_TIMEOUT_SECONDS = 5.0
_RETRY_SECONDS = 0.2
# After the database was away every process takes its lock again within a moment; until then a free one proves nothing.
_GRACE_SECONDS = 3.0
# Until the next run of the renewal, its own tries, and the grace.
_LONGEST_DOUBT_SECONDS = _GRACE_SECONDS + 2 * RENEW_SECONDS
_REMOVED_AFTER = timedelta(days=1)
_LOCK_BITS = 63

# A host that vanished without a word is noticed by the server within half a minute, not after two hours.
_KEEP_ALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}

_RENEW = """
    INSERT INTO instances (id, lock_key, started_at, seen_at) VALUES ($1, $2, $3, $3)
    ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at
"""

# A shared lock does not get in the way of others who look at the same moment.
_PROBE = text("""
    SELECT seen_at, pg_try_advisory_xact_lock_shared(lock_key) AS is_free FROM instances WHERE id = :id
""")

_REMOVE = text("""
    WITH old AS MATERIALIZED (SELECT id, lock_key FROM instances WHERE seen_at < :before)
    DELETE FROM instances WHERE id IN (SELECT id FROM old WHERE pg_try_advisory_xact_lock_shared(lock_key))
""")

_log = structlog.get_logger()


class Presence:
    """This process among those of the database; one per process."""

    def __init__(self, url: str, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        """Makes it; ``open`` has to follow before ``id`` is written anywhere.

        Args:
            url: the database's, as ``open_engine`` takes it.
            sessions: of the same database.
            clock: the time in UTC.
        """
        self.id = new_id("inst")
        self._dsn = to_dsn(url)
        self._lock_key = secrets.randbits(_LOCK_BITS)
        self._sessions = sessions
        self._clock = clock
        self._connection: Any = None
        self._regained_at_seconds: float | None = None

    async def open(self) -> None:
        """Takes the lock and writes the row.

        Raises:
            DatabaseUnavailableError: the database is away.
        """
        await self._hold()

    async def close(self) -> None:
        """Lets go of the lock. The row stays for a while, so that others know since when this process is gone."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=_COMMAND_TIMEOUT_SECONDS)
        except (OSError, *DRIVER_ERRORS):
            connection.terminate()

    async def renew(self) -> None:
        """Renews ``seen_at``, and takes the lock again when it was lost; what the job does every two seconds.

        A database that is away is not an error: it is tried again at short intervals, then at the next run.
        """
        deadline = asyncio.get_running_loop().time() + RENEW_SECONDS
        while True:
            try:
                if self._connection is None:
                    await self._hold()
                    self._regained_at_seconds = asyncio.get_running_loop().time()
                    _log.warning("presence_regained", instance=self.id)
                else:
                    await self._write()
            except (DatabaseUnavailableError, OSError, *DRIVER_ERRORS) as error:
                self._let_go(error)
            else:
                return
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(_RETRY_SECONDS)

    async def is_dead(self, session: AsyncSession, instance_id: str) -> datetime | None:
        """Says since when a process is surely gone.

        Args:
            session: of an open, short transaction; it is made to share the process's lock until it ends.
            instance_id: the ``id`` of any process's ``Presence``.

        Returns:
            None when it lives, is ourselves, or may only have lost its lock together with the database a moment ago.
            Otherwise a moment at which it was certainly gone: two seconds after it was last seen, or now. A process
            without a row is gone for a day.
        """
        if instance_id == self.id or self.is_just_back:
            return None
        now = self._clock()
        found = (await session.execute(_PROBE, {"id": instance_id})).one_or_none()
        if found is None:
            return now - _REMOVED_AFTER
        seen_at: datetime = found.seen_at
        return min(now, seen_at + timedelta(seconds=RENEW_SECONDS)) if found.is_free else None

    @property
    def is_just_back(self) -> bool:
        """Whether the database was away a moment ago, or is: until a while after, a free lock proves nothing."""
        if self._connection is None or self._connection.is_closed():
            return True
        regained = self._regained_at_seconds
        return regained is not None and asyncio.get_running_loop().time() - regained < _GRACE_SECONDS

    async def until_sure(self) -> None:
        """Waits until it can be told again who is alive.

        Raises:
            DatabaseUnavailableError: that did not come within some seconds.
        """
        deadline = asyncio.get_running_loop().time() + _LONGEST_DOUBT_SECONDS
        while self.is_just_back:
            if asyncio.get_running_loop().time() > deadline:
                raise DatabaseUnavailableError("it cannot be told which processes are alive")
            await asyncio.sleep(_RETRY_SECONDS)

    async def remove_old(self) -> None:
        """Removes the rows of processes that are dead for a day."""
        async with self._sessions.begin() as session:
            await session.execute(_REMOVE, {"before": self._clock() - _REMOVED_AFTER})

    async def _hold(self) -> None:
        connection = await connect(
            self._dsn, command_timeout_seconds=_COMMAND_TIMEOUT_SECONDS, server_settings=_KEEP_ALIVE
        )
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", self._lock_key)
            await connection.execute(_RENEW, self.id, self._lock_key, self._clock())
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection

    async def _write(self) -> None:
        await self._connection.execute(_RENEW, self.id, self._lock_key, self._clock())

    def _let_go(self, error: Exception) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
            _log.warning("presence_lost", instance=self.id, error=repr(error))
