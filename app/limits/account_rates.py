"""What an upstream account allows per second, shared by all processes through rows.

The upstream allows 20 GETs, 20 DELETEs and 1 LIST a second per account. A bucket of burst b and rate r lets at most
b + r·t calls into any t seconds. A call reaches the upstream a little after its token was taken, and not always equally
late; so what has to fit into the upstream's second is b + 1.25·r, as if each second were a quarter longer:

================  =====  ====  ==========  =====================================================
kind              burst  rate  b + 1.25·r
================  =====  ====  ==========  =====================================================
INTERACTIVE_GET       4     8      14      a client waits: the larger share
BACKGROUND_GET        1     4       6      nobody waits: what is left, but never less than that
DELETE                5    12      20
LIST                  1   0.8       –      1.25 seconds between two calls, so never two in one
LIST_ASSETS           1     3       4.75   of the 10 that an Assets list allows; searches for lost creates take the rest
================  =====  ====  ==========  =====================================================

The two kinds of GET make 20 together. Clients go before background work in that their share is the larger one and is
never lent; background work is not starved by them, because neither is its own.

Source: upstream semantics, "Rate limits".
"""

import asyncio
from collections.abc import Callable
from enum import Enum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.turns import leave_turn

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

    INTERACTIVE_GET = ("interactive_get", 4.0, 8.0)
    BACKGROUND_GET = ("background_get", 1.0, 4.0)
    LIST = ("list", 1.0, 0.8)
    DELETE = ("delete", 5.0, 12.0)
    LIST_ASSETS = ("list_assets", 1.0, 3.0)


class AccountRates:
    """Takes tokens for upstream calls."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], *, kept_by: Callable[[str], str] = str) -> None:
        """Makes it.

        Args:
            sessions: of the database.
            kept_by: returns the channel whose rows hold the rates of a channel's account, of which several channels
                may make use; asks nobody. Unless given, each channel has an account of its own.
        """
        self._sessions = sessions
        self._kept_by = kept_by

    async def try_take(self, channel_id: str, kind: CallKind) -> bool:
        """Takes one token; returns False at once when none is left."""
        async with self._sessions.begin() as session:
            return await self.take_in(session, channel_id, kind)

    async def take_in(self, session: AsyncSession, channel_id: str, kind: CallKind) -> bool:
        """Takes one token in an open transaction, and gives it back if that is rolled back.

        It must be the last statement of a short transaction: the bucket is locked until its end.

        Returns:
            False when no token is left.
        """
        name, burst, rate = kind.value
        values = {"channel_id": self._kept_by(channel_id), "kind": name, "burst": burst, "rate": rate}
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
            leave_turn()
            await asyncio.sleep(_POLL_SECONDS)
