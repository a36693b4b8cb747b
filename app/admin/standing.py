"""How the work of all processes stands, as the database tells it: for ``/metrics`` and ``doctor``.

One statement, which touches only small tables and the partial indexes of what is unfinished: however many tasks there
have been, it reads those that are under way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.creates.retry_dedup import CLAIMABLE_FOR
from app.tasks.models import TaskStatus

Kind = Literal["task", "asset"]
KINDS: tuple[Kind, ...] = ("task", "asset")
UNFINISHED = tuple(status.value for status in TaskStatus if not status.is_final)
ATTEMPT_STATES = ("open", "ticket")

# A create is surely over by then, and so is what its client may take over.
_ATTEMPTS_SINCE = timedelta(minutes=10)

# The conditions are worded as the partial indexes are, with constants, or the planner could not use them.
_STANDING = text("""
    SELECT 'tasks' AS what, status AS label, count(*) AS number, min(next_look_at) AS oldest_at
      FROM tasks WHERE next_look_at IS NOT NULL AND upstream_id IS NOT NULL AND status IN ('queued', 'running')
     GROUP BY status
    UNION ALL
    SELECT 'tasks', status, count(*), min(sent_at) FROM tasks WHERE status IN ('submitting', 'unknown') GROUP BY status
    UNION ALL
    SELECT 'looks', 'task', count(*), min(next_look_at) FROM tasks
     WHERE next_look_at <= :now AND upstream_id IS NOT NULL AND status IN ('queued', 'running')
    UNION ALL
    SELECT 'looks', 'asset', count(*), min(next_look_at) FROM (
        SELECT next_look_at FROM asset_groups WHERE next_look_at <= :now
        UNION ALL SELECT next_look_at FROM assets WHERE next_look_at <= :now) AS due
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
    SELECT 'orphans', 'all', count(*), min(first_seen_at) FROM orphans
    UNION ALL
    SELECT 'breakers', c.name, count(*), min(h.opened_at) FROM channel_health AS h
      JOIN channels AS c ON c.id = h.channel_id WHERE h.opened_at IS NOT NULL AND c.deleted_at IS NULL GROUP BY c.name
    UNION ALL
    SELECT 'attempts', 'open', count(*), min(started_at) FROM create_attempts
     WHERE started_at > :attempts_since AND answered_at IS NULL AND lost_at IS NULL
    UNION ALL
    SELECT 'attempts', 'ticket', count(*), min(lost_at) FROM create_attempts
     WHERE started_at > :attempts_since AND answered_at IS NULL AND lost_at > :tickets_since
""")


@dataclass(frozen=True, slots=True)
class Heap:
    """Some work: how much of it there is, and since when its oldest piece has waited (0 when there is none)."""

    count: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is unfinished.

    Attributes:
        tasks: unfinished tasks by status; the words are ``UNFINISHED``.
        looks: by kind, what was due for a look and has not been looked at.
        unknown: by kind, creates of unknown outcome; the age counts from when they were cut off.
        outbox: messages to tenants that are not delivered.
        due: those among them whose next try is due.
        orphans: upstream tasks that nobody owns.
        breakers: names of the channels that are given no creates.
        attempts: by state, creates whose client waits for an answer, and those that its next try may take over.
    """

    tasks: Mapping[str, int]
    looks: Mapping[Kind, Heap]
    unknown: Mapping[Kind, Heap]
    outbox: Heap
    due: Heap
    orphans: Heap
    breakers: tuple[str, ...]
    attempts: Mapping[str, int]


async def read_standing(session: AsyncSession, *, now: datetime) -> Standing:
    """Reads how the work stands at the moment ``now``, in the session's transaction."""
    values = {"now": now, "attempts_since": now - _ATTEMPTS_SINCE, "tickets_since": now - CLAIMABLE_FOR}
    found: dict[tuple[str, str], Heap] = {}
    for row in await session.execute(_STANDING, values):
        seconds = (now - row.oldest_at).total_seconds() if row.oldest_at is not None else 0.0
        found[row.what, row.label] = Heap(row.number, max(seconds, 0.0))

    def heap(what: str, label: str) -> Heap:
        return found.get((what, label), Heap())

    return Standing(
        tasks={status: heap("tasks", status).count for status in UNFINISHED},
        looks={kind: heap("looks", kind) for kind in KINDS},
        unknown={kind: heap("unknown", kind) for kind in KINDS},
        outbox=heap("outbox", "all"),
        due=heap("outbox", "due"),
        orphans=heap("orphans", "all"),
        breakers=tuple(sorted(label for what, label in found if what == "breakers")),
        attempts={state: heap("attempts", state).count for state in ATTEMPT_STATES},
    )
