"""The processes of a database, and which of them are alive.

Each process holds an advisory lock on a connection of its own while it lives. PostgreSQL frees the lock when the
process dies, for whatever reason, so that other processes detect it by a try-lock, without a timeout or a leader. The
connection must be a session of its own: a pooler that shares sessions between clients would release the lock.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.backoff import retry
from app.core.database_place import note_place, place_of
from app.db.engine import DRIVER_ERRORS, DatabaseUnavailableError, connect, to_dsn
from app.ids import new_id

RENEW_SECONDS = 2.0
"""How often a living process renews ``seen_at``."""

_COMMAND_TIMEOUT_SECONDS = 5.0
_RETRY_SECONDS = 0.2
# After the database was unavailable each process takes its lock again; until then a free lock proves nothing.
_GRACE_SECONDS = 3.0
# The interval of the renewal, its retries, and the grace period.
_SETTLE_TIMEOUT_SECONDS = _GRACE_SECONDS + 2 * RENEW_SECONDS
_MAX_ROW_AGE = timedelta(days=1)
_LOCK_BITS = 63

# A host that disappears is noticed by the database server within half a minute instead of two hours.
_KEEP_ALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}

_RENEW = """
    INSERT INTO instances (id, lock_key, started_at, seen_at, renewed_at) VALUES ($1, $2, $3, $3, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at, renewed_at = EXCLUDED.renewed_at
"""

# A shared lock does not conflict with concurrent probes.
_PROBE = text("""
    SELECT seen_at, pg_try_advisory_xact_lock_shared(lock_key) AS is_free FROM instances WHERE id = :id
""")

_REMOVE = text("""
    WITH old AS MATERIALIZED (SELECT id, lock_key FROM instances WHERE seen_at < :before)
    DELETE FROM instances WHERE id IN (SELECT id FROM old WHERE pg_try_advisory_xact_lock_shared(lock_key))
""")

# What a connection of our own raises while the database is not available.
_AWAY = (DatabaseUnavailableError, OSError, *DRIVER_ERRORS)

_log = structlog.get_logger()


class ProcessRegistry:
    """The registration of this process, and queries about others. One per process.

    Attributes:
        instance_id: the id of this process; call ``open`` before writing it anywhere.

    Args:
        url: the URL of the database, as ``open_engine`` takes it.
        sessions: makes sessions of the same database.
        clock: the time in UTC.
    """

    def __init__(
        self,
        url: str,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
    ) -> None:
        self.instance_id = new_id("inst")
        self._dsn = to_dsn(url)
        self._lock_key = secrets.randbits(_LOCK_BITS)
        self._sessions = sessions
        self._clock = clock
        self._connection: Any = None
        self._regained_at_seconds: float | None = None

    async def open(self) -> None:
        """Takes the lock and writes the row.

        Raises:
            DatabaseUnavailableError: the database is not available, or did not answer in time.
        """
        try:
            await self._register()
        except TimeoutError as error:
            raise DatabaseUnavailableError("the process could not be registered in time") from error

    async def close(self) -> None:
        """Releases the lock. The row stays for a day, so that others know since when this process is dead."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=_COMMAND_TIMEOUT_SECONDS)
        except (OSError, *DRIVER_ERRORS):
            connection.terminate()

    async def renew(self) -> None:
        """Renews ``seen_at``, and takes the lock again if it was lost; to be called every ``RENEW_SECONDS``.

        While the database is not available it retries until the next run is due, and raises nothing.
        """
        with suppress(*_AWAY):
            await retry(
                self._renew_once,
                is_temporary=lambda error: isinstance(error, _AWAY),
                max_seconds=_RETRY_SECONDS,
                timeout_seconds=RENEW_SECONDS,
            )

    async def _renew_once(self) -> None:
        try:
            if self._connection is None:
                await self._register()
                self._regained_at_seconds = asyncio.get_running_loop().time()
                _log.warning("process_lock_regained", instance=self.instance_id)
            else:
                await self._renew_row()
        except _AWAY as error:
            self._drop_connection(error)
            raise

    async def dead_since(self, session: AsyncSession, instance_id: str) -> datetime | None:
        """Returns since when a process is certainly dead, or None.

        Args:
            session: a session in a short transaction, which shares the process's lock until it ends.
            instance_id: the id of any process.

        Returns:
            None when it is alive, is this process, or may only have lost its lock because the database was unavailable.
            Otherwise a time at which it was certainly dead: two seconds after it was last seen, or now. A process
            without a row is dead for a day.
        """
        if instance_id == self.instance_id or self.is_recovering:
            return None
        now = self._clock()
        found = (await session.execute(_PROBE, {"id": instance_id})).one_or_none()
        if found is None:
            return now - _MAX_ROW_AGE
        seen_at: datetime = found.seen_at
        return min(now, seen_at + timedelta(seconds=RENEW_SECONDS)) if found.is_free else None

    @property
    def is_recovering(self) -> bool:
        """Whether the database is or was just unavailable, so that a free lock does not prove a death yet."""
        if self._connection is None or self._connection.is_closed():
            return True
        regained = self._regained_at_seconds
        return regained is not None and asyncio.get_running_loop().time() - regained < _GRACE_SECONDS

    async def wait_until_settled(self) -> None:
        """Waits until ``is_recovering`` is False.

        Raises:
            DatabaseUnavailableError: it took too long.
        """
        deadline = asyncio.get_running_loop().time() + _SETTLE_TIMEOUT_SECONDS
        while self.is_recovering:
            if asyncio.get_running_loop().time() > deadline:
                raise DatabaseUnavailableError("it is not known which processes are alive")
            await asyncio.sleep(_RETRY_SECONDS)

    async def remove_old(self) -> None:
        """Deletes the rows of processes that have been dead for a day."""
        async with self._sessions.begin() as session:
            await session.execute(_REMOVE, {"before": self._clock() - _MAX_ROW_AGE})

    async def _register(self) -> None:
        connection = await connect(
            self._dsn, command_timeout_seconds=_COMMAND_TIMEOUT_SECONDS, server_settings=_KEEP_ALIVE
        )
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", self._lock_key)
            place = await place_of(connection)
            # Under any other level the comparison would not see what the registration before has written.
            async with connection.transaction(isolation="read_committed"):
                await note_place(connection, place)
                await connection.execute(_RENEW, self.instance_id, self._lock_key, self._clock())
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection

    async def _renew_row(self) -> None:
        await self._connection.execute(_RENEW, self.instance_id, self._lock_key, self._clock())

    def _drop_connection(self, error: Exception) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
            _log.warning("process_lock_lost", instance=self.instance_id, error=repr(error))
