"""Creates that nobody carries any more: their process died between the intent and the outcome.

The upstream may or may not have been asked. Such a create becomes ``unknown`` and is looked for as any other one; it is
never sent again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.due_work import Probe
from app.core.process_registry import ProcessRegistry
from app.tasks.due_work import abandoned_creates
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.state import Source, apply_unknown

_BATCH = 100
# A literal, or a prepared statement could not use the index of creates that are under way.
_IS_SUBMITTING = TaskRow.status == literal_column(f"'{TaskStatus.SUBMITTING.value}'")

_log = structlog.get_logger()


class StaleCreates:
    """Finds the abandoned creates of every tenant."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        processes: ProcessRegistry,
        clock: Callable[[], datetime],
        *,
        create_window: timedelta,
    ) -> None:
        """Makes it.

        Args:
            sessions: of the database.
            processes: tells which processes are dead.
            clock: the time in UTC.
            create_window: after so long a create is surely no longer under way, in a living process either.
        """
        self._sessions = sessions
        self._processes = processes
        self._clock = clock
        self._create_window = create_window
        self.probe: Probe = abandoned_creates(create_window)

    async def settle(self, session: AsyncSession, row: TaskRow) -> bool:
        """Makes a create ``unknown`` if it is abandoned; returns whether its outcome is still awaited.

        Args:
            session: of the open transaction.
            row: locked.
        """
        if row.status != TaskStatus.SUBMITTING.value:
            return False
        cut_at = await self._cut_at(session, row)
        if cut_at is None:
            return True
        _log.warning("create_abandoned", task=row.id, instance=row.instance_id)
        apply_unknown(session, row, source=Source.RECONCILER, now=self._clock(), cut_at=cut_at)
        return False

    async def run_once(self) -> None:
        """Settles what dead processes have left behind; other processes may do the same at the same time."""
        async with self._sessions.begin() as session:
            query = select(TaskRow.instance_id).where(_IS_SUBMITTING).distinct()
            carriers = (await session.scalars(query)).all()
            dead = [carrier for carrier in carriers if carrier and await self._processes.dead_since(session, carrier)]
        while await self._settle_batch(dead) == _BATCH:
            pass

    async def _settle_batch(self, dead: Sequence[str]) -> int:
        async with self._sessions.begin() as session:
            query = (
                select(TaskRow)
                .where(
                    _IS_SUBMITTING,
                    or_(TaskRow.instance_id.in_(dead), _began_at() < self._clock() - self._create_window),
                )
                .limit(_BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = (await session.scalars(query)).all()
            left = [await self.settle(session, row) for row in rows]
        return left.count(False)

    async def _cut_at(self, session: AsyncSession, row: TaskRow) -> datetime | None:
        began_at = row.sent_at or row.created_at
        dead_at = await self._processes.dead_since(session, row.instance_id) if row.instance_id is not None else None
        if dead_at is not None:
            return max(dead_at, began_at)
        return self._clock() if self._clock() - began_at > self._create_window else None


def _began_at() -> ColumnElement[datetime]:
    return func.coalesce(TaskRow.sent_at, TaskRow.created_at)
