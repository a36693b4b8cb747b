"""Removes tasks and entries of their history that are older than the operator keeps them (``app.retention_days``).

A removed task leaves a tombstone, and its copies in the archive are deleted. Any number of processes may run the job at
the same time: each skips the rows that another has locked. The ledger keeps what it says about a task.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.sql.dml import ReturningDelete

from app.archive.outbox import release_copies
from app.retention_days import RetentionDays
from app.tasks.models import FINAL_STATUSES, TaskEventRow, TaskRow, TombstoneRow
from app.tasks.ready_answers import ReadyAnswers
from app.tasks.repository import has_status

# A batch locks its rows for some milliseconds, and waits for the processes that show them.
_TASKS_BATCH = 200
_ROWS_BATCH = 1000


class TaskRetention:
    """Removes what is too old, in small steps."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        ready_answers: ReadyAnswers,
        clock: Callable[[], datetime],
        days: RetentionDays,
    ) -> None:
        self._sessions = sessions
        self._ready_answers = ready_answers
        self._clock = clock
        self._days = days

    async def run_once(self) -> None:
        """Removes everything that is too old: tasks, then entries of the history, then tombstones."""
        now = self._clock()
        if (span := self._days.span("tasks")) is not None:
            while await self._remove_tasks(finished_before=now - span, now=now) == _TASKS_BATCH:
                pass
        if (span := self._days.span("events")) is not None:
            while await self._remove_events(written_before=now - span) == _ROWS_BATCH:
                pass
        if (span := self._days.span("tombstones")) is not None:
            while await self._remove_tombstones(removed_before=now - span) == _ROWS_BATCH:
                pass

    async def _remove_tasks(self, *, finished_before: datetime, now: datetime) -> int:
        """Removes some tasks that ended before a moment, the oldest first; returns how many."""
        query = (
            select(TaskRow)
            .where(
                TaskRow.created_at < finished_before,
                has_status(FINAL_STATUSES),
                TaskRow.finished_at < finished_before,
            )
            .order_by(TaskRow.created_at, TaskRow.id)
            .limit(_TASKS_BATCH)
            .with_for_update(skip_locked=True)
        )
        return await self._remove(query, now=now)

    async def remove_of(self, tenant_id: str, *, now: datetime) -> int:
        """Removes some tasks of a tenant, whatever their age; returns how many, 0 when there are none left."""
        query = select(TaskRow).where(TaskRow.tenant_id == tenant_id).limit(_TASKS_BATCH)
        return await self._remove(query.with_for_update(), now=now)

    async def _remove(self, query: Select[TaskRow], *, now: datetime) -> int:
        async with self._ready_answers.deletion() as deletion, self._sessions.begin() as session:
            rows = (await session.scalars(query)).all()
            tombstones = [
                {"upstream_id": row.upstream_id, "tenant_id": row.tenant_id, "removed_at": now}
                for row in rows
                if row.upstream_id is not None
            ]
            if tombstones:
                await session.execute(insert(TombstoneRow).values(tombstones).on_conflict_do_nothing())
            of_tenants: dict[str, list[str]] = {}
            for row in rows:
                of_tenants.setdefault(row.tenant_id, []).append(row.id)
                if row.deleted_at is None:
                    await deletion.announce(session, row)
            for tenant_id, task_ids in of_tenants.items():
                await release_copies(session, tenant_id, task_ids, now=now)
            key = tuple_(TaskRow.tenant_id, TaskRow.id)
            await session.execute(delete(TaskRow).where(key.in_([(row.tenant_id, row.id) for row in rows])))
        return len(rows)

    async def _remove_events(self, *, written_before: datetime) -> int:
        # Ids grow with time, so the oldest entries are found without an index on the time.
        oldest = select(TaskEventRow.id, TaskEventRow.at).order_by(TaskEventRow.id).limit(_ROWS_BATCH).subquery()
        wanted = select(oldest.c.id).where(oldest.c.at < written_before)
        return await self._delete(delete(TaskEventRow).where(TaskEventRow.id.in_(wanted)).returning(TaskEventRow.id))

    async def _remove_tombstones(self, *, removed_before: datetime) -> int:
        old = select(TombstoneRow.upstream_id).where(TombstoneRow.removed_at < removed_before).limit(_ROWS_BATCH)
        removed = delete(TombstoneRow).where(TombstoneRow.upstream_id.in_(old)).returning(TombstoneRow.upstream_id)
        return await self._delete(removed)

    async def _delete(self, statement: ReturningDelete[Any]) -> int:
        async with self._sessions.begin() as session:
            return len((await session.execute(statement)).all())
