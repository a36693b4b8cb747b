"""The unfinished work of all processes, read from the database for ``/metrics`` and ``doctor``.

One statement, which reads only small tables and partial indexes of unfinished rows: its cost does not depend on the
number of finished tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.creates.repository import CLAIMABLE_FOR
from app.tasks.models import TaskStatus

Kind = Literal["task", "asset"]
KINDS: tuple[Kind, ...] = ("task", "asset")
UNFINISHED = tuple(status.value for status in TaskStatus if not status.is_final)
ATTEMPT_STATES = ("open", "claimable")

# By then a create is over, and a retry can no longer claim it.
_ATTEMPTS_SINCE = timedelta(minutes=10)

# The conditions repeat those of the partial indexes, with constants; otherwise the planner cannot use the indexes.
# The polled tasks are read once for both of their counts; if any of them is due, the oldest one is.
_BACKLOG = text("""
    WITH polled AS MATERIALIZED (
        SELECT status, count(*) AS number, min(next_poll_at) AS oldest_at,
               count(*) FILTER (WHERE next_poll_at <= :now) AS due_number
          FROM tasks WHERE next_poll_at IS NOT NULL AND upstream_id IS NOT NULL AND status IN ('queued', 'running')
         GROUP BY status)
    SELECT 'tasks' AS what, status AS label, number, oldest_at FROM polled
    UNION ALL
    SELECT 'tasks', status, count(*), min(sent_at) FROM tasks WHERE status IN ('submitting', 'unknown') GROUP BY status
    UNION ALL
    SELECT 'polls', 'task', coalesce(sum(due_number), 0), min(oldest_at) FILTER (WHERE due_number > 0) FROM polled
    UNION ALL
    SELECT 'polls', 'asset', count(*), min(next_poll_at) FROM (
        SELECT next_poll_at FROM asset_groups WHERE next_poll_at <= :now
        UNION ALL SELECT next_poll_at FROM assets WHERE next_poll_at <= :now) AS due
    UNION ALL
    SELECT 'unknown', 'task', count(*), min(cut_at) FROM tasks WHERE status = 'unknown'
    UNION ALL
    SELECT 'unknown', 'asset', count(*), min(cut_at) FROM asset_create_intents WHERE cut_at IS NOT NULL
    UNION ALL
    SELECT 'outbox', 'all', count(*), min(next_attempt_at) FROM deliveries WHERE next_attempt_at IS NOT NULL
    UNION ALL
    SELECT 'outbox', 'due', count(*), min(next_attempt_at) FROM deliveries
     WHERE next_attempt_at IS NOT NULL AND next_attempt_at <= :now
    UNION ALL
    SELECT 'copies', 'waiting', count(*), min(next_attempt_at) FILTER (WHERE next_attempt_at <= :now)
      FROM archive_copies WHERE status IN ('pending', 'released')
    UNION ALL
    SELECT 'orphans', 'all', count(*), min(first_seen_at) FROM orphans
    UNION ALL
    SELECT 'breakers', c.name, count(*), min(h.opened_at) FROM channel_health AS h
      JOIN channels AS c ON c.id = h.channel_id WHERE h.opened_at IS NOT NULL AND c.deleted_at IS NULL GROUP BY c.name
    UNION ALL
    SELECT 'attempts', 'open', count(*), min(started_at) FROM create_attempts
     WHERE started_at > :attempts_since AND answered_at IS NULL AND abandoned_at IS NULL
    UNION ALL
    SELECT 'attempts', 'claimable', count(*), min(abandoned_at) FROM create_attempts
     WHERE started_at > :attempts_since AND answered_at IS NULL AND abandoned_at > :claimable_since
""")


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The number of waiting items, and how long the oldest one has waited (0 when there is none)."""

    count: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """Unfinished work.

    Attributes:
        tasks: number of unfinished tasks by status (``UNFINISHED``).
        polls: by kind, the overdue polls.
        unknown: by kind, creates of unknown outcome; their age counts from the end of the upstream call.
        outbox: undelivered messages to tenants.
        due: undelivered messages whose next attempt is due.
        copies: files that wait to be copied into the archive, and copies that wait to be deleted; their age is that of
            the one that is overdue for the longest time.
        orphans: upstream tasks without an owner.
        breakers: names of the channels whose circuit breaker is open.
        attempts: by state, creates whose client waits for an answer, and creates that a retry may claim.
    """

    tasks: Mapping[str, int]
    polls: Mapping[Kind, QueueDepth]
    unknown: Mapping[Kind, QueueDepth]
    outbox: QueueDepth
    due: QueueDepth
    copies: QueueDepth
    orphans: QueueDepth
    breakers: tuple[str, ...]
    attempts: Mapping[str, int]


async def read_backlog(session: AsyncSession, *, now: datetime) -> Backlog:
    """Returns the unfinished work at the time ``now``."""
    values = {"now": now, "attempts_since": now - _ATTEMPTS_SINCE, "claimable_since": now - CLAIMABLE_FOR}
    found: dict[tuple[str, str], QueueDepth] = {}
    for row in await session.execute(_BACKLOG, values):
        seconds = (now - row.oldest_at).total_seconds() if row.oldest_at is not None else 0.0
        found[row.what, row.label] = QueueDepth(int(row.number), max(seconds, 0.0))

    def depth(what: str, label: str) -> QueueDepth:
        return found.get((what, label), QueueDepth())

    return Backlog(
        tasks={status: depth("tasks", status).count for status in UNFINISHED},
        polls={kind: depth("polls", kind) for kind in KINDS},
        unknown={kind: depth("unknown", kind) for kind in KINDS},
        outbox=depth("outbox", "all"),
        due=depth("outbox", "due"),
        copies=depth("copies", "waiting"),
        orphans=depth("orphans", "all"),
        breakers=tuple(sorted(label for what, label in found if what == "breakers")),
        attempts={state: depth("attempts", state).count for state in ATTEMPT_STATES},
    )
