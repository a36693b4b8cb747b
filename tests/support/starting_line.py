"""Transactions that run at the same time."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.support.timeouts import HANG_SECONDS

# Not pg_stat_activity, which shows one transaction the same picture every time it looks.
_WAITING = text("""
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


async def start_together(
    sessions: async_sessionmaker[AsyncSession], table: str, runners: Sequence[Awaitable[Any]]
) -> list[Any]:
    """Holds all ``runners`` at their first query of ``table``, then lets them go; returns results and errors."""
    async with sessions.begin() as session:
        await session.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        running = asyncio.gather(*runners, return_exceptions=True)
        async with asyncio.timeout(HANG_SECONDS):
            while (await session.scalar(_WAITING) or 0) < len(runners):  # noqa: ASYNC110 - another session's lock gives no event
                await asyncio.sleep(0.01)
    return await running
