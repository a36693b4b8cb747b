"""Since when the database knows every create, so that elimination is a proof.

A database that was restored from a backup, or a replica that was promoted before it had everything, has forgotten
creates. What a forgotten create made upstream looks as if another create had made it. The conclusion "it is the only
one that fits" is therefore allowed only for creates that were sent after the time that ``complete_since`` returns. An
older create still competes with others, and is attributed by a callback, a tag or the operator.

A process that registers compares the place of the database with the one that was written last (``note_place``).
"""

from datetime import UTC, datetime, timedelta

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

MAX_CREATE_TIME = timedelta(hours=1)
"""From the intent to the end of a create that waits for its answer."""

# A create that began before the move may have made something until it ended; the clocks of gateways may be wrong.
_MARGIN = MAX_CREATE_TIME + timedelta(minutes=10)

# Differs after the database was restored from a dump or to a point in time, or a replica was promoted: the cluster, its
# time line, the database, a table that is as old as the data.
_PLACE = """
    SELECT concat_ws(
        '/',
        system_identifier,
        left(pg_walfile_name(pg_current_wal_lsn()), 8),
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        CAST(to_regclass('instances') AS oid)
    )
    FROM pg_control_system()
"""
_SESSION_PLACE = text(_PLACE)

# Two processes that start at once must not both take the place of before for the present one. A process that is stopped
# in between must not stop the start of all others.
_LOCK = """
    SET LOCAL idle_in_transaction_session_timeout = '5s';
    SELECT pg_advisory_xact_lock(hashtext('seedgate:database_place'))
"""
_KEPT = "SELECT place FROM database_place"

# Restored files of a server keep the place, so an hour without any process counts as a restore too: its price is that
# lost creates of that time are not attributed by elimination. A database in which no process ever registered is new: it
# has forgotten nothing.
_NOTE = """
    INSERT INTO database_place AS kept (id, place, noticed_at)
    SELECT 1, $1, CASE WHEN EXISTS (SELECT 1 FROM instances) THEN clock_timestamp() END
    ON CONFLICT (id) DO UPDATE SET place = excluded.place, noticed_at = clock_timestamp()
    WHERE kept.place IS DISTINCT FROM excluded.place
        OR NOT EXISTS (SELECT 1 FROM instances WHERE renewed_at > clock_timestamp() - interval '1 hour')
    RETURNING noticed_at
"""

_NOTED = text("SELECT place, noticed_at FROM database_place")

_NEVER = datetime.max.replace(tzinfo=UTC)
_ALWAYS = datetime.min.replace(tzinfo=UTC)

_log = structlog.get_logger()


async def place_of(connection: asyncpg.Connection) -> str | None:
    """Returns where the database is, or None if this server or role does not tell."""
    try:
        place: str = await connection.fetchval(_PLACE)
    except asyncpg.PostgresError as error:
        _log.info("database_place_unknown", error=repr(error))
        return None
    return place


async def note_place(connection: asyncpg.Connection, place: str | None) -> None:
    """Writes the place, and the present time if the database may have been restored since a process was last seen.

    Args:
        connection: with an open transaction of the isolation level "read committed", in which the caller then registers
            its process; other registrations wait until it ends.
        place: from ``place_of``.
    """
    await connection.execute(_LOCK)
    kept = await connection.fetchval(_KEPT)
    noticed_at = await connection.fetchval(_NOTE, place)
    if noticed_at is not None:
        # A gateway that was only stopped for an hour is no reason to worry.
        tell = _log.info if kept == place else _log.warning
        tell("database_may_be_restored", noticed_at=noticed_at.isoformat())


async def complete_since(session: AsyncSession) -> datetime:
    """Returns the time since when every create that was sent is known; far in the future if no such time is known.

    Args:
        session: the session in which the creates and the owners are read: after a failover each connection may be
            to another server.
    """
    noted = (await session.execute(_NOTED)).one_or_none()
    if noted is None or (noted.place is not None and noted.place != await _place_in(session)):
        return _NEVER
    return _ALWAYS if noted.noticed_at is None else noted.noticed_at + _MARGIN


async def _place_in(session: AsyncSession) -> str | None:
    try:
        async with session.begin_nested():
            place: str | None = await session.scalar(_SESSION_PLACE)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None
    return place
