"""Token buckets for the calls that an upstream account allows per second, shared by all processes as database rows.

The upstream allows 20 GETs, 20 DELETEs and 1 LIST a second per account. A bucket of burst b and rate r grants at most
b + r·t calls in any t seconds. A call reaches the upstream some time after its token was granted, and the delay varies;
the buckets are therefore sized so that b + 1.25·r fits into the upstream's limit for one second:

================  =====  ====  ==========  ====================================================
class             burst  rate  b + 1.25·r
================  =====  ====  ==========  ====================================================
INTERACTIVE_GET       3     5       9.25   a client is waiting: the largest share
POLL_GET              4   0.5       4.63   a client polls a task alone; more polls share a LIST
BACKGROUND_GET        1     4       6      background polling: a guaranteed remainder
DELETE                5    12      20
LIST                  1   0.8       –      1.25 seconds between two calls, never two in one
LIST_ASSETS           1     3       4.75   of the 10 for lists of assets; searches for lost creates take the rest
================  =====  ====  ==========  ====================================================

The three classes of GET stay within 20. Clients cannot starve the background polls, which have a bucket of their own.
These take from the clients' bucket only while it is full, so that a client that comes next finds all but one of its
calls.

Source: upstream semantics, "Rate limits".
"""

import asyncio
from collections.abc import Callable, Collection
from enum import Enum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.turns import leave_turn

# One statement takes a token or changes nothing. The time is the database's, which all processes share. ABS: a clock
# that was set back refills the bucket instead of draining it until the old time is reached again.
_ACQUIRE = text("""
    INSERT INTO account_rates AS r (channel_id, kind, tokens, refilled_at)
    VALUES (:channel_id, :kind, :burst - 1, clock_timestamp())
    ON CONFLICT (channel_id, kind) DO UPDATE
    SET tokens = LEAST(:burst, r.tokens + :rate * ABS(EXTRACT(EPOCH FROM clock_timestamp() - r.refilled_at))) - 1,
        refilled_at = clock_timestamp()
    WHERE LEAST(:burst, r.tokens + :rate * ABS(EXTRACT(EPOCH FROM clock_timestamp() - r.refilled_at))) >= :needed
    RETURNING 1
""")

_LEVELS = text("""
    SELECT channel_id, kind, tokens, ABS(EXTRACT(EPOCH FROM clock_timestamp() - refilled_at)) AS seconds
      FROM account_rates WHERE channel_id = ANY(CAST(:owners AS text[]))
""")

_RETRY_INTERVAL_SECONDS = 0.1


class RateClass(Enum):
    """A class of upstream calls with a bucket of its own: name, burst, rate per second."""

    INTERACTIVE_GET = ("interactive_get", 3.0, 5.0)
    POLL_GET = ("poll_get", 4.0, 0.5)
    BACKGROUND_GET = ("background_get", 1.0, 4.0)
    LIST = ("list", 1.0, 0.8)
    DELETE = ("delete", 5.0, 12.0)
    LIST_ASSETS = ("list_assets", 1.0, 3.0)


class RateLimiter:
    """Grants tokens for upstream calls.

    Args:
        sessions: makes sessions of the database.
        owner_of: returns the channel whose rows hold the buckets of a channel's account, which several channels may
            share. By default each channel has an account of its own.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession], *, owner_of: Callable[[str], str] = str) -> None:
        self._sessions = sessions
        self._owner_of = owner_of

    async def acquire(
        self,
        channel_id: str,
        rate_class: RateClass,
        *,
        timeout_seconds: float = 0.0,
        unused_of: RateClass | None = None,
    ) -> bool:
        """Takes one token, waiting up to ``timeout_seconds`` for it; returns whether one was granted.

        With ``unused_of``, a token of that class serves as well while its bucket is full.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        while True:
            async with self._sessions.begin() as session:
                if await self.acquire_in(session, channel_id, rate_class):
                    return True
            if unused_of is not None:
                async with self._sessions.begin() as session:
                    if await self._take(session, channel_id, unused_of, needed=unused_of.value[1]):
                        return True
            if loop.time() >= deadline:
                return False
            leave_turn()
            await asyncio.sleep(_RETRY_INTERVAL_SECONDS)

    async def acquire_in(self, session: AsyncSession, channel_id: str, rate_class: RateClass) -> bool:
        """Takes one token in an open transaction; a rollback returns it.

        Make it the last statement of a short transaction: the bucket's row is locked until the commit.

        Returns:
            False when no token is left.
        """
        return await self._take(session, channel_id, rate_class, needed=1.0)

    async def _take(self, session: AsyncSession, channel_id: str, rate_class: RateClass, *, needed: float) -> bool:
        """Takes one token if the bucket has at least ``needed``."""
        name, burst, rate = rate_class.value
        owner = self._owner_of(channel_id)
        values = {"channel_id": owner, "kind": name, "burst": burst, "rate": rate, "needed": needed}
        return (await session.execute(_ACQUIRE, values)).first() is not None


async def load_shares_used(session: AsyncSession, owners: Collection[str]) -> dict[str, dict[str, float]]:
    """Returns which share of each bucket is used at this moment, from 0 to 1, by account and class.

    Args:
        session: of the database.
        owners: the channels whose rows hold the buckets, see ``RateLimiter``.
    """
    kinds = {rate_class.value[0]: rate_class.value[1:] for rate_class in RateClass}
    shares = {owner: dict.fromkeys(kinds, 0.0) for owner in owners}
    for row in await session.execute(_LEVELS, {"owners": list(owners)}):
        if row.kind in kinds:
            burst, rate = kinds[row.kind]
            left = min(burst, row.tokens + rate * float(row.seconds))
            shares[row.channel_id][row.kind] = round(min(1.0, 1.0 - left / burst), 3)
    return shares
