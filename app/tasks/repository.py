"""Queries on tasks."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.creates.idempotency import OlderKey
from app.observability.log_context import add_log_fields
from app.tasks.models import TaskEventRow, TaskRow, TaskStatus
from app.tasks.poll_schedule import MAX_POLL_INTERVAL, next_poll_after
from app.tasks.responses import unknown_task
from app.webhooks.report import NewestMessage, newest_message

# The version, the time of the last change, proves that the row is as it was when it was compared with the answer.
# Locked in one order, so that transactions that touch or claim the same tasks do not wait for each other.
_TOUCH = text("""
    WITH locked AS (
        SELECT t.tenant_id, t.id, seen.next_poll_at
        FROM unnest(CAST(:tenant_ids AS text[]), CAST(:ids AS text[]), CAST(:versions AS timestamptz[]),
                    CAST(:next_poll_ats AS timestamptz[])) AS seen(tenant_id, id, version, next_poll_at)
        JOIN tasks AS t ON t.tenant_id = seen.tenant_id AND t.id = seen.id
        WHERE t.updated_at = seen.version AND t.deleted_at IS NULL
            AND (t.polled_at IS NULL OR t.polled_at <= :polled_at)
        ORDER BY t.tenant_id, t.id
        FOR UPDATE OF t
    )
    UPDATE tasks AS t SET polled_at = :polled_at, updated_at = :now, next_poll_at = locked.next_poll_at
    FROM locked WHERE t.tenant_id = locked.tenant_id AND t.id = locked.id
    RETURNING t.tenant_id, t.id
""")

FLEX = "flex"
"""The service tier whose tasks the upstream lists only by name; all others are listed as ``default``."""

_NEWEST_MESSAGE = newest_message(
    TaskRow.tenant_id, TaskRow.id, condition=TaskRow.callback_url.is_not(None), since=TaskRow.finished_at
)
_SELECT_WITH_MESSAGE = select(TaskRow, _NEWEST_MESSAGE.c.status, _NEWEST_MESSAGE.c.last_error).outerjoin(
    _NEWEST_MESSAGE, true()
)


@dataclass(frozen=True)
class TaskFilter:
    """Filter of a list; None or empty means all. ``models`` are names of models, public or upstream ones."""

    status: TaskStatus | None = None
    models: tuple[str, ...] = ()
    service_tier: str | None = None
    task_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskWithMessage:
    """A task, and the newest message about it to its ``callback_url``, or None."""

    row: TaskRow
    newest_message: NewestMessage | None


class TaskRepository:
    """One tenant's tasks. No method can reach another tenant's row."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find(self, task_id: str, *, is_locked: bool = False) -> TaskRow | None:
        """Returns the live task with this id, be it the upstream's or our spare one."""
        query = select(TaskRow).where(self._is_own(), _has_id(task_id), TaskRow.deleted_at.is_(None))
        if is_locked:
            query = query.with_for_update()
        return (await self._session.scalars(query)).one_or_none()

    async def find_with_message(self, task_id: str) -> TaskWithMessage | None:
        """Returns what ``find`` does, and the newest message about the task, by one statement."""
        query = _SELECT_WITH_MESSAGE.where(self._is_own(), _has_id(task_id), TaskRow.deleted_at.is_(None))
        found = (await self._session.execute(query)).one_or_none()
        if found is None:
            return None
        row, status, last_error = found
        return TaskWithMessage(row, None if status is None else NewestMessage(status, last_error))

    async def find_intent(self, spare_id: str, *, is_locked: bool = False) -> TaskRow | None:
        """Returns the task with this spare id, deleted or not."""
        query = select(TaskRow).where(self._is_own(), TaskRow.id == spare_id)
        if is_locked:
            query = query.with_for_update()
        return (await self._session.scalars(query)).one_or_none()

    async def seen_running(self, spare_ids: Sequence[str]) -> set[str]:
        """Returns which of these tasks have ``running`` in their history."""
        query = select(TaskEventRow.task_id).where(
            TaskEventRow.tenant_id == self._tenant_id,
            TaskEventRow.task_id.in_(spare_ids),
            TaskEventRow.status == TaskStatus.RUNNING,
        )
        return set(await self._session.scalars(query))

    async def following(self, after: str | None, *, limit: int, is_descending: bool) -> Sequence[TaskRow]:
        """Returns live tasks in the order of their creation.

        Args:
            after: the id of the task that they follow, deleted or not; None: from the beginning.
            limit: the largest number of tasks.
            is_descending: whether the newest come first.

        Raises:
            NotFoundError: 404, there has never been such a task.
        """
        query = select(TaskRow).where(self._is_own(), TaskRow.deleted_at.is_(None)).limit(limit)
        place = tuple_(TaskRow.created_at, TaskRow.id)
        if after is not None:
            last = select(TaskRow.created_at, TaskRow.id).where(self._is_own(), _has_id(after))
            anchor = (await self._session.execute(last)).one_or_none()
            if anchor is None:
                raise unknown_task()
            anchor_place = tuple_(*(literal(value) for value in anchor))
            query = query.where(place < anchor_place if is_descending else place > anchor_place)
        columns = (TaskRow.created_at, TaskRow.id)
        order = [column.desc() for column in columns] if is_descending else [*columns]
        return (await self._session.scalars(query.order_by(*order))).all()

    async def claim_poll(self, spare_id: str, *, now: datetime, min_age: timedelta) -> bool:
        """Claims a poll of a task, unless it was polled within ``min_age``; returns whether it was claimed."""
        statement = (
            update(TaskRow)
            .where(
                self._is_own(),
                TaskRow.id == spare_id,
                *_not_polled_since(now - min_age),
            )
            .values(asked_at=now)
            .returning(TaskRow.id)
        )
        return (await self._session.scalar(statement)) is not None

    def _is_own(self) -> ColumnElement[bool]:
        return TaskRow.tenant_id == self._tenant_id


class AllTasks:
    """The tasks of all tenants, for background jobs."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim_due(
        self, channel_id: str, tier: str, *, due_before: datetime, until: datetime, limit: int
    ) -> list[TaskRow]:
        """Returns unfinished tasks of a channel and a service tier that are due, and leases them.

        Other processes skip the rows; they are due again at ``until``, should this process die.
        """
        due = (
            select(TaskRow)
            .where(TaskRow.next_poll_at <= due_before, *_is_polled(channel_id), _is_in_tier(tier))
            .order_by(TaskRow.next_poll_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = list(await self._session.scalars(due))
        for row in rows:
            row.next_poll_at = until
        return rows

    async def count_due(self, channel_id: str, *, now: datetime, limit: int) -> int:
        """Returns how many tasks of a channel are due; counts up to ``limit``."""
        due = select(TaskRow.id).where(TaskRow.next_poll_at <= now, *_is_polled(channel_id))
        # Without an order, what is due on other channels could make the planner read the whole table.
        due = due.order_by(TaskRow.next_poll_at).limit(limit)
        return await self._session.scalar(select(func.count()).select_from(due.subquery())) or 0

    async def count_unfinished(self, channel_id: str, tier: str) -> int:
        """Returns how many unfinished tasks of a channel the upstream knows in a service tier."""
        conditions = (TaskRow.next_poll_at.is_not(None), *_is_polled(channel_id), _is_in_tier(tier))
        return await self._session.scalar(select(func.count()).select_from(TaskRow).where(*conditions)) or 0

    async def with_upstream_ids(self, channel_id: str, upstream_ids: Sequence[str]) -> Sequence[TaskRow]:
        """Returns the live, unfinished tasks of a channel with these upstream ids, not locked."""
        query = select(TaskRow).where(
            TaskRow.upstream_id.in_(upstream_ids),
            TaskRow.channel_id == channel_id,
            TaskRow.next_poll_at.is_not(None),
            TaskRow.deleted_at.is_(None),
        )
        return (await self._session.scalars(query)).all()

    async def make_due(
        self,
        channel_id: str,
        tier: str,
        *,
        polled_before: datetime,
        now: datetime,
        created_after: datetime | None,
        created_until: datetime | None,
    ) -> None:
        """Makes unfinished tasks of a channel and a tier due that were created and last polled before a time.

        Claimed tasks stay claimed: they are polled anyway. Those that become due are the first to be claimed.

        Args:
            channel_id: the channel.
            tier: the service tier.
            polled_before: that time.
            now: the present moment.
            created_after: only tasks that were created later; None means all.
            created_until: only tasks that were created then or earlier; None means all.
        """
        is_created = [TaskRow.created_at < polled_before]
        if created_after is not None:
            is_created.append(TaskRow.created_at > created_after)
        if created_until is not None:
            is_created.append(TaskRow.created_at <= created_until)
        statement = (
            update(TaskRow)
            .where(
                TaskRow.next_poll_at > polled_before,
                TaskRow.next_poll_at <= now + MAX_POLL_INTERVAL,
                *_is_polled(channel_id),
                _is_in_tier(tier),
                *is_created,
                or_(TaskRow.polled_at.is_(None), TaskRow.polled_at < polled_before),
            )
            .values(next_poll_at=polled_before)
        )
        await self._session.execute(statement)

    async def release(self, rows: Sequence[TaskRow], *, due_at: datetime) -> None:
        """Makes claimed tasks due that were not polled, except those that another process polled meanwhile."""
        claims = [(row.tenant_id, row.id, row.next_poll_at) for row in rows]
        is_claimed = tuple_(TaskRow.tenant_id, TaskRow.id, TaskRow.next_poll_at).in_(claims)
        locked = (
            select(TaskRow.tenant_id, TaskRow.id)
            .where(is_claimed)
            .order_by(TaskRow.tenant_id, TaskRow.id)
            .with_for_update()
        )
        found = list(await self._session.execute(locked))
        is_found = tuple_(TaskRow.tenant_id, TaskRow.id).in_(found)
        await self._session.execute(update(TaskRow).where(is_found).values(next_poll_at=due_at))

    async def claim_polls(self, rows: Sequence[TaskRow], *, now: datetime, min_age: timedelta) -> set[tuple[str, str]]:
        """Claims polls of tasks, except those that were polled within ``min_age``; returns the keys of the claimed."""
        keys = [(row.tenant_id, row.id) for row in rows]
        # Locked in one order, so that two processes that claim the same tasks do not wait for each other.
        locked = (
            select(TaskRow.tenant_id, TaskRow.id)
            .where(tuple_(TaskRow.tenant_id, TaskRow.id).in_(keys), *_not_polled_since(now - min_age))
            .order_by(TaskRow.tenant_id, TaskRow.id)
            .with_for_update()
        )
        found = {(tenant_id, task_id) for tenant_id, task_id in await self._session.execute(locked)}
        is_found = tuple_(TaskRow.tenant_id, TaskRow.id).in_(found)
        await self._session.execute(update(TaskRow).where(is_found).values(asked_at=now))
        return found

    async def touch(self, rows: Sequence[TaskRow], *, polled_at: datetime, now: datetime) -> set[tuple[str, str]]:
        """Writes that tasks were polled and are as their rows say.

        Returns:
            The keys of the rows that were written; the others have changed since they were read.
        """
        values = {
            "tenant_ids": [row.tenant_id for row in rows],
            "ids": [row.id for row in rows],
            "versions": [row.updated_at for row in rows],
            "next_poll_ats": [next_poll_after(row.created_at, now) for row in rows],
        }
        written = await self._session.execute(_TOUCH, {**values, "polled_at": polled_at, "now": now})
        return {(tenant_id, task_id) for tenant_id, task_id in written}

    async def lock(self, rows: Sequence[TaskRow]) -> Sequence[TaskRow]:
        """Returns the current rows of tasks without the deleted ones, locked in the order of their keys."""
        keys = [(row.tenant_id, row.id) for row in rows]
        query = (
            select(TaskRow)
            .where(tuple_(TaskRow.tenant_id, TaskRow.id).in_(keys), TaskRow.deleted_at.is_(None))
            .order_by(TaskRow.tenant_id, TaskRow.id)
            .with_for_update()
        )
        return (await self._session.scalars(query)).all()

    async def lock_due(self, *, now: datetime, created_before: datetime, limit: int) -> Sequence[TaskRow]:
        """Returns due, unfinished tasks created before a time, on any channel; locked."""
        query = (
            select(TaskRow)
            .where(TaskRow.next_poll_at <= now, TaskRow.created_at < created_before, TaskRow.upstream_id.is_not(None))
            .order_by(TaskRow.created_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return (await self._session.scalars(query)).all()


async def load_task(sessions: async_sessionmaker[AsyncSession], tenant_id: str, task_id: str) -> TaskWithMessage:
    """Returns a tenant's live task, read in its own transaction, and adds its channel to the request's log line.

    Raises:
        NotFoundError: 404, there is none, or it is another tenant's.
    """
    async with sessions.begin() as session:
        found = await TaskRepository(session, tenant_id).find_with_message(task_id)
    if found is None:
        raise unknown_task()
    add_log_fields(channel=found.row.channel_id)
    return found


async def find_older_key(session: AsyncSession, tenant_id: str, key: str) -> OlderKey | None:
    """Returns the ``Idempotency-Key`` that a version before 0007 of the schema wrote into a task's row.

    Deleted tasks are included. Later versions write the key there, too, beside its own row.
    """
    query = select(TaskRow.id, TaskRow.request_hash, TaskRow.created_at).where(
        TaskRow.tenant_id == tenant_id, TaskRow.idempotency_key == key
    )
    row = (await session.execute(query)).one_or_none()
    return None if row is None else OlderKey(row.id, row.request_hash, row.created_at)


def is_of_model(spellings: Collection[str]) -> ColumnElement[bool]:
    """The condition that a task's model has one of these names, be it the public or the upstream's."""
    return or_(TaskRow.model.in_(spellings), TaskRow.upstream_model.in_(spellings))


def _is_polled(channel_id: str) -> list[ColumnElement[bool]]:
    return [TaskRow.channel_id == channel_id, TaskRow.upstream_id.is_not(None)]


def _is_in_tier(tier: str) -> ColumnElement[bool]:
    """The condition that a task is listed in this tier; what has neither name is listed in the default one."""
    # A constant, since a plan for any value expects that hardly a task is not of it.
    flex: ColumnElement[str] = literal_column(f"'{FLEX}'")
    return TaskRow.service_tier == flex if tier == FLEX else TaskRow.service_tier != flex


def _not_polled_since(moment: datetime) -> list[ColumnElement[bool]]:
    return [or_(at.is_(None), at <= moment) for at in (TaskRow.asked_at, TaskRow.polled_at)]


def has_status(statuses: Iterable[TaskStatus]) -> ColumnElement[bool]:
    """The condition that a task has one of these statuses.

    They are constants of the statement: with parameters, a prepared plan could not use a partial index.
    """
    return TaskRow.status.in_([literal_column(f"'{status.value}'") for status in statuses])


def _has_id(task_id: str) -> ColumnElement[bool]:
    return or_(TaskRow.id == task_id, TaskRow.upstream_id == task_id)
