"""Whether the database keeps session locks apart, as the gateway needs to know which of its processes are alive."""

import secrets

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.cli.findings import Finding, broken, fine

_NAME = "advisory locks"
_KEY_BITS = 62
_TAKE = text("SELECT pg_advisory_lock(:key)")
_TRY = text("SELECT pg_try_advisory_lock(:key)")
_RELEASE = text("SELECT pg_advisory_unlock(:key)")


async def examine_advisory_locks(engine: AsyncEngine) -> Finding:
    """Takes a lock on one connection and tries to take it on another; frees both."""
    async with engine.connect() as first, engine.connect() as second:
        if await _hold_apart(first, second):
            return fine(_NAME, "held by one connection, refused to another")
    return broken(
        _NAME,
        "two connections hold the same lock, so the gateway cannot tell which of its processes are alive: let it reach "
        "PostgreSQL itself, or through a pooler whose mode is `session`",
    )


async def _hold_apart(first: AsyncConnection, second: AsyncConnection) -> bool:
    """Says whether the second connection is refused what the first holds.

    A pooler that shares a server's session among transactions lets it have the lock, since to PostgreSQL both are the
    same; a database that only has the functions by name refuses nothing.
    """
    key = {"key": secrets.randbits(_KEY_BITS)}
    await first.execute(_TAKE, key)
    await first.commit()  # between transactions a pooler gives the session to the other connection
    try:
        return not await second.scalar(_TRY, key)
    finally:
        await second.rollback()
        await first.execute(_RELEASE, key)
        await first.commit()
