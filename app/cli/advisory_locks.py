"""Whether each connection has a session of PostgreSQL to itself, as the gateway's advisory locks need.

By them it knows which of its processes are alive. A pooler that gives a session to another connection after each
transaction breaks that, and so does a database that knows the functions by name only.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import exc

from app.cli.findings import Finding, broken, fine
from app.db.engine import DRIVER_ERRORS, DatabaseUnavailableError, connect, to_dsn

_NAME = "advisory locks"
_KEY_BITS = 62
_ROUNDS = 16
_PATIENCE_SECONDS = 10.0
_PID = "SELECT pg_backend_pid()"
_TAKE = "SELECT pg_advisory_lock($1)"
_TRY = "SELECT pg_try_advisory_lock($1)"
_RELEASE = "SELECT pg_advisory_unlock($1)"
_HOLDS = """
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid = pg_backend_pid()
          AND (classid::bigint << 32) | objid::bigint = $1
    )
"""
# A prepared statement that another connection has left in the session, or that was left in another session.
_OF_SHARED_SESSIONS = {"42P05", "26000"}


async def examine_advisory_locks(url: str) -> Finding:
    """Looks whether two connections keep a session each, and whether a lock is held by one of them alone; frees it.

    Args:
        url: of the database, as the gateway has it.

    Raises:
        DatabaseUnavailableError: the database is away.
    """
    dsn = to_dsn(url)
    try:
        async with _connected(dsn) as first, _connected(dsn) as second:
            is_kept = await _keeps_its_session(first, second) and await _keeps_its_lock(first, second)
    except TimeoutError:  # a pooler has no session left for the second one
        is_kept = False
    except (OSError, *DRIVER_ERRORS) as error:
        if not is_of_shared_sessions(error):
            raise DatabaseUnavailableError(f"{type(error).__name__}: {error}") from error
        is_kept = False
    return fine(_NAME, "held by one connection, refused to another") if is_kept else shared_sessions()


def shared_sessions() -> Finding:
    """Returns the finding that connections share sessions."""
    return broken(
        _NAME,
        "connections do not keep a session of PostgreSQL each, so the gateway cannot tell which of its processes are "
        "alive: let it reach PostgreSQL itself, or through a pooler whose mode is `session`",
    )


def is_of_shared_sessions(error: BaseException) -> bool:
    """Says whether an error comes from a prepared statement that is in another session than it was made in."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    return getattr(original, "sqlstate", None) in _OF_SHARED_SESSIONS


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Any]:
    # Without named statements, which a session that is shared would keep for the next connection.
    connection = await connect(dsn, command_timeout_seconds=_PATIENCE_SECONDS, statement_cache_size=0)
    try:
        yield connection
    finally:
        with suppress(OSError, *DRIVER_ERRORS):
            await connection.close(timeout=_PATIENCE_SECONDS)


async def _keeps_its_session(first: Any, second: Any) -> bool:
    """Says whether all transactions of the first connection are in one session, which the second is never given.

    No lock is taken before that is known: it could not be freed for sure.
    """
    own = await _alone(first, _PID)
    for _ in range(_ROUNDS):
        # A pooler that gives its sessions out in turn gives another one after each transaction.
        if await _alone(first, _PID) != own:
            return False
        # One that gives out what was used last gives another one while that is taken.
        async with second.transaction():
            if await second.fetchval(_PID) == own or await _alone(first, _PID) != own:
                return False
    return True


async def _keeps_its_lock(first: Any, second: Any) -> bool:
    """Says whether the first connection holds a lock beyond its transaction, and the second is refused it."""
    key = secrets.randbits(_KEY_BITS)
    await _alone(first, _TAKE, key)
    try:
        async with second.transaction():
            is_shared = await second.fetchval(_TRY, key)
            if is_shared:
                await second.fetchval(_RELEASE, key)
        return bool(await _alone(first, _HOLDS, key)) and not is_shared
    finally:
        for _ in range(_ROUNDS):
            if await _alone(first, _RELEASE, key):  # False in another session than the one that holds it
                break


async def _alone(connection: Any, statement: str, *values: object) -> Any:
    """Returns the one value of a statement in a transaction of its own, which a pooler keeps in one session."""
    async with connection.transaction():
        return await connection.fetchval(statement, *values)
