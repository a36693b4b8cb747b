"""The part of ``doctor`` that looks for work which nobody gets on with."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.backlog import Backlog, QueueDepth, read_backlog
from app.cli.findings import Finding, broken, fine

# Whatever is due is done within seconds, so that minutes mean that nobody does it.
_STUCK_SECONDS = 600.0
_ABANDONED_AFTER = timedelta(minutes=1)
_WORKERS = "is a gateway or a worker running with SEEDGATE_BACKGROUND=on, and is the channel active?"

# The lock of a process that is gone can be had; to share it for a moment is in nobody's way.
_PROCESSES = text("SELECT count(*) FROM instances WHERE NOT pg_try_advisory_xact_lock_shared(lock_key)")
_ABANDONED = text("""
    SELECT count(*) FROM (
        SELECT instance_id FROM tasks WHERE status = 'submitting' AND sent_at < :before
        UNION ALL
        SELECT instance_id FROM asset_create_intents WHERE cut_at IS NULL AND started_at < :before
    ) AS carried LEFT JOIN instances ON instances.id = carried.instance_id
    WHERE instances.id IS NULL OR pg_try_advisory_xact_lock_shared(instances.lock_key)
""")
_FORSAKEN_LEASES = text("""
    SELECT 'the search of channel ' || split_part(name, ':', 2) FROM leases
     WHERE name LIKE 'list:%' AND expires_at < :before AND EXISTS (
        SELECT FROM tasks WHERE status = 'unknown' AND channel_id = split_part(name, ':', 2) AND next_look_at < :before)
    UNION ALL
    SELECT 'the delivery ' || id FROM deliveries
     WHERE next_attempt_at IS NOT NULL AND lease_token IS NOT NULL AND lease_until < :before
""")


async def stuck_work(session: AsyncSession, *, now: datetime, grace_seconds: float) -> list[Finding]:
    """Looks for stuck work in the session's transaction.

    Args:
        session: of a short transaction.
        now: the present moment.
        grace_seconds: how long a create of unknown outcome is looked for before it is called absent.
    """
    standing = await read_backlog(session, now=now)
    alive = await session.scalar(_PROCESSES) or 0
    abandoned = await session.scalar(_ABANDONED, {"before": now - _ABANDONED_AFTER}) or 0
    before = now - timedelta(seconds=_STUCK_SECONDS)
    forsaken = (await session.scalars(_FORSAKEN_LEASES, {"before": before})).all()
    return [
        fine("processes", f"{alive} alive"),
        *_outcomes(standing, grace_seconds),
        _abandoned(abandoned),
        *_looks(standing),
        _outbox(standing),
        _orphans(standing),
        _breakers(standing),
        _leases(list(forsaken)),
    ]


def _outcomes(standing: Backlog, grace_seconds: float) -> Iterator[Finding]:
    for kind, heap in standing.unknown.items():
        name = f"unknown outcomes ({kind}s)"
        if heap.oldest_seconds <= grace_seconds + _STUCK_SECONDS:
            yield fine(name, f"{_told(heap)}; they are being looked for" if heap.count else "none")
        elif kind == "task":
            mend = (
                "see GET /admin/v1/orphans and end each with POST /admin/v1/tasks/{id}/resolve; never create it again"
            )
            yield broken(name, f"{_told(heap)}: {mend}")
        else:
            yield broken(name, f"{_told(heap)}: compare with the upstream's console, and {_WORKERS}")


def _abandoned(count: int) -> Finding:
    name = "creates of dead processes"
    if not count:
        return fine(name, "none")
    return broken(name, f"{count} that no process has taken over: {_WORKERS}")


def _looks(standing: Backlog) -> Iterator[Finding]:
    for kind, heap in standing.polls.items():
        name = f"overdue looks ({kind}s)"
        if heap.oldest_seconds <= _STUCK_SECONDS:
            yield fine(name, f"{heap.count} are due" if heap.count else "none")
        else:
            yield broken(name, f"{_told(heap)}: {_WORKERS}")


def _outbox(standing: Backlog) -> Finding:
    if standing.due.oldest_seconds <= _STUCK_SECONDS:
        return fine("deliveries", f"{standing.outbox.count} to be made, {standing.due.count} of them now")
    return broken("deliveries", f"{_told(standing.due)}, are overdue: {_WORKERS}")


def _orphans(standing: Backlog) -> Finding:
    if not standing.orphans.count:
        return fine("orphans", "none")
    mend = "see GET /admin/v1/orphans, and resolve the task that each may belong to"
    return broken("orphans", f"{_told(standing.orphans)}, upstream tasks that nobody owns: {mend}")


def _breakers(standing: Backlog) -> Finding:
    if not standing.breakers:
        return fine("breakers", "none is open")
    names = ", ".join(standing.breakers)
    mend = "it closes when a GET or LIST of the channel succeeds; try `seedgate channels check`"
    return broken("breakers", f"no creates are given to {names}: {mend}")


def _leases(forsaken: list[str]) -> Finding:
    if not forsaken:
        return fine("leases", "none is left by a process that is gone")
    shown = ", ".join(forsaken[:3]) + (" …" if len(forsaken) > 3 else "")  # noqa: PLR2004 - a line has an end
    return broken("leases", f"{len(forsaken)} ran out and nobody went on ({shown}): {_WORKERS}")


def _told(heap: QueueDepth) -> str:
    return f"{heap.count}, the oldest for {timedelta(seconds=int(heap.oldest_seconds))}"
