"""Queries of the operator for tasks of all tenants and for orphans."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.archive.models import ArchiveCopyRow
from app.channels.models import ChannelRow
from app.db.page import PLAN_FOR_VALUES, select_newest
from app.http.paging import ALWAYS, PageRequest, Period, not_a_cursor
from app.tasks.models import OrphanRow, TaskEventRow, TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import ListedTask
from app.tasks.recovery.attribution_rules import DATED_MODEL, is_dated, may_match, window_of
from app.tasks.repository import has_status, is_of_model
from app.tenants.models import ApiKeyRow
from app.usage.models import LedgerRow

_POSITION_SEPARATOR = " "
_WITHOUT_TASK = (TaskStatus.SUBMITTING.value, TaskStatus.UNKNOWN.value, TaskStatus.FAILED.value)
# Longer than any request is under way: what is further apart does not belong together.
_MAX_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class TaskSearch:
    """Filter of a list; None or empty means all.

    Attributes:
        task_id: the upstream's id or our own.
        tenant_id: the owner.
        status: as stored: ``queued`` excludes ``submitting`` and ``unknown``.
        models: names of models, public or upstream ones.
        channel: name or id.
        key_id: the API key that made the task.
        period: when the task was made.
    """

    task_id: str | None = None
    tenant_id: str | None = None
    status: TaskStatus | None = None
    models: tuple[str, ...] = ()
    channel: str | None = None
    key_id: str | None = None
    period: Period = ALWAYS


@dataclass(frozen=True)
class OrphanSearch:
    """Filter of a list; None means all.

    Attributes:
        upstream_id: the upstream's id of the orphan.
        task_id: our own id of a task of which it may be the upstream's; such a task has no other id.
    """

    upstream_id: str | None = None
    task_id: str | None = None


class TaskWithChannel(NamedTuple):
    """A task and the name of its channel, if it has one."""

    row: TaskRow
    channel_name: str | None


class TaskDetail(NamedTuple):
    """A task with all that is known of it.

    Attributes:
        found: the task.
        history: every change of its status, oldest first.
        ledger: its rows, oldest first; none until it has ended.
        copies: of its files in the archive.
    """

    found: TaskWithChannel
    history: Sequence[TaskEventRow]
    ledger: Sequence[LedgerRow]
    copies: Sequence[ArchiveCopyRow]


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
        query = _SELECT.where(_has_id(task_id))
        found = (await self._session.execute(query)).one_or_none()
        return None if found is None else TaskWithChannel(*found)

    async def spare_id(self, task_id: str) -> str:
        """Returns our own id of the task that the upstream calls so; a text that is no such id is returned as it is."""
        found = await self._session.scalar(select(TaskRow.id).where(TaskRow.upstream_id == task_id))
        return found or task_id

    async def page(self, page: PageRequest, wanted: TaskSearch) -> Sequence[TaskWithChannel]:
        """Returns tasks newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        conditions = _conditions(wanted)
        if wanted.channel is not None:
            conditions.append(TaskRow.channel_id == await self._channel_id(wanted.channel))
        if wanted.key_id is not None:
            # No index begins with the key; its tenant's list has it.
            owner = await self._session.scalar(select(ApiKeyRow.tenant_id).where(ApiKeyRow.id == wanted.key_id))
            conditions += [TaskRow.tenant_id == (owner or ""), TaskRow.key_id == wanted.key_id]
        if page.after is not None:
            conditions.append(tuple_(TaskRow.created_at, TaskRow.id) < _to_position(page.after, parts=1))
        await self._session.execute(PLAN_FOR_VALUES)
        rows = (await self._session.scalars(select_newest(TaskRow, conditions, limit=page.limit + 1))).all()
        names = await self._channel_names({row.channel_id for row in rows if row.channel_id is not None})
        return [TaskWithChannel(row, names.get(row.channel_id or "")) for row in rows]

    async def _channel_names(self, channel_ids: Collection[str]) -> dict[str, str]:
        query = select(ChannelRow.id, ChannelRow.name).where(ChannelRow.id.in_(channel_ids))
        return {channel_id: name for channel_id, name in await self._session.execute(query)}  # noqa: C416 - a row is no pair to mypy

    async def _channel_id(self, channel: str) -> str:
        """Returns the id of the channel with this id or name."""
        named = select(ChannelRow.id).where(ChannelRow.name == channel, ChannelRow.deleted_at.is_(None))
        return await self._session.scalar(named) or channel

    async def detail(self, found: TaskWithChannel) -> TaskDetail:
        """Returns a task with its history, its rows of the ledger and its copies."""
        row = found.row
        events = (
            select(TaskEventRow)
            .where(TaskEventRow.tenant_id == row.tenant_id, TaskEventRow.task_id == row.id)
            .order_by(TaskEventRow.id)
        )
        entries = (
            select(LedgerRow)
            .where(LedgerRow.tenant_id == row.tenant_id, LedgerRow.task_id == row.id)
            .order_by(LedgerRow.id)
        )
        copies = (
            select(ArchiveCopyRow)
            .where(ArchiveCopyRow.tenant_id == row.tenant_id, ArchiveCopyRow.task_id == row.id)
            .order_by(ArchiveCopyRow.member)
        )
        return TaskDetail(
            found,
            (await self._session.scalars(events)).all(),
            (await self._session.scalars(entries)).all(),
            (await self._session.scalars(copies)).all(),
        )


class AdminOrphanRepository:
    """The upstream tasks without an owner on all channels, for the operator."""

    def __init__(self, session: AsyncSession, *, grace: timedelta) -> None:
        """``grace`` is how long after its cut a create may still become a task."""
        self._session = session
        self._grace = grace

    async def page(self, page: PageRequest, wanted: OrphanSearch) -> Sequence[OrphanWithCandidates]:
        """Returns orphans newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        after = None if page.after is None else _to_position(page.after, parts=2)
        query = select(OrphanRow)
        if wanted.upstream_id is not None:
            query = query.where(OrphanRow.upstream_id == wanted.upstream_id)
        if wanted.task_id is not None:
            intent = await self._intent(wanted.task_id)
            if intent is None:
                return []
            query = query.where(*self._may_match(intent))
        found = await self._following(query, after, limit=page.limit + 1)
        # The intent may have got its task since it was read.
        return [orphan for orphan in found if wanted.task_id in (None, *orphan.possible_tasks)]

    async def _following(
        self, query: Select[OrphanRow], after: tuple[datetime | str, ...] | None, *, limit: int
    ) -> list[OrphanWithCandidates]:
        place = (OrphanRow.created_at, OrphanRow.channel_id, OrphanRow.upstream_id)
        if after is not None:
            query = query.where(tuple_(*place) < after)
        query = query.order_by(*(column.desc() for column in place)).limit(limit)
        orphans = (await self._session.scalars(query)).all()
        intents = await self._intents_around(orphans)
        return [OrphanWithCandidates(row, self._candidates(row, intents[row.channel_id])) for row in orphans]

    async def _intent(self, task_id: str) -> TaskRow | None:
        """Returns the task with this id, if an orphan may be its upstream task."""
        query = select(TaskRow).where(TaskRow.id == task_id, *_IS_INTENT)
        return (await self._session.scalars(query)).one_or_none()

    def _may_match(self, intent: TaskRow) -> list[ColumnElement[bool]]:
        """Returns as conditions of a query what ``_candidates`` asks of an orphan and this intent."""
        begins_at, ends_at = window_of(intent, grace=self._grace)
        conditions = [
            OrphanRow.channel_id == intent.channel_id,
            OrphanRow.created_at.between(intent.created_at - _MAX_WINDOW, intent.created_at + _MAX_WINDOW),
            OrphanRow.created_at >= begins_at,
        ]
        if ends_at is not None:
            conditions.append(OrphanRow.created_at <= ends_at)
        if is_dated(intent.upstream_model):
            is_of_another_model = OrphanRow.model.regexp_match(f"^(?:{DATED_MODEL})$")
            conditions.append(or_(OrphanRow.model == intent.upstream_model, ~is_of_another_model))
        return conditions

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
                *_IS_INTENT,
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
        return [
            row.id
            for row in intents
            if abs(row.created_at - orphan.created_at) <= _MAX_WINDOW
            and may_match(row, task, offset=timedelta(0), grace=self._grace)
        ]


def task_cursor(found: TaskWithChannel) -> str:
    """Returns the cursor after a task, which stays valid if the task is deleted."""
    return _POSITION_SEPARATOR.join((found.row.created_at.isoformat(), found.row.id))


def orphan_cursor(found: OrphanWithCandidates) -> str:
    """Returns the cursor after an orphan, which stays valid if the orphan is deleted."""
    created_at, *ids = _place_of(found.row)
    return _POSITION_SEPARATOR.join((created_at.isoformat(), *ids))


def _place_of(row: OrphanRow) -> tuple[datetime, str, str]:
    return row.created_at, row.channel_id, row.upstream_id


_IS_INTENT = (TaskRow.upstream_id.is_(None), TaskRow.status.in_(_WITHOUT_TASK))
_SELECT = select(TaskRow, ChannelRow.name).outerjoin(ChannelRow, ChannelRow.id == TaskRow.channel_id)


def _has_id(task_id: str) -> ColumnElement[bool]:
    return or_(TaskRow.id == task_id, TaskRow.upstream_id == task_id)


def _conditions(wanted: TaskSearch) -> list[ColumnElement[bool]]:
    conditions = wanted.period.conditions(TaskRow.created_at)
    if wanted.task_id is not None:
        conditions.append(_has_id(wanted.task_id))
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
