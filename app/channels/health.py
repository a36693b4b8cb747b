"""The breaker of a channel: after five creates in a row of unknown outcome it is given no more for a while.

It opens, too, when the URL of the data plane leads to something else than the upstream's API.

Each unknown outcome costs a search and, at worst, a paid task that nobody gets. While the breaker is open, creates go
elsewhere or are refused unsent; a GET or LIST that succeeds on the channel closes it.
"""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

OPENS_AT = 5
"""So many unknown outcomes in a row open a channel's breaker."""

# The row is the count that all processes share; the last statement of a transaction, so that it is locked for a moment.
_COUNT_UNKNOWN = text("""
    INSERT INTO channel_health AS h (channel_id, unknowns, opened_at, updated_at) VALUES (:channel_id, 1, NULL, :now)
    ON CONFLICT (channel_id) DO UPDATE
    SET unknowns = h.unknowns + 1,
        opened_at = COALESCE(h.opened_at, CASE WHEN h.unknowns + 1 >= :opens_at THEN :now END),
        updated_at = :now
    RETURNING unknowns = :opens_at
""")
_OPEN = text("""
    INSERT INTO channel_health AS h (channel_id, unknowns, opened_at, updated_at) VALUES (:channel_id, 0, :now, :now)
    ON CONFLICT (channel_id) DO UPDATE SET opened_at = :now, updated_at = :now WHERE h.opened_at IS NULL
    RETURNING 1
""")
_FORGET_UNKNOWNS = text("""
    UPDATE channel_health SET unknowns = 0, updated_at = :now
    WHERE channel_id = :channel_id AND unknowns > 0 AND opened_at IS NULL
""")
_CLOSE = text("""
    UPDATE channel_health SET unknowns = 0, opened_at = NULL, updated_at = :now
    WHERE channel_id = :channel_id AND (unknowns > 0 OR opened_at IS NOT NULL)
""")
_OPEN_ONES = text("SELECT channel_id FROM channel_health WHERE opened_at IS NOT NULL")


async def note_unknown(session: AsyncSession, channel_id: str, *, now: datetime) -> bool:
    """Counts a create of unknown outcome in the transaction that writes it, as its last statement.

    Returns:
        Whether this one opened the breaker; the caller counts and tells it after the commit.
    """
    values = {"channel_id": channel_id, "opens_at": OPENS_AT, "now": now}
    return bool(await session.scalar(_COUNT_UNKNOWN, values))


async def open_breaker(session: AsyncSession, channel_id: str, *, now: datetime) -> bool:
    """Opens the breaker of a channel whose URL leads to something else, before any create is lost there.

    Returns:
        Whether it was closed.
    """
    return await session.scalar(_OPEN, {"channel_id": channel_id, "now": now}) is not None


async def note_clear_create(session: AsyncSession, channel_id: str, *, now: datetime) -> None:
    """Begins the count anew after a create that was clearly answered; an open breaker stays open."""
    await session.execute(_FORGET_UNKNOWNS, {"channel_id": channel_id, "now": now})


async def note_read(session: AsyncSession, channel_id: str, *, now: datetime) -> None:
    """Closes the breaker after a GET or LIST that succeeded on the channel.

    Called as the last statement of the transaction that applies the answer; touches the row only if there is something
    to change.
    """
    await session.execute(_CLOSE, {"channel_id": channel_id, "now": now})


async def load_open_breakers(session: AsyncSession) -> frozenset[str]:
    """Returns the ids of the channels whose breaker is open."""
    return frozenset((await session.scalars(_OPEN_ONES)).all())
