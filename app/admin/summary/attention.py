"""What needs a human, and the act that ends each: what ``doctor`` finds of the work, as data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.backlog import Backlog, QueueDepth
from app.admin.stuck_work import STUCK_AFTER, StuckWork
from app.channels.circuit_breaker import reason_of
from app.money.budgets.repository import BudgetState

Severity = Literal["act", "watch"]
"""``act``: it does not end by itself. ``watch``: the gateway is still at it."""

_MAX_SUBJECTS = 50
_MAX_COUNTED = 10_000
# A message that was given up longer ago is of no use to its receiver.
_FAILING_SINCE = timedelta(days=7)

# Reads entries of ix_deliveries_status_created_at_id, and no row. The first attempt of a message may be under way; a
# second one was made because the first had failed.
_FAILING_ENDPOINTS = text("""
    WITH failing AS (
        (SELECT tenant_id, origin, created_at FROM deliveries
          WHERE status <> 'delivered' AND status = 'failed' AND created_at > :since
          ORDER BY created_at DESC, id DESC LIMIT :counted)
        UNION ALL
        (SELECT tenant_id, origin, created_at FROM deliveries
          WHERE status <> 'delivered' AND status = 'pending' AND created_at > :since AND attempts > 1
          ORDER BY created_at DESC, id DESC LIMIT :counted)
    ), grouped AS (
        SELECT tenant_id, origin, count(*) AS number, min(created_at) AS since FROM failing
         GROUP BY tenant_id, origin ORDER BY count(*) DESC, tenant_id, origin LIMIT :most
    )
    SELECT grouped.*, tenants.name FROM grouped LEFT JOIN tenants ON tenants.id = grouped.tenant_id
     ORDER BY number DESC, tenant_id, origin
""")
_CHANNELS = text("""
    SELECT c.id, c.name, c.status, c.status_reason, c.updated_at, h.opened_at, h.unknowns,
           f.number AS faults, f.since AS faulty_since, f.code
      FROM channels AS c
      LEFT JOIN channel_health AS h ON h.channel_id = c.id
      LEFT JOIN LATERAL (
          SELECT sum(times) AS number, min(first_at) AS since, (array_agg(code ORDER BY last_at DESC))[1] AS code
            FROM channel_faults WHERE channel_id = c.id
      ) AS f ON true
     WHERE c.deleted_at IS NULL
       AND (h.opened_at IS NOT NULL OR f.number IS NOT NULL OR c.status = 'suspended' AND c.status_reason IS NOT NULL)
     ORDER BY c.name, c.id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Act:
    """What ends a finding: a route below ``/admin/v1`` with its body, and the command that does the same."""

    command: str
    method: str | None = None
    path: str | None = None
    body: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that a finding is about; ``id`` of an endpoint is its origin."""

    type: str
    id: str
    name: str | None = None
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that needs a human.

    Attributes:
        kind: a stable word.
        severity: whether it ends by itself.
        count: how many there are.
        since: since when the oldest of them is so.
        act: what ends it.
        subject: the object, if there is only one.
        reason: a code or a sentence that says more.
        see: the route below ``/admin/v1`` that lists them.
    """

    kind: str
    severity: Severity
    count: int
    since: datetime | None
    act: Act
    subject: Subject | None = None
    reason: str | None = None
    see: str | None = None


_RUN_WORKER = Act("seedgate worker")


async def read_channel_findings(session: AsyncSession, *, now: datetime) -> list[Finding]:
    """Returns open breakers, accounts that refuse calls, and channels that the gateway has suspended."""
    rows = await session.execute(_CHANNELS, {"most": _MAX_SUBJECTS})
    return [finding for row in rows for finding in _of_channel(row, now)]


async def read_failing_endpoints(session: AsyncSession, *, now: datetime) -> list[Finding]:
    """Returns the endpoints with the most messages of the last seven days that were given up, or tried in vain."""
    values = {"since": now - _FAILING_SINCE, "counted": _MAX_COUNTED, "most": _MAX_SUBJECTS}
    return [
        Finding(
            kind="failing_endpoint",
            severity="act",
            count=row.number,
            since=row.since,
            subject=Subject("endpoint", row.origin, row.name, row.tenant_id),
            see="/deliveries",
            act=Act(
                f"seedgate deliveries resend --tenant {row.tenant_id} --endpoint {quote(row.origin)}",
                "POST",
                "/deliveries/resend",
                {"endpoint": row.origin, "tenant": row.tenant_id},
            ),
        )
        for row in await session.execute(_FAILING_ENDPOINTS, values)
    ]


def findings_of(backlog: Backlog, stuck: StuckWork, *, now: datetime, grace: timedelta) -> Iterator[Finding]:
    """Yields what needs a human of the unfinished work; ``grace`` is how long a lost create is searched for."""
    yield from _unknown(backlog, now, grace)
    if backlog.orphans.count:
        act = Act("seedgate tasks orphans", "POST", "/tasks/{task_id}/resolve")
        since = _since(backlog.orphans, now)
        yield Finding("orphan", "act", backlog.orphans.count, since, act, see="/orphans")
    if stuck.abandoned:
        yield Finding(
            "abandoned_create",
            "act",
            stuck.abandoned,
            stuck.abandoned_since,
            _RUN_WORKER,
            see="/tasks?status=submitting",
        )
    overdue = {
        "overdue_task_poll": backlog.polls["task"],
        "overdue_asset_poll": backlog.polls["asset"],
        "overdue_delivery": backlog.due,
    }
    for kind, depth in overdue.items():
        if depth.oldest_seconds > STUCK_AFTER.total_seconds():
            yield Finding(kind, "act", depth.count, _since(depth, now), _RUN_WORKER)
    if stuck.expired_leases:
        yield Finding("expired_lease", "act", len(stuck.expired_leases), stuck.expired_since, _RUN_WORKER)
    if stuck.silent:
        act = Act("systemctl restart seedgate")
        yield Finding("stale_process", "act", stuck.silent, stuck.silent_since, act)


def exhausted_finding(state: BudgetState) -> Finding:
    """Returns the finding that nothing is left of a budget."""
    row = state.row
    act = Act(f"seedgate budgets update {row.id}", "PATCH", f"/budgets/{row.id}")
    subject = Subject("budget", row.id, tenant_id=row.tenant_id)
    since = None if row.period == "total" else state.period.starts_at
    return Finding("exhausted_budget", "act", 1, since, act, subject, see=f"/budgets?tenant={row.tenant_id}")


def unpriced_finding(count: int, since: datetime) -> Finding:
    """Returns the finding that tasks created since a moment have no price."""
    act = Act("seedgate prices replace FILE", "PUT", "/prices")
    return Finding("unpriced_task", "act", count, since, act, see="/prices")


def sort_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Returns findings in the order in which they should be read: what does not end by itself first, then by age."""
    return sorted(findings, key=lambda each: (each.severity != "act", each.since is None, each.since, each.kind))


def _unknown(backlog: Backlog, now: datetime, grace: timedelta) -> Iterator[Finding]:
    acts = {
        "task": (
            "unknown_outcome",
            "/tasks?status=unknown",
            Act("seedgate tasks resolve ID", "POST", "/tasks/{task_id}/resolve"),
        ),
        "asset": ("unknown_asset_create", None, Act("seedgate doctor")),
    }
    for kind, depth in backlog.unknown.items():
        if depth.count:
            name, see, act = acts[kind]
            is_over = depth.oldest_seconds > (grace + STUCK_AFTER).total_seconds()
            severity: Severity = "act" if is_over else "watch"
            yield Finding(name, severity, depth.count, _since(depth, now), act, see=see)


def _of_channel(row: Any, now: datetime) -> Iterator[Finding]:
    subject, see = Subject("channel", row.id, row.name), f"/channels/{row.id}"
    check = Act(f"seedgate channels check {row.id}", "POST", f"{see}/check")
    if row.opened_at is not None:
        # The gateway itself tries a channel whose breaker is open, and closes it with the first answer.
        severity: Severity = "act" if now - row.opened_at > STUCK_AFTER else "watch"
        yield Finding("open_breaker", severity, 1, row.opened_at, check, subject, reason_of(row.unknowns), see)
    if row.faults is not None:
        yield Finding("channel_fault", "act", int(row.faults), row.faulty_since, check, subject, row.code, see)
    if row.status == "suspended" and row.status_reason is not None:
        act = Act(f"seedgate channels activate {row.id}", "PATCH", see, {"status": "active"})
        yield Finding("suspended_channel", "act", 1, row.updated_at, act, subject, row.status_reason, see)


def _since(depth: QueueDepth, now: datetime) -> datetime:
    return now - timedelta(seconds=depth.oldest_seconds)
