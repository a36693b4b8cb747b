"""The checks of ``doctor`` for work that makes no progress."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.backlog import Backlog, QueueDepth, read_backlog
from app.admin.stuck_work import STUCK_AFTER, StuckWork, read_stuck_work
from app.cli.checks import CheckResult, failed, passed

_STUCK_SECONDS = STUCK_AFTER.total_seconds()
_WORKERS = "is a gateway or a worker running with SEEDGATE_BACKGROUND=on, and is the channel active?"


async def check_backlog(session: AsyncSession, *, now: datetime, grace_seconds: float) -> list[CheckResult]:
    """Returns a result for each kind of work; ``grace_seconds`` is how long a lost create is searched for."""
    backlog = await read_backlog(session, now=now)
    stuck = await read_stuck_work(session, now=now)
    return [
        _processes(stuck),
        *_outcomes(backlog, grace_seconds),
        _abandoned(stuck.abandoned),
        *_polls(backlog),
        _outbox(backlog),
        _copies(backlog),
        _orphans(backlog),
        _breakers(backlog),
        _leases(stuck.expired_leases),
    ]


def _processes(stuck: StuckWork) -> CheckResult:
    if not stuck.silent:
        return passed("processes", f"{stuck.alive} alive")
    return failed("processes", f"{stuck.silent} of {stuck.alive} are frozen or cannot write: restart them")


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


def _copies(backlog: Backlog) -> CheckResult:
    if backlog.copies.oldest_seconds <= _STUCK_SECONDS:
        return passed(
            "copies", f"{backlog.copies.count} copies to be made or deleted" if backlog.copies.count else "none"
        )
    fix = f"is SEEDGATE_ARCHIVE_URL set, and {_WORKERS}"
    return failed("copies", f"{_describe(backlog.copies)}, are overdue: {fix}")


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


def _leases(expired: Sequence[str]) -> CheckResult:
    if not expired:
        return passed("leases", "none is left by a process that is gone")
    shown = ", ".join(expired[:3]) + (" …" if len(expired) > 3 else "")  # noqa: PLR2004 - to fit in a line
    return failed("leases", f"{len(expired)} expired, and no process has taken over ({shown}): {_WORKERS}")


def _describe(depth: QueueDepth) -> str:
    return f"{depth.count}, the oldest for {timedelta(seconds=int(depth.oldest_seconds))}"
