"""Queries on the copies in the archive."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.archive.due_tenants import MAX_CONCURRENT
from app.archive.models import ArchiveCopyRow, CopyStatus
from app.core.due_work import Probe

COPIES_DUE = Probe("(SELECT min(next_attempt_at) FROM archive_copies WHERE next_attempt_at IS NOT NULL) <= :now")
"""Some file is to be copied now, or some copy to be deleted."""

# Compares a row with the time in it, so that only ix_archive_copies_tenants fits (``app.archive.due_tenants``). The
# last limit, which all places together keep, tells the planner that so few rows need no scan of the table.
_CLAIM = text(
    f"""
    WITH picked AS (
        SELECT found.tenant_id, found.task_id, found.member
        FROM unnest(CAST(:tenant_ids AS text[]), CAST(:counts AS int[])) AS tenants (tenant_id, places)
        CROSS JOIN LATERAL (
            SELECT tenant_id, task_id, member FROM archive_copies
            WHERE next_attempt_at IS NOT NULL AND tenant_id = tenants.tenant_id
              AND (tenant_id, next_attempt_at) <= (tenants.tenant_id, :now)
            ORDER BY next_attempt_at LIMIT tenants.places
            FOR UPDATE SKIP LOCKED
        ) AS found
        LIMIT {MAX_CONCURRENT}
    )
    UPDATE archive_copies AS c
    SET lease_token = :token, lease_until = :until, next_attempt_at = :until, attempts = attempts + 1, updated_at = :now
    FROM picked
    WHERE c.tenant_id = picked.tenant_id AND c.task_id = picked.task_id AND c.member = picked.member
    RETURNING c.*
    """  # noqa: S608 - a constant
)
# Their table is on a floor above.
_RULES = text("SELECT id, archive, archive_days FROM tenants WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class ArchiveRule:
    """What the operator wants of a tenant's clips: whether they are copied, and for how many days; None: for good."""

    is_on: bool
    days: int | None


class AllCopies:
    """The copies of all tenants, for the background job."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(
        self, places: Mapping[str, int], *, now: datetime, token: str, until: datetime
    ) -> Sequence[ArchiveCopyRow]:
        """Claims as many due copies of each tenant as it has places, the longest due first, under a lease.

        What another process is claiming is skipped. What has an expired lease is due again.
        """
        values = {
            "tenant_ids": list(places),
            "counts": list(places.values()),
            "now": now,
            "token": token,
            "until": until,
        }
        return (await self._session.scalars(select(ArchiveCopyRow).from_statement(_CLAIM), values)).all()

    async def rules(self, tenant_ids: Collection[str]) -> Mapping[str, ArchiveRule]:
        """Returns what is wanted of the clips of some tenants."""
        rows = await self._session.execute(_RULES, {"ids": list(tenant_ids)})
        return {row.id: ArchiveRule(row.archive, row.archive_days) for row in rows}

    async def lock_leased(self, claimed: ArchiveCopyRow, *, token: str) -> ArchiveCopyRow | None:
        """Returns a claimed copy, locked, if the lease of that token still holds."""
        query = select(ArchiveCopyRow).where(
            ArchiveCopyRow.tenant_id == claimed.tenant_id,
            ArchiveCopyRow.task_id == claimed.task_id,
            ArchiveCopyRow.member == claimed.member,
            ArchiveCopyRow.lease_token == token,
        )
        found: ArchiveCopyRow | None = await self._session.scalar(query.with_for_update())
        return found

    async def is_wanted(self, claimed: ArchiveCopyRow) -> bool:
        """Returns whether a copy that was claimed before is still there and not released."""
        query = select(ArchiveCopyRow.status).where(
            ArchiveCopyRow.tenant_id == claimed.tenant_id,
            ArchiveCopyRow.task_id == claimed.task_id,
            ArchiveCopyRow.member == claimed.member,
        )
        return await self._session.scalar(query) not in {None, CopyStatus.RELEASED.value}

    async def count_of(self, tenant_id: str) -> int:
        """Returns how many copies of a tenant there are, or are to be made or deleted."""
        counted = select(func.count()).select_from(ArchiveCopyRow).where(ArchiveCopyRow.tenant_id == tenant_id)
        return int(await self._session.scalar(counted) or 0)

    async def remove(self, row: ArchiveCopyRow) -> None:
        """Removes the row of a copy whose object is gone or was never made."""
        await self._session.execute(
            delete(ArchiveCopyRow).where(
                ArchiveCopyRow.tenant_id == row.tenant_id,
                ArchiveCopyRow.task_id == row.task_id,
                ArchiveCopyRow.member == row.member,
            )
        )


class CopyRepository:
    """One tenant's copies."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find_stored(self, task_id: str, member: str) -> ArchiveCopyRow | None:
        """Returns the copy of a file of a task, by the task's spare id, if it is stored."""
        query = select(ArchiveCopyRow).where(
            ArchiveCopyRow.tenant_id == self._tenant_id,
            ArchiveCopyRow.task_id == task_id,
            ArchiveCopyRow.member == member,
            ArchiveCopyRow.status == CopyStatus.STORED.value,
        )
        found: ArchiveCopyRow | None = await self._session.scalar(query)
        return found
