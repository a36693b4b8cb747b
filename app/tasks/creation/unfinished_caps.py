"""Counts the unfinished tasks of owners with a cap, in the transaction that writes an intent.

A lock for each owner lets one transaction at a time, of all processes, count its tasks and add to them. So no counter
has to be kept: the rows of the tasks are counted, by an index of the unfinished ones.

A key and those that have replaced it are one owner, named by the first of them. Which these are is read with the count,
so that a rotation leaves no moment in which a process counts one of them apart.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.limits.caps import Cap
from app.tasks.models import FINAL_STATUSES, TaskStatus

# The first number only keeps these locks apart from those of other kinds.
WAIT_FOR_OWNERS = """
    SELECT owner, pg_advisory_xact_lock(24303, lock)
    FROM (
        SELECT owner, hashtext(owner) AS lock FROM unnest(CAST(:owner_ids AS text[])) AS o (owner) ORDER BY 2
    ) AS l
"""
"""Locks owners in the order of their locks, and returns each of them first."""

TRY_OWNERS = """
    SELECT owner FROM unnest(CAST(:owner_ids AS text[])) AS o (owner)
    WHERE pg_try_advisory_xact_lock(24303, hashtext(owner))
"""
"""Locks owners that no other transaction has locked, and returns these."""

_UNFINISHED = ", ".join(f"'{status.value}'" for status in TaskStatus if status not in FINAL_STATUSES)
# Constants, as an index of the unfinished tasks is not used for parameters.
COUNTED = f"""
    wanted AS MATERIALIZED (
        SELECT *, CASE WHEN first_key_id IS NOT NULL THEN
            ARRAY(SELECT k.id FROM api_keys AS k WHERE k.first_key_id = w.first_key_id) || w.first_key_id END AS key_ids
        FROM unnest(
            CAST(:cap_tenant_ids AS text[]), CAST(:cap_key_ids AS text[]), CAST(:cap_models AS text[]),
            CAST(:cap_limits AS bigint[]), CAST(:cap_rooms AS bigint[])
        ) WITH ORDINALITY AS w (tenant_id, first_key_id, model, most, room, number)
    ), counted AS MATERIALIZED (
        SELECT w.number, w.room, (
            SELECT count(*) FROM (
                SELECT FROM tasks AS t
                WHERE t.tenant_id = w.tenant_id AND (w.key_ids IS NULL OR t.key_id = ANY (w.key_ids))
                    AND (w.model IS NULL OR t.model = w.model) AND t.status IN ({_UNFINISHED})
                LIMIT w.most
            ) AS t
        ) AS tasks
        FROM wanted AS w
    )
"""  # noqa: S608 - constants
"""The part of a statement after WITH that counts the unfinished tasks under each cap; parameters: ``values_of``."""

COUNTS = "SELECT tasks FROM counted ORDER BY number"
"""The counts, in the order of the caps; follows ``COUNTED``."""

_WAIT = text(WAIT_FOR_OWNERS)
_COUNT = text(f"WITH {COUNTED} {COUNTS}")


@dataclass(frozen=True, slots=True)
class CapRequest:
    """One more task, and the caps that count it.

    Attributes:
        tenant_id: of the task.
        model: the name of its model.
        caps: of its tenant and its key, all of which count it.
    """

    tenant_id: str
    model: str
    caps: Sequence[Cap]


Counted = tuple[str, str | None]
"""What is counted under a cap: an owner, and the name of a model or None."""


@dataclass(slots=True)
class Tally:
    """The caps of a batch under which the same tasks are counted, and how many it may add.

    Attributes:
        request: one of those that they count.
        cap: the one with the highest limit; a count stops there.
        lowest: the lowest limit.
        added: how many tasks the batch adds.
    """

    request: CapRequest
    cap: Cap
    lowest: int
    added: int = 0

    @property
    def room(self) -> int:
        """How many tasks may be there already if all are to be added."""
        return self.lowest - self.added

    def has_room(self, count: int) -> bool:
        """Whether all can be added to so many, as ``COUNTED`` decides it."""
        return count <= self.room


async def check_caps(session: AsyncSession, request: CapRequest) -> None:
    """Checks that one more task may be created until the transaction ends; waits for others of its owners.

    Raises:
        QuotaExceededError: 429, a cap is reached.
    """
    await session.execute(_WAIT, {"owner_ids": [cap.owner_id for cap in request.caps]})
    counts = await count_unfinished(session, request.tenant_id, [(cap, request.model) for cap in request.caps])
    for cap, count in zip(request.caps, counts, strict=True):
        if count >= cap.limit:
            raise cap.exceeded()


async def count_unfinished(
    session: AsyncSession, tenant_id: str, caps: Sequence[tuple[Cap, str | None]]
) -> Sequence[int]:
    """Returns how many unfinished tasks each cap of a tenant counts, at most its limit, in their order.

    Args:
        session: of the open transaction.
        tenant_id: the tenant.
        caps: each with the name of the model that it counts, which does not matter to a cap on all models.
    """
    return (await session.scalars(_COUNT, _values([(tenant_id, model, cap, cap.limit) for cap, model in caps]))).all()


def tally(requests: Iterable[CapRequest]) -> Mapping[Counted, Tally]:
    """Returns what is counted for the tasks of a batch."""
    found: dict[Counted, Tally] = {}
    for request in requests:
        for cap in request.caps:
            known = found.get(counted_by(request, cap))
            if known is None:
                known = found[counted_by(request, cap)] = Tally(request, cap, cap.limit)
            elif cap.limit > known.cap.limit:
                known.cap = cap
            known.lowest = min(known.lowest, cap.limit)
            known.added += 1
    return found


def add(request: CapRequest, counts: dict[Counted, int]) -> bool:
    """Adds a task to what is counted, if its caps allow it; returns whether they do."""
    if any(counts[counted_by(request, cap)] >= cap.limit for cap in request.caps):
        return False
    for cap in request.caps:
        counts[counted_by(request, cap)] += 1
    return True


def counted_by(request: CapRequest, cap: Cap) -> Counted:
    """Returns what is counted for a task under one of its caps."""
    return cap.owner_id, None if cap.model is None else request.model


def values_of(tallies: Iterable[Tally]) -> dict[str, Any]:
    """Returns the parameters of ``COUNTED``; each room is that for the whole batch."""
    return _values([(each.request.tenant_id, each.request.model, each.cap, each.room) for each in tallies])


def _values(wanted: Collection[tuple[str, str | None, Cap, int]]) -> dict[str, Any]:
    """Returns the parameters of the count, from the tenant, the name of the model, the cap and the room of each."""
    return {
        "cap_tenant_ids": [tenant_id for tenant_id, _, _, _ in wanted],
        "cap_key_ids": [cap.owner_id if cap.kind == "key" else None for _, _, cap, _ in wanted],
        "cap_models": [None if cap.model is None else model for _, model, cap, _ in wanted],
        "cap_limits": [cap.limit for _, _, cap, _ in wanted],
        "cap_rooms": [room for _, _, _, room in wanted],
    }
