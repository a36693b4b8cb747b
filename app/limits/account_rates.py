"""What an upstream account allows per second, shared by all processes through rows.

The upstream allows 20 GETs a second per account. A bucket of burst b and rate r lets at most b + r calls into any
one second; the buckets for clients (4 + 10) and for background work (1 + 5) stay within the 20 together.
Source: upstream semantics, "Rate limits".
"""

import asyncio
from enum import Enum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

# One statement takes a token or takes nothing. The database's clock is the one that all processes share; when it is
# set back, the time until it has caught up must not count against anybody.
_TAKE = text("""
    INSERT INTO account_rates AS r (channel_id, kind, tokens, refilled_at)
    VALUES (:channel_id, :kind, :burst - 1, clock_timestamp())
    ON CONFLICT (channel_id, kind) DO UPDATE
    SET tokens = LEAST(:burst, r.tokens + :rate * ABS(EXTRACT(EPOCH FROM clock_timestamp() - r.refilled_at))) - 1,
        refilled_at = clock_timestamp()
    WHERE LEAST(:burst, r.tokens + :rate * ABS(EXTRACT(EPOCH FROM clock_timestamp() - r.refilled_at))) >= 1
    RETURNING 1
""")

_POLL_SECONDS = 0.1


class CallKind(Enum):
    """A kind of upstream call with its own bucket: name, burst, rate per second."""

    INTERACTIVE_GET = ("interactive_get", 4.0, 10.0)
    BACKGROUND_GET = ("background_get", 1.0, 5.0)


class AccountRates:
    """Takes tokens for upstream calls."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def try_take(self, channel_id: str, kind: CallKind) -> bool:
        """Takes one token; returns False at once when none is left."""
        name, burst, rate = kind.value
        values = {"channel_id": channel_id, "kind": name, "burst": burst, "rate": rate}
        async with self._sessions.begin() as session:
            return (await session.execute(_TAKE, values)).first() is not None

    async def take(self, channel_id: str, kind: CallKind, *, patience_seconds: float) -> bool:
        """Takes one token, waiting for it at most ``patience_seconds``; returns whether it got one."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_seconds
        while True:
            if await self.try_take(channel_id, kind):
                return True
            if loop.time() >= deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
