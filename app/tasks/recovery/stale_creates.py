"""Finds creates whose process died between the intent and the outcome.

The upstream may or may not have been asked. Such a create becomes ``unknown`` and is searched for like any other; it is
never sent again.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.due_work import Probe
from app.tasks.context import TasksContext
from app.tasks.due_work import stale_creates
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.repository import has_status
from app.tasks.state import Source, apply_unknown

_BATCH = 100
_IS_SUBMITTING = has_status([TaskStatus.SUBMITTING])

_log = structlog.get_logger()


class StaleCreates:
    """Finds the stale creates of all tenants."""

    def __init__(self, context: TasksContext) -> None:
        self._context = context
        self.probe: Probe = stale_creates(context.create_window)

    async def check(self, session: AsyncSession, row: TaskRow) -> bool:
        """Makes a create ``unknown`` if it is stale; returns whether it is still under way.

        Args:
            session: the session of the open transaction.
            row: locked.
        """
        if row.status != TaskStatus.SUBMITTING.value:
            return False
        cut_at = await self._cut_at(session, row)
        if cut_at is None:
            return True
        _log.warning("create_abandoned", task=row.id, instance=row.instance_id)
        apply_unknown(session, row, source=Source.RECONCILER, now=self._context.clock(), cut_at=cut_at)
        return False

    async def run_once(self) -> None:
        """Checks all creates that may be stale; any number of processes may do so at the same time."""
        async with self._context.sessions.begin() as session:
            query = select(TaskRow.instance_id).where(_IS_SUBMITTING).distinct()
            ids = [instance_id for instance_id in await session.scalars(query) if instance_id]
            dead = [each for each in ids if await self._context.processes.dead_since(session, each)]
        while await self._check_batch(dead) == _BATCH:
            pass

    async def _check_batch(self, dead: Sequence[str]) -> int:
        """Returns how many creates became ``unknown``."""
        async with self._context.sessions.begin() as session:
            is_too_old = _began_at() < self._context.clock() - self._context.create_window
            query = (
                select(TaskRow)
                .where(_IS_SUBMITTING, or_(TaskRow.instance_id.in_(dead), is_too_old))
                .limit(_BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = (await session.scalars(query)).all()
            is_under_way = [await self.check(session, row) for row in rows]
        return is_under_way.count(False)

    async def _cut_at(self, session: AsyncSession, row: TaskRow) -> datetime | None:
        """Returns when a create was cut off; None: it is under way."""
        began_at = row.sent_at or row.created_at
        dead_at = (
            None if row.instance_id is None else await self._context.processes.dead_since(session, row.instance_id)
        )
        if dead_at is not None:
            return max(dead_at, began_at)
        now = self._context.clock()
        return now if now - began_at > self._context.create_window else None


def _began_at() -> ColumnElement[datetime]:
    return func.coalesce(TaskRow.sent_at, TaskRow.created_at)
