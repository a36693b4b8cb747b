"""Finds the tenants whose copies are due, and shares the places of a process among them.

A tenant whose clips all succeed at once must not delay the others. Usually fewer than ``WINDOW`` copies are due, and
the index of due times lists all of them. Otherwise the oldest ones may all be one tenant's. Then the tenants are walked
as well, some at a time, continuing where the last walk ended.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

WINDOW = 100
"""How many of the oldest due copies are read."""

MAX_TENANTS = 50
"""How many tenants a walk visits."""

MAX_CONCURRENT = 4
"""How many copies and deletions of a process are under way."""

MAX_PER_TENANT = MAX_CONCURRENT - 1
"""How many of them are one tenant's: a copy may take minutes, and another tenant's begins meanwhile."""

_OLDEST_DUE = text("""
    SELECT tenant_id, count(*) AS due FROM (
        SELECT tenant_id FROM archive_copies WHERE next_attempt_at <= :now ORDER BY next_attempt_at LIMIT :window
    ) AS oldest
    GROUP BY tenant_id
""")

# A loose index scan over ix_archive_copies_tenants: one step per tenant, however many copies each has. The time is
# compared as part of a row, which only that index supports; with the index of due times, which the planner might
# prefer, a step would take as long as the backlog is.
_WALK = text("""
    WITH RECURSIVE visited AS (
        (SELECT tenant_id, 1 AS nth FROM archive_copies
         WHERE next_attempt_at IS NOT NULL AND tenant_id > :after
         ORDER BY tenant_id, next_attempt_at LIMIT 1)
        UNION ALL
        SELECT following.tenant_id, nth + 1
        FROM visited CROSS JOIN LATERAL (
            SELECT tenant_id FROM archive_copies
            WHERE next_attempt_at IS NOT NULL AND tenant_id > visited.tenant_id
            ORDER BY tenant_id, next_attempt_at LIMIT 1
        ) AS following
        WHERE nth < :limit
    )
    SELECT tenant_id, (
        SELECT count(*) FROM (
            SELECT 1 FROM archive_copies
            WHERE next_attempt_at IS NOT NULL AND tenant_id = visited.tenant_id
              AND (tenant_id, next_attempt_at) <= (visited.tenant_id, :now)
            ORDER BY next_attempt_at LIMIT :most
        ) AS counted
    ) AS due
    FROM visited ORDER BY nth
""")


class DueTenants:
    """Finds tenants with due copies for one process, and remembers where its walk continues."""

    def __init__(self) -> None:
        self._after = ""

    async def find(self, session: AsyncSession, *, now: datetime) -> dict[str, int]:
        """Returns tenants with the number of copies that are due, counted up to ``MAX_PER_TENANT``.

        All of them when fewer than ``WINDOW`` copies are due; otherwise those of the oldest copies and those that the
        walk visits next.
        """
        oldest = (await session.execute(_OLDEST_DUE, {"now": now, "window": WINDOW})).all()
        due = {row.tenant_id: min(row.due, MAX_PER_TENANT) for row in oldest}
        return due if sum(row.due for row in oldest) < WINDOW else due | await self._walk(session, now)

    async def _walk(self, session: AsyncSession, now: datetime) -> dict[str, int]:
        values = {"after": self._after, "limit": MAX_TENANTS, "now": now, "most": MAX_PER_TENANT}
        visited = (await session.execute(_WALK, values)).all()
        # When fewer were found, the end was reached, and the next walk begins with the first one.
        self._after = visited[-1].tenant_id if len(visited) == MAX_TENANTS else ""
        return {row.tenant_id: row.due for row in visited if row.due}


def share_places(due: Mapping[str, int], working: Iterable[str]) -> dict[str, int]:
    """Returns how many copies of each tenant may be begun now: the tenant with the fewest under way comes first.

    Args:
        due: tenants with the number of copies that are due.
        working: the tenant of each copy that is under way.
    """
    taken = Counter(working)
    shared: Counter[str] = Counter()
    tenants = list(due)
    random.shuffle(tenants)
    for _ in range(MAX_CONCURRENT - taken.total()):
        waiting = [each for each in tenants if shared[each] < due[each] and taken[each] < MAX_PER_TENANT]
        if not waiting:
            break
        chosen = min(waiting, key=taken.__getitem__)
        shared[chosen] += 1
        taken[chosen] += 1
    return dict(shared)
