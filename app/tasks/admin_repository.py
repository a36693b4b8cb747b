"""Queries of the operator for tasks of all tenants and for orphans."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.models import ChannelRow
from app.db.page import PLAN_FOR_VALUES
from app.http.paging import PageRequest, not_a_cursor
from app.tasks.models import OrphanRow, TaskEventRow, TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import ListedTask
from app.tasks.recovery.attribution_rules import may_match
from app.tasks.repository import has_status, is_of_model

_POSITION_SEPARATOR = " "
_WITHOUT_TASK = (TaskStatus.SUBMITTING.value, TaskStatus.UNKNOWN.value, TaskStatus.FAILED.value)
# Longer than any request is under way; it only narrows down the rows that are then compared.
_MAX_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class TaskSearch:
    """Filter of a list; None or empty means all.

    Attributes:
        tenant_id: the owner.
        status: as stored: ``queued`` excludes ``submitting`` and ``unknown``.
        models: names of models, public or upstream ones.
        channel: name or id.
    """

    tenant_id: str | None = None
    status: TaskStatus | None = None
    models: tuple[str, ...] = ()
    channel: str | None = None


class TaskWithChannel(NamedTuple):
    """A task and the name of its channel, if it has one."""

    row: TaskRow
    channel_name: str | None


class OrphanWithCandidates(NamedTuple):
    """An upstream task without an owner, and our ids of the tasks that it may be."""

    row: OrphanRow
    possible_tasks: list[str]


class AdminTaskRepository:
    """The tasks of all tenants, deleted ones included."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, task_id: str) -> TaskWithChannel | None:
        """Returns the task with this id of the upstream or of ours."""
        query = _SELECT.where(or_(TaskRow.id == task_id, TaskRow.upstream_id == task_id))
        found = (await self._session.execute(query)).one_or_none()
        return None if found is None else TaskWithChannel(*found)

    async def page(self, page: PageRequest, wanted: TaskSearch) -> Sequence[TaskWithChannel]:
        """Returns tasks newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        query = _SELECT.where(*_conditions(wanted))
        if wanted.channel is not None:
            query = query.where(TaskRow.channel_id == await self._channel_id(wanted.channel))
        if page.after is not None:
            query = query.where(tuple_(TaskRow.created_at, TaskRow.id) < _to_position(page.after, parts=1))
        query = query.order_by(TaskRow.created_at.desc(), TaskRow.id.desc()).limit(page.limit + 1)
        await self._session.execute(PLAN_FOR_VALUES)
        return [TaskWithChannel(*found) for found in await self._session.execute(query)]

    async def _channel_id(self, channel: str) -> str:
        """Returns the id of the channel with this id or name."""
        named = select(ChannelRow.id).where(ChannelRow.name == channel, ChannelRow.deleted_at.is_(None))
        return await self._session.scalar(named) or channel

    async def history(self, row: TaskRow) -> Sequence[TaskEventRow]:
        """Returns every change of a task's status, oldest first."""
        query = (
            select(TaskEventRow)
            .where(TaskEventRow.tenant_id == row.tenant_id, TaskEventRow.task_id == row.id)
            .order_by(TaskEventRow.id)
        )
        return (await self._session.scalars(query)).all()


class AdminOrphanRepository:
    """The upstream tasks without an owner on all channels, for the operator."""

    def __init__(self, session: AsyncSession, *, grace: timedelta) -> None:
        """``grace`` is how long after its cut a create may still become a task."""
        self._session = session
        self._grace = grace

    async def page(self, page: PageRequest) -> Sequence[OrphanWithCandidates]:
        """Returns orphans newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        place = tuple_(OrphanRow.created_at, OrphanRow.channel_id, OrphanRow.upstream_id)
        query = select(OrphanRow)
        if page.after is not None:
            query = query.where(place < _to_position(page.after, parts=2))
        query = query.order_by(
            OrphanRow.created_at.desc(), OrphanRow.channel_id.desc(), OrphanRow.upstream_id.desc()
        ).limit(page.limit + 1)
        orphans = (await self._session.scalars(query)).all()
        intents = await self._intents_around(orphans)
        return [OrphanWithCandidates(row, self._candidates(row, intents[row.channel_id])) for row in orphans]

    async def _intents_around(self, orphans: Sequence[OrphanRow]) -> dict[str | None, list[TaskRow]]:
        """Returns, by channel, the tasks without an upstream id that were created within a day of an orphan."""
        by_channel: dict[str | None, list[TaskRow]] = defaultdict(list)
        if not orphans:
            return by_channel
        times = [row.created_at for row in orphans]
        query = (
            select(TaskRow)
            .where(
                TaskRow.channel_id.in_({row.channel_id for row in orphans}),
                TaskRow.upstream_id.is_(None),
                TaskRow.status.in_(_WITHOUT_TASK),
                TaskRow.created_at.between(min(times) - _MAX_WINDOW, max(times) + _MAX_WINDOW),
            )
            .order_by(TaskRow.created_at, TaskRow.id)
        )
        for row in await self._session.scalars(query):
            by_channel[row.channel_id].append(row)
        return by_channel

    def _candidates(self, orphan: OrphanRow, intents: Iterable[TaskRow]) -> list[str]:
        task = ListedTask(
            id=orphan.upstream_id,
            model=orphan.model,
            service_tier=orphan.service_tier,
            status=orphan.status,
            created_at=orphan.created_at,
            tag=None,
        )
        return [row.id for row in intents if may_match(row, task, offset=timedelta(0), grace=self._grace)]


def task_cursor(found: TaskWithChannel) -> str:
    """Returns the cursor after a task, which stays valid if the task is deleted."""
    return _POSITION_SEPARATOR.join((found.row.created_at.isoformat(), found.row.id))


def orphan_cursor(found: OrphanWithCandidates) -> str:
    """Returns the cursor after an orphan, which stays valid if the orphan is deleted."""
    row = found.row
    return _POSITION_SEPARATOR.join((row.created_at.isoformat(), row.channel_id, row.upstream_id))


_SELECT = select(TaskRow, ChannelRow.name).outerjoin(ChannelRow, ChannelRow.id == TaskRow.channel_id)


def _conditions(wanted: TaskSearch) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.tenant_id is not None:
        conditions.append(TaskRow.tenant_id == wanted.tenant_id)
    if wanted.status is not None:
        conditions.append(has_status([wanted.status]))
    if wanted.models:
        conditions.append(is_of_model(wanted.models))
    return conditions


def _to_position(cursor: str, *, parts: int) -> tuple[datetime | str, ...]:
    moment, *ids = cursor.split(_POSITION_SEPARATOR)
    try:
        created_at = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError):
        ids = []
    if len(ids) != parts:
        raise not_a_cursor()
    return created_at, *ids
