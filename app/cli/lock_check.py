"""Checks that each database connection has a PostgreSQL session of its own, as advisory locks need.

With these locks the gateway knows which of its processes are alive. They do not work behind a pooler that changes the
session after each transaction, nor in a database that only imitates the functions.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import exc

from app.cli.checks import CheckResult, failed, passed
from app.db.engine import DRIVER_ERRORS, DatabaseUnavailableError, connect, to_dsn

_NAME = "advisory locks"
_KEY_BITS = 62
_ROUNDS = 16
_TIMEOUT_SECONDS = 10.0
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
# A prepared statement of another connection is in the session, or the own one is in another session.
_SHARED_SESSION_STATES = {"42P05", "26000"}


async def check_advisory_locks(url: str) -> CheckResult:
    """Checks that two connections keep a session each, and that only one of them can hold a lock, which it frees.

    Raises:
        DatabaseUnavailableError: the database is not available.
    """
    dsn = to_dsn(url)
    try:
        async with _connected(dsn) as first, _connected(dsn) as second:
            is_kept = await _keeps_its_session(first, second) and await _keeps_its_lock(first, second)
    except TimeoutError:  # a pooler has no session left for the second one
        is_kept = False
    except (OSError, *DRIVER_ERRORS) as error:
        if not is_shared_session_error(error):
            raise DatabaseUnavailableError(f"{type(error).__name__}: {error}") from error
        is_kept = False
    return passed(_NAME, "held by one connection, refused to another") if is_kept else shared_sessions()


def shared_sessions() -> CheckResult:
    """Returns the failure for connections that share sessions."""
    return failed(
        _NAME,
        "connections do not keep a session of PostgreSQL each, so the gateway cannot tell which of its processes are "
        "alive: let it reach PostgreSQL itself, or through a pooler whose mode is `session`",
    )


def is_shared_session_error(error: BaseException) -> bool:
    """Says whether an error is due to a prepared statement in another session than its own."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    return getattr(original, "sqlstate", None) in _SHARED_SESSION_STATES


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Any]:
    # Without named statements: a shared session would keep them for the next connection.
    connection = await connect(dsn, command_timeout_seconds=_TIMEOUT_SECONDS, statement_cache_size=0)
    try:
        yield connection
    finally:
        with suppress(OSError, *DRIVER_ERRORS):
            await connection.close(timeout=_TIMEOUT_SECONDS)


async def _keeps_its_session(first: Any, second: Any) -> bool:
    """Says whether the first connection has the same session in all transactions, and the second one never has it.

    This is checked before a lock is taken, because in a shared session the lock might never be freed.
    """
    own = await _run_alone(first, _PID)
    for _ in range(_ROUNDS):
        # A round-robin pooler assigns another session after each transaction.
        if await _run_alone(first, _PID) != own:
            return False
        # A last-in-first-out pooler assigns another session while the last one is in use.
        async with second.transaction():
            if await second.fetchval(_PID) == own or await _run_alone(first, _PID) != own:
                return False
    return True


async def _keeps_its_lock(first: Any, second: Any) -> bool:
    """Says whether the first connection keeps a lock after its transaction, and the second cannot take it."""
    key = secrets.randbits(_KEY_BITS)
    await _run_alone(first, _TAKE, key)
    try:
        async with second.transaction():
            is_shared = await second.fetchval(_TRY, key)
            if is_shared:
                await second.fetchval(_RELEASE, key)
        return bool(await _run_alone(first, _HOLDS, key)) and not is_shared
    finally:
        for _ in range(_ROUNDS):
            if await _run_alone(first, _RELEASE, key):  # False in a session that does not hold it
                break


async def _run_alone(connection: Any, statement: str, *values: object) -> Any:
    """Runs a statement in a transaction of its own, which even a pooler keeps in one session; returns its value."""
    async with connection.transaction():
        return await connection.fetchval(statement, *values)
