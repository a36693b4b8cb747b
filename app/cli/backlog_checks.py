"""The checks of ``doctor`` for work that makes no progress."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.backlog import Backlog, QueueDepth, read_backlog
from app.cli.checks import CheckResult, failed, passed

# Due work is done within seconds; after minutes it is stuck.
_STUCK_SECONDS = 600.0
_ABANDONED_AFTER = timedelta(minutes=1)
_WORKERS = "is a gateway or a worker running with SEEDGATE_BACKGROUND=on, and is the channel active?"

# The lock of a dead process is free; taking it in shared mode for a moment disturbs no process.
_PROCESSES = text("SELECT count(*) FROM instances WHERE NOT pg_try_advisory_xact_lock_shared(lock_key)")
_ABANDONED = text("""
    SELECT count(*) FROM (
        SELECT instance_id FROM tasks WHERE status = 'submitting' AND sent_at < :before
        UNION ALL
        SELECT instance_id FROM asset_create_intents WHERE cut_at IS NULL AND started_at < :before
    ) AS open_creates LEFT JOIN instances ON instances.id = open_creates.instance_id
    WHERE instances.id IS NULL OR pg_try_advisory_xact_lock_shared(instances.lock_key)
""")
_EXPIRED_LEASES = text("""
    SELECT 'the search of channel ' || split_part(name, ':', 2) FROM leases
     WHERE name LIKE 'list:%' AND expires_at < :before AND EXISTS (
        SELECT FROM tasks WHERE status = 'unknown' AND channel_id = split_part(name, ':', 2) AND next_poll_at < :before)
    UNION ALL
    SELECT 'the delivery ' || id FROM deliveries
     WHERE next_attempt_at IS NOT NULL AND lease_token IS NOT NULL AND lease_until < :before
""")


async def check_backlog(session: AsyncSession, *, now: datetime, grace_seconds: float) -> list[CheckResult]:
    """Returns a result for each kind of work; ``grace_seconds`` is how long a lost create is searched for."""
    backlog = await read_backlog(session, now=now)
    alive = await session.scalar(_PROCESSES) or 0
    abandoned = await session.scalar(_ABANDONED, {"before": now - _ABANDONED_AFTER}) or 0
    before = now - timedelta(seconds=_STUCK_SECONDS)
    expired = (await session.scalars(_EXPIRED_LEASES, {"before": before})).all()
    return [
        passed("processes", f"{alive} alive"),
        *_outcomes(backlog, grace_seconds),
        _abandoned(abandoned),
        *_polls(backlog),
        _outbox(backlog),
        _orphans(backlog),
        _breakers(backlog),
        _leases(list(expired)),
    ]


def _outcomes(backlog: Backlog, grace_seconds: float) -> Iterator[CheckResult]:
    for kind, depth in backlog.unknown.items():
        name = f"unknown outcomes ({kind}s)"
        if depth.oldest_seconds <= grace_seconds + _STUCK_SECONDS:
            yield passed(name, f"{_describe(depth)}; they are being searched for" if depth.count else "none")
        elif kind == "task":
            fix = "see `seedgate tasks orphans` and end each with `seedgate tasks resolve`; never create it again"
            yield failed(name, f"{_describe(depth)}: {fix}")
        else:
            yield failed(name, f"{_describe(depth)}: compare with the upstream's console, and {_WORKERS}")


def _abandoned(count: int) -> CheckResult:
    name = "creates of dead processes"
    if not count:
        return passed(name, "none")
    return failed(name, f"{count} that no process has taken over: {_WORKERS}")


def _polls(backlog: Backlog) -> Iterator[CheckResult]:
    for kind, depth in backlog.polls.items():
        name = f"overdue polls ({kind}s)"
        if depth.oldest_seconds <= _STUCK_SECONDS:
            yield passed(name, f"{depth.count} are due" if depth.count else "none")
        else:
            yield failed(name, f"{_describe(depth)}: {_WORKERS}")


def _outbox(backlog: Backlog) -> CheckResult:
    if backlog.due.oldest_seconds <= _STUCK_SECONDS:
        return passed("deliveries", f"{backlog.outbox.count} to be made, {backlog.due.count} of them now")
    return failed("deliveries", f"{_describe(backlog.due)}, are overdue: {_WORKERS}")


def _orphans(backlog: Backlog) -> CheckResult:
    if not backlog.orphans.count:
        return passed("orphans", "none")
    fix = "see `seedgate tasks orphans`, and resolve the task that each may belong to with `seedgate tasks resolve`"
    return failed("orphans", f"{_describe(backlog.orphans)}, upstream tasks without an owner: {fix}")


def _breakers(backlog: Backlog) -> CheckResult:
    if not backlog.breakers:
        return passed("breakers", "none is open")
    names = ", ".join(backlog.breakers)
    fix = "it closes when a GET or LIST of the channel succeeds; try `seedgate channels check`"
    return failed("breakers", f"no creates are given to {names}: {fix}")


def _leases(expired: list[str]) -> CheckResult:
    if not expired:
        return passed("leases", "none is left by a process that is gone")
    shown = ", ".join(expired[:3]) + (" …" if len(expired) > 3 else "")  # noqa: PLR2004 - to fit in a line
    return failed("leases", f"{len(expired)} expired, and no process has taken over ({shown}): {_WORKERS}")


def _describe(depth: QueueDepth) -> str:
    return f"{depth.count}, the oldest for {timedelta(seconds=int(depth.oldest_seconds))}"
