"""Finding the lanes in which something is due, at a cost that does not grow with what is not due.

Usually fewer messages are due than ``WINDOW``, and the index of due times tells all of them. Where more are, the oldest
of them may all belong to one tenant and one dead endpoint. Then lanes are walked as well: some tenants at a time and
some lanes of each, going on where the last walk ended. However many lanes a tenant has, the other tenants' turns come
as often as before; its own lanes take turns.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.webhooks.fairness import Lane

WINDOW = 500
"""How many of the oldest due messages are looked at."""

MAX_TENANTS = 50
"""How many tenants a walk visits."""

MAX_LANES = 20
"""How many lanes of one tenant a walk visits."""

_OLDEST_DUE = text("""
    SELECT tenant_id, origin, count(*) AS due FROM (
        SELECT tenant_id, origin FROM deliveries WHERE next_attempt_at <= :now ORDER BY next_attempt_at LIMIT :window
    ) AS oldest
    GROUP BY tenant_id, origin
""")

# Steps along the index of lanes from tenant to tenant, and from lane to lane, whatever the number of messages in each.
# The time is compared as part of a row, as only that index has it: the planner might prefer the index of due times,
# along which a lane is as far away as the backlog is long.
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
_LANES = text("""
    SELECT tenant_id, origin, due
    FROM unnest(CAST(:tenant_ids AS text[]), CAST(:after AS text[])) AS visited (tenant_id, after)
    CROSS JOIN LATERAL (
        WITH RECURSIVE lanes AS (
            (SELECT origin, 1 AS nth FROM deliveries
             WHERE next_attempt_at IS NOT NULL AND tenant_id = visited.tenant_id AND origin > visited.after
             ORDER BY origin, next_attempt_at LIMIT 1)
            UNION ALL
            SELECT following.origin, nth + 1
            FROM lanes CROSS JOIN LATERAL (
                SELECT origin FROM deliveries
                WHERE next_attempt_at IS NOT NULL AND tenant_id = visited.tenant_id AND origin > lanes.origin
                ORDER BY origin, next_attempt_at LIMIT 1
            ) AS following
            WHERE nth < :limit
        )
        SELECT origin, nth, (
            SELECT count(*) FROM (
                SELECT 1 FROM deliveries
                WHERE next_attempt_at IS NOT NULL AND tenant_id = visited.tenant_id AND origin = lanes.origin
                  AND (tenant_id, origin, next_attempt_at) <= (visited.tenant_id, lanes.origin, :now)
                ORDER BY next_attempt_at LIMIT :most
            ) AS counted
        ) AS due
        FROM lanes
    ) AS found
    ORDER BY tenant_id, nth
""")


class DueLanes:
    """Finds due lanes for one process, and remembers where its walk goes on."""

    def __init__(self) -> None:
        self._after_tenant = ""
        self._after_origin: dict[str, str] = {}

    async def find(self, session: AsyncSession, *, now: datetime, most: int) -> list[tuple[Lane, int]]:
        """Returns lanes in which something is due, and how much, counted up to ``most``.

        All of them when fewer than ``WINDOW`` messages are due; else those of the oldest messages, and those that are
        next on the walk.
        """
        oldest = (await session.execute(_OLDEST_DUE, {"now": now, "window": WINDOW})).all()
        due = {Lane(row.tenant_id, row.origin): min(row.due, most) for row in oldest}
        if sum(row.due for row in oldest) < WINDOW:
            self._after_origin.clear()
        else:
            due |= await self._walk(session, now=now, most=most)
        return list(due.items())

    async def _walk(self, session: AsyncSession, *, now: datetime, most: int) -> dict[Lane, int]:
        tenants = await self._next_tenants(session)
        after = [self._after_origin.pop(tenant, "") for tenant in tenants]
        values = {"tenant_ids": tenants, "after": after, "limit": MAX_LANES, "now": now, "most": most}
        due: dict[Lane, int] = {}
        visited: dict[str, list[str]] = {}
        for row in await session.execute(_LANES, values):
            visited.setdefault(row.tenant_id, []).append(row.origin)
            if row.due:
                due[Lane(row.tenant_id, row.origin)] = row.due
        # A tenant with fewer lanes has seen all of them, and begins anew.
        self._after_origin |= {tenant: origins[-1] for tenant, origins in visited.items() if len(origins) == MAX_LANES}
        return due

    async def _next_tenants(self, session: AsyncSession) -> Sequence[str]:
        values = {"after": self._after_tenant, "limit": MAX_TENANTS}
        tenants = (await session.scalars(_TENANTS, values)).all()
        self._after_tenant = tenants[-1] if len(tenants) == MAX_TENANTS else ""
        return tenants
