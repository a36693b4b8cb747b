"""Queries on creates whose upstream task is not known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, CompoundSelect, LargeBinary, and_, any_, cast, not_, select, text, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database_place import MAX_CREATE_TIME
from app.tasks.models import TaskRow, TaskStatus, TombstoneRow
from app.tasks.repository import has_status

_UNKNOWN = TaskStatus.UNKNOWN.value
_IS_OPEN = has_status([TaskStatus.SUBMITTING, TaskStatus.UNKNOWN])
_BATCH = 10_000

# One probe of the index for each channel, whatever is due on it.
_CHANNELS_WITH_WORK = text("""
    SELECT channels.id FROM channels CROSS JOIN LATERAL (
        SELECT 1 FROM tasks
        WHERE channel_id = channels.id AND next_poll_at <= :now AND upstream_id IS NULL
        ORDER BY channel_id, next_poll_at LIMIT 1
    ) AS due
""")


@dataclass(frozen=True, slots=True)
class Owner:
    """The tenant whose an upstream task is, and whether the tenant deleted it or its row was removed by age."""

    tenant_id: str
    is_deleted: bool


class AllIntents:
    """The intents of all tenants, for the reconciler, callbacks and the operator."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, spare_id: str) -> TaskRow | None:
        """Returns the task with this id of ours, deleted ones included."""
        return (await self._session.scalars(select(TaskRow).where(TaskRow.id == spare_id))).one_or_none()

    async def lock(self, row: TaskRow) -> TaskRow | None:
        """Returns the present state of a row, deleted or not, locked until the transaction ends."""
        is_it = and_(TaskRow.tenant_id == row.tenant_id, TaskRow.id == row.id)
        return (await self._session.scalars(select(TaskRow).where(is_it).with_for_update())).one_or_none()

    async def known_tokens(self, token_hashes: Collection[bytes]) -> set[bytes]:
        """Returns those of the hashes that belong to a row's callback token."""
        column = TaskRow.callback_token_hash
        wanted = any_(cast(list(token_hashes), ARRAY(LargeBinary)))
        return {found for found in await self._session.scalars(select(column).where(column == wanted)) if found}

    async def lock_by_token(self, token_hash: bytes) -> TaskRow | None:
        """Returns the row whose callback token has this hash, locked until the transaction ends."""
        query = select(TaskRow).where(TaskRow.callback_token_hash == token_hash).with_for_update()
        return (await self._session.scalars(query)).one_or_none()

    async def owned(self, upstream_ids: Collection[str]) -> set[str]:
        """Returns those of the ids that a row of any tenant owns, deleted or not, or that have a tombstone."""
        wanted = sorted(upstream_ids)
        found: set[str] = set()
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            # In one statement, so that a row that is removed meanwhile is seen as a row or as its tombstone.
            query: CompoundSelect[str | None] = union_all(
                select(TaskRow.upstream_id).where(TaskRow.upstream_id.in_(batch)),
                select(TombstoneRow.upstream_id).where(TombstoneRow.upstream_id.in_(batch)),
            )
            found.update(upstream_id for upstream_id in await self._session.scalars(query) if upstream_id is not None)
        return found

    async def owner_of(self, upstream_id: str) -> Owner | None:
        """Returns whose an upstream task is, by a row, deleted or not, or a tombstone."""
        rows = select(TaskRow.tenant_id, TaskRow.deleted_at.is_not(None)).where(TaskRow.upstream_id == upstream_id)
        tombstones = select(TombstoneRow.tenant_id, true()).where(TombstoneRow.upstream_id == upstream_id)
        found = (await self._session.execute(union_all(rows, tombstones))).first()
        return None if found is None else Owner(*found)

    async def open(self, channel_ids: Collection[str]) -> Sequence[TaskRow]:
        """Returns the creates on some channels that are under way or of unknown outcome."""
        is_here = TaskRow.channel_id.in_(channel_ids)
        return (await self._session.scalars(select(TaskRow).where(is_here, _IS_OPEN))).all()

    async def channels_with_work(self, *, now: datetime) -> set[str]:
        """Returns the ids of the channels on which a search is due."""
        return set(await self._session.scalars(_CHANNELS_WITH_WORK, {"now": now}))

    async def claim_named(self, channel_id: str, *, now: datetime, lease: timedelta, limit: int) -> Sequence[TaskRow]:
        """Returns due rows for which a callback has named an upstream task, and leases them.

        Some of these rows had ended before the callback; the task that it named then has no owner.
        """
        query = (
            select(TaskRow)
            .where(
                TaskRow.next_poll_at <= now,
                TaskRow.channel_id == channel_id,
                TaskRow.upstream_id.is_(None),
                TaskRow.claimed_upstream_id.is_not(None),
                TaskRow.status != TaskStatus.SUBMITTING.value,
            )
            .order_by(TaskRow.next_poll_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = (await self._session.scalars(query)).all()
        for row in rows:
            row.next_poll_at = now + lease
        return rows

    async def has_search_due(self, channel_id: str, *, now: datetime) -> bool:
        """Says whether a search for a create of unknown outcome is due on a channel."""
        due = select(TaskRow.id).where(
            TaskRow.next_poll_at <= now,
            TaskRow.channel_id == channel_id,
            TaskRow.upstream_id.is_(None),
            TaskRow.status == _UNKNOWN,
            TaskRow.claimed_upstream_id.is_(None),
        )
        return await self._session.scalar(due.limit(1)) is not None

    async def without_task(self, channel_ids: Collection[str], *, before_cut: timedelta) -> Sequence[TaskRow]:
        """Returns the rows of some channels that may own an upstream task but know none.

        These are all open ones, and those that ended without a task and were created up to ``before_cut`` before the
        oldest open one: a task that one of them made after all must not be attributed to an open one.
        """
        is_here = and_(TaskRow.channel_id.in_(channel_ids), TaskRow.upstream_id.is_(None))
        rows = list(await self._session.scalars(select(TaskRow).where(is_here, _IS_OPEN)))
        if rows:
            since = min(row.created_at for row in rows) - before_cut - MAX_CREATE_TIME
            ended = select(TaskRow).where(is_here, not_(_IS_OPEN), TaskRow.created_at >= since)
            rows += await self._session.scalars(ended)
        return rows

    async def lock_unknown(self, rows: Collection[TaskRow]) -> Sequence[TaskRow]:
        """Returns the present state of those rows whose outcome is still unknown, locked until the transaction ends."""
        query = (
            select(TaskRow)
            .where(TaskRow.id.in_([row.id for row in rows]), TaskRow.status == _UNKNOWN)
            .order_by(TaskRow.tenant_id, TaskRow.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self._session.scalars(query)).all()

    async def overdue(self, *, now: datetime, created_before: datetime, limit: int) -> Sequence[TaskRow]:
        """Returns due creates of unknown outcome, on any channel, that are old enough for their window to be over."""
        query = (
            select(TaskRow)
            .where(
                TaskRow.next_poll_at <= now,
                has_status([TaskStatus.UNKNOWN]),
                TaskRow.created_at <= created_before,
            )
            .order_by(TaskRow.created_at)
            .limit(limit)
        )
        return (await self._session.scalars(query)).all()
