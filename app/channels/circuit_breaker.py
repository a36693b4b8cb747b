"""The circuit breaker of a channel: after five consecutive creates of unknown outcome, the channel gets no creates.

It also opens when the URL of the data plane leads to something other than the upstream's API.

Each unknown outcome costs a search and, at worst, a paid task without an owner. While the breaker is open, creates go
to other channels or are refused unsent; a GET or LIST that succeeds on the channel closes it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.models import ChannelHealthRow

BreakerReason = Literal["unknown_outcomes", "not_the_upstream"]
"""Why a breaker is open: too many creates of unknown outcome, or a URL that leads to something else."""

FAILURE_THRESHOLD = 5
"""The number of unknown outcomes in a row that opens a breaker."""

# The row is the counter that all processes share. Each statement is the last of its transaction, so that the row is
# locked only for a moment.
_COUNT_UNKNOWN = text("""
    INSERT INTO channel_health AS h (channel_id, unknowns, opened_at, updated_at) VALUES (:channel_id, 1, NULL, :now)
    ON CONFLICT (channel_id) DO UPDATE
    SET unknowns = h.unknowns + 1,
        opened_at = COALESCE(h.opened_at, CASE WHEN h.unknowns + 1 >= :threshold THEN :now END),
        updated_at = :now
    RETURNING unknowns = :threshold
""")
_OPEN = text("""
    INSERT INTO channel_health AS h (channel_id, unknowns, opened_at, updated_at) VALUES (:channel_id, 0, :now, :now)
    ON CONFLICT (channel_id) DO UPDATE SET opened_at = :now, updated_at = :now WHERE h.opened_at IS NULL
    RETURNING 1
""")
_RESET_COUNT = text("""
    UPDATE channel_health SET unknowns = 0, updated_at = :now
    WHERE channel_id = :channel_id AND unknowns > 0 AND opened_at IS NULL
""")
_CLOSE = text("""
    UPDATE channel_health SET unknowns = 0, opened_at = NULL, updated_at = :now
    WHERE channel_id = :channel_id AND (unknowns > 0 OR opened_at IS NOT NULL)
""")
_SELECT_OPEN = text("SELECT channel_id FROM channel_health WHERE opened_at IS NOT NULL")


def reason_of(unknowns: int) -> BreakerReason:
    """Returns why a breaker is open, by the number of unknown outcomes in a row."""
    return "unknown_outcomes" if unknowns >= FAILURE_THRESHOLD else "not_the_upstream"


async def record_unknown(session: AsyncSession, channel_id: str, *, now: datetime) -> bool:
    """Counts a create of unknown outcome, as the last statement of the transaction that records the outcome.

    Returns:
        Whether this one opened the breaker; the caller counts and logs that after the commit.
    """
    values = {"channel_id": channel_id, "threshold": FAILURE_THRESHOLD, "now": now}
    return bool(await session.scalar(_COUNT_UNKNOWN, values))


async def open_breaker(session: AsyncSession, channel_id: str, *, now: datetime) -> bool:
    """Opens the breaker of a channel whose URL leads to something else, before a create is lost there.

    Returns:
        Whether it was closed.
    """
    return await session.scalar(_OPEN, {"channel_id": channel_id, "now": now}) is not None


async def record_clear_create(session: AsyncSession, channel_id: str, *, now: datetime) -> None:
    """Resets the count after a clearly answered create; an open breaker stays open."""
    await session.execute(_RESET_COUNT, {"channel_id": channel_id, "now": now})


async def record_success(session: AsyncSession, channel_id: str, *, now: datetime) -> None:
    """Closes the breaker after a successful GET or LIST, as the last statement of the transaction that applies it.

    The row is written only if the breaker was open or had counted unknown outcomes.
    """
    await session.execute(_CLOSE, {"channel_id": channel_id, "now": now})


async def load_open_breakers(session: AsyncSession) -> frozenset[str]:
    """Returns the ids of the channels whose breaker is open."""
    return frozenset((await session.scalars(_SELECT_OPEN)).all())


async def load_breakers(session: AsyncSession, channel_ids: Sequence[str]) -> dict[str, ChannelHealthRow]:
    """Returns the rows of breakers by channel; one without a row is closed."""
    query = select(ChannelHealthRow).where(ChannelHealthRow.channel_id.in_(channel_ids))
    return {row.channel_id: row for row in await session.scalars(query)}
