"""Work that no process does, and processes that do none, for ``doctor`` and the summary.

The statements read small tables and partial indexes of unfinished rows, as those of ``app.admin.backlog``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

STUCK_AFTER = timedelta(minutes=10)
"""Due work is done within seconds; after minutes it is stuck."""

_ABANDONED_AFTER = timedelta(minutes=1)
# A process renews its registration every two seconds, unless the database is away.
_SILENT_AFTER = timedelta(minutes=1)
_MAX_LEASES = 1000

# The lock of a dead process is free; taking it in shared mode for a moment disturbs no process. Registrations are timed
# by the clock of the database.
_PROCESSES = text("""
    SELECT count(*) AS alive,
           count(*) FILTER (WHERE renewed_at < now() - CAST(:silent_after AS interval)) AS silent,
           min(renewed_at) FILTER (WHERE renewed_at < now() - CAST(:silent_after AS interval)) AS silent_since
      FROM instances WHERE NOT pg_try_advisory_xact_lock_shared(lock_key)
""")
_ABANDONED = text("""
    SELECT count(*) AS number, min(began_at) AS since FROM (
        SELECT instance_id, sent_at AS began_at FROM tasks WHERE status = 'submitting' AND sent_at < :before
        UNION ALL
        SELECT instance_id, started_at FROM asset_create_intents WHERE cut_at IS NULL AND started_at < :before
    ) AS open_creates LEFT JOIN instances ON instances.id = open_creates.instance_id
    WHERE instances.id IS NULL OR pg_try_advisory_xact_lock_shared(instances.lock_key)
""")
_EXPIRED_LEASES = text("""
    SELECT 'the search of channel ' || split_part(name, ':', 2) AS work, expires_at FROM leases
     WHERE name LIKE 'list:%' AND expires_at < :before AND EXISTS (
        SELECT FROM tasks WHERE status = 'unknown' AND channel_id = split_part(name, ':', 2) AND next_poll_at < :before)
    UNION ALL
    SELECT 'the delivery ' || id, lease_until FROM deliveries
     WHERE next_attempt_at IS NOT NULL AND lease_token IS NOT NULL AND lease_until < :before
     LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class StuckWork:
    """Work of processes that are dead, and processes that are alive and silent.

    Attributes:
        alive: number of processes that hold their lock.
        silent: how many of them have not renewed their registration for a minute, such as a frozen one.
        silent_since: when the first of these last did.
        abandoned: number of creates of dead processes that no process has taken over.
        abandoned_since: when the first of these began.
        expired_leases: the work whose lease expired ten minutes ago or earlier, in words; a thousand at most.
        expired_since: when the first of these leases expired.
    """

    alive: int
    silent: int
    silent_since: datetime | None
    abandoned: int
    abandoned_since: datetime | None
    expired_leases: Sequence[str]
    expired_since: datetime | None


async def read_stuck_work(session: AsyncSession, *, now: datetime) -> StuckWork:
    """Returns what is stuck at the time ``now``."""
    processes = (await session.execute(_PROCESSES, {"silent_after": _SILENT_AFTER})).one()
    abandoned = (await session.execute(_ABANDONED, {"before": now - _ABANDONED_AFTER})).one()
    leases = (await session.execute(_EXPIRED_LEASES, {"before": now - STUCK_AFTER, "most": _MAX_LEASES})).all()
    return StuckWork(
        alive=processes.alive,
        silent=processes.silent,
        silent_since=processes.silent_since,
        abandoned=abandoned.number,
        abandoned_since=abandoned.since,
        expired_leases=[lease.work for lease in leases],
        expired_since=min((lease.expires_at for lease in leases), default=None),
    )
