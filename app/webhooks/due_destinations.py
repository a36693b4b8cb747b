"""Finds the destinations with due messages, at a cost that does not grow with the messages that are not due.

Usually fewer than ``WINDOW`` messages are due, and the index of due times lists all of them. Otherwise the oldest ones
may all be for one tenant and one dead endpoint. Then the destinations are walked as well: some tenants at a time and
some origins of each, continuing where the last walk ended. A tenant with many destinations does not delay the other
tenants, only its own destinations, which are visited in turn.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.webhooks.scheduler import Destination

WINDOW = 500
"""How many of the oldest due messages are read."""

MAX_TENANTS = 50
"""How many tenants a walk visits."""

MAX_ORIGINS = 20
"""How many origins of one tenant a walk visits."""

_OLDEST_DUE = text("""
    SELECT tenant_id, origin, count(*) AS due FROM (
        SELECT tenant_id, origin FROM deliveries WHERE next_attempt_at <= :now ORDER BY next_attempt_at LIMIT :window
    ) AS oldest
    GROUP BY tenant_id, origin
""")

# Loose index scans over ix_deliveries_destinations: one step per tenant, and one per origin, however many messages each
# has. The time is compared as part of a row, which only that index supports. With the index of due times, which the
# planner might prefer, a step would take as long as the backlog is.
_TENANTS = text("""
    WITH RECURSIVE tenants AS (
        (SELECT tenant_id, 1 AS nth FROM deliveries
         WHERE next_attempt_at IS NOT NULL AND tenant_id > :after
         ORDER BY tenant_id, origin, next_attempt_at LIMIT 1)
        UNION ALL
        SELECT following.tenant_id, nth + 1
        FROM tenants CROSS JOIN LATERAL (
            SELECT tenant_id FROM deliveries
            WHERE next_attempt_at IS NOT NULL AND tenant_id > tenants.tenant_id
            ORDER BY tenant_id, origin, next_attempt_at LIMIT 1
        ) AS following
        WHERE nth < :limit
    )
    SELECT tenant_id FROM tenants ORDER BY tenant_id
""")
_DESTINATIONS = text("""
    SELECT tenant_id, origin, due
    FROM unnest(CAST(:tenant_ids AS text[]), CAST(:after AS text[])) AS visited (tenant_id, after)
    CROSS JOIN LATERAL (
        WITH RECURSIVE origins AS (
            (SELECT origin, 1 AS nth FROM deliveries
             WHERE next_attempt_at IS NOT NULL AND tenant_id = visited.tenant_id AND origin > visited.after
             ORDER BY origin, next_attempt_at LIMIT 1)
            UNION ALL
            SELECT following.origin, nth + 1
            FROM origins CROSS JOIN LATERAL (
                SELECT origin FROM deliveries
                WHERE next_attempt_at IS NOT NULL AND tenant_id = visited.tenant_id AND origin > origins.origin
                ORDER BY origin, next_attempt_at LIMIT 1
            ) AS following
            WHERE nth < :limit
        )
        SELECT origin, nth, (
            SELECT count(*) FROM (
                SELECT 1 FROM deliveries
                WHERE next_attempt_at IS NOT NULL AND tenant_id = visited.tenant_id AND origin = origins.origin
                  AND (tenant_id, origin, next_attempt_at) <= (visited.tenant_id, origins.origin, :now)
                ORDER BY next_attempt_at LIMIT :most
            ) AS counted
        ) AS due
        FROM origins
    ) AS found
    ORDER BY tenant_id, nth
""")


class DueDestinations:
    """Finds due destinations for one process, and remembers where its walk continues."""

    def __init__(self) -> None:
        self._after_tenant = ""
        self._after_origin: dict[str, str] = {}

    async def find(self, session: AsyncSession, *, now: datetime, most: int) -> list[tuple[Destination, int]]:
        """Returns destinations with the number of messages that are due, counted up to ``most``.

        All of them when fewer than ``WINDOW`` messages are due; otherwise those of the oldest messages and those that
        the walk visits next.
        """
        oldest = (await session.execute(_OLDEST_DUE, {"now": now, "window": WINDOW})).all()
        due = {Destination(row.tenant_id, row.origin): min(row.due, most) for row in oldest}
        if sum(row.due for row in oldest) < WINDOW:
            self._after_origin.clear()
        else:
            due |= await self._walk(session, now=now, most=most)
        return list(due.items())

    async def _walk(self, session: AsyncSession, *, now: datetime, most: int) -> dict[Destination, int]:
        tenants = await self._next_tenants(session)
        after = [self._after_origin.pop(tenant, "") for tenant in tenants]
        values = {"tenant_ids": tenants, "after": after, "limit": MAX_ORIGINS, "now": now, "most": most}
        due: dict[Destination, int] = {}
        visited: dict[str, list[str]] = {}
        for row in await session.execute(_DESTINATIONS, values):
            visited.setdefault(row.tenant_id, []).append(row.origin)
            if row.due:
                due[Destination(row.tenant_id, row.origin)] = row.due
        # When fewer origins were found, the end was reached, and the next walk begins with the first one.
        self._after_origin |= {
            tenant: origins[-1] for tenant, origins in visited.items() if len(origins) == MAX_ORIGINS
        }
        return due

    async def _next_tenants(self, session: AsyncSession) -> Sequence[str]:
        values = {"after": self._after_tenant, "limit": MAX_TENANTS}
        tenants = (await session.scalars(_TENANTS, values)).all()
        self._after_tenant = tenants[-1] if len(tenants) == MAX_TENANTS else ""
        return tenants
