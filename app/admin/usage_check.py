"""Compares the ledger with the rows of tasks, with the sums of budgets, and with the upstream's lists of seven days.

Nothing is written, and no transaction is open during the upstream calls, which respect each account's rate limits.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.admin.reconcile.report import (
    PACE,
    PROGRESS_SECONDS,
    TASKS_KEPT,
    Reconciliation,
    problem_of,
    wait_with_progress,
)
from app.admin.reconcile.schemas import Progress
from app.admin.usage_schemas import (
    BudgetDifference,
    UsageDifference,
    UsageEstimate,
    UsageListEnd,
    UsageOrphan,
)
from app.channels.channel import Channel, ChannelStatus
from app.core.leases import Lease
from app.tasks.context import TasksContext
from app.tasks.models import FINAL_STATUSES, TaskRow, TaskStatus
from app.tasks.recovery.account_snapshot import ListedTask, SnapshotReader
from app.tasks.recovery.repository import AllIntents
from app.tasks.repository import has_status
from app.usage.budget_periods import differing_periods
from app.usage.models import LedgerKind, LedgerRow

CheckLine = UsageDifference | UsageEstimate | BudgetDifference | UsageOrphan | UsageListEnd | Progress

_BATCH = 5000
# Our clock and the upstream's may differ, and an adopted task has the upstream's time.
_MARGIN = timedelta(days=1)
_FINAL = {status.value for status in FINAL_STATUSES}


class _Settled(NamedTuple):
    """The rows of one upstream task in the ledger, added up."""

    tenant_id: str
    task_id: str
    tokens: int | None
    is_estimated: bool


class UsageCheck:
    """Proves that the ledger, the tasks, the budgets and the upstream say the same, or names what differs."""

    def __init__(self, context: TasksContext, reconciliation: Reconciliation) -> None:
        """``reconciliation`` keeps two comparisons of an account from running at the same time."""
        self._context = context
        self._reconciliation = reconciliation
        self._snapshots = SnapshotReader(context)

    async def begin(self, channel: str | None) -> tuple[list[Channel], list[Lease]]:
        """Claims the comparison of all accounts, or of that of one channel; ``lines`` releases it.

        Raises:
            InvalidParameterError: 400, there is no such channel.
            ConflictError: 409, one of the accounts is being compared.
        """
        channels = await self._reconciliation.channels(channel)
        return channels, await self._reconciliation.begin(channels)

    async def lines(self, channels: Sequence[Channel], leases: list[Lease]) -> AsyncIterator[CheckLine]:
        """Yields what differs, what is estimated, upstream tasks without an owner, and the end of each list."""
        loop = asyncio.get_running_loop()
        extended_at = loop.time()
        try:
            async for line in self._lines(channels):
                if loop.time() - extended_at > PROGRESS_SECONDS:
                    extended_at = loop.time()
                    await self._reconciliation.extend(leases)
                yield line
        finally:
            await self._reconciliation.release(leases)

    async def _lines(self, channels: Sequence[Channel]) -> AsyncIterator[CheckLine]:
        since = self._context.clock() - TASKS_KEPT
        async with self._context.sessions() as session:
            differing = await _tasks_that_differ(session, since=since)
            periods = await differing_periods(session, since=since)
        for row in differing:
            yield _of_task(row)
        for period in periods:
            yield BudgetDifference.model_validate(period)
        listed: set[str] = set()
        for channel in channels:
            if channel.ark is None or listed & await self._context.directory.sharing(channel):
                continue
            listed.add(channel.id)
            async for line in self._account(channel, since):
                yield line

    async def _account(self, channel: Channel, since: datetime) -> AsyncIterator[CheckLine]:
        """Compares one account; channels of one account share its list."""
        end = _empty_end(channel)
        if channel.status != ChannelStatus.ACTIVE:
            end.problem = "the channel is suspended, so the upstream was not asked"
            yield end
            return
        assert channel.ark is not None  # noqa: S101 - checked by the caller
        reading = asyncio.create_task(self._snapshots.read(channel.id, channel.ark, since=since, pace=PACE))
        async for progress in wait_with_progress(reading, Progress(channel_name=channel.name, kind="task")):
            yield progress
        read = reading.result()
        tasks = sorted(read.tasks.values(), key=lambda task: task.id)
        for start in range(0, len(tasks), _BATCH):
            for line in await self._compare(channel, tasks[start : start + _BATCH], since, end):
                yield line
        end.is_complete = read.is_complete
        end.problem = None if read.is_complete else problem_of(read.error)
        yield end

    async def _compare(
        self, channel: Channel, tasks: Sequence[ListedTask], since: datetime, end: UsageListEnd
    ) -> list[CheckLine]:
        """Compares some listed tasks with the ledger, and adds them to the counts of their list."""
        ids = [task.id for task in tasks]
        async with self._context.sessions() as session:
            # The ledger last: a task that ends in between is then settled, and not called a difference.
            owned = await AllIntents(session).owned(ids)
            unfinished = await _unfinished(session, ids)
            settled = await _settled(session, ids, since=since)
        lines: list[CheckLine] = []
        for task in tasks:
            end.listed += 1
            tokens = _billed(task)
            end.upstream_tokens += tokens
            if (row := settled.get(task.id)) is not None:
                end.settled += 1
                end.ledger_tokens += row.tokens or 0
                if _says_usage(task) and row.tokens != tokens:
                    lines.append(_of_upstream(task, row))
            elif task.id in unfinished:
                end.unsettled += 1
                end.unsettled_tokens += tokens
            elif task.id in owned:
                lines.append(_of_upstream(task, None))
            else:
                end.orphans += 1
                end.orphan_tokens += tokens
                lines.append(_orphan(channel, task))
        return lines


async def _tasks_that_differ(session: AsyncSession, *, since: datetime) -> Sequence[Row[Any]]:
    """Returns the ended tasks since a time whose settlement is missing, or has other tokens than they.

    A task with a correction is not among them: the operator has said what it cost, whatever its own row says.
    """
    tokens = case((TaskRow.status == TaskStatus.SUCCEEDED.value, TaskRow.total_tokens), else_=0)
    is_its_row = and_(LedgerRow.tenant_id == TaskRow.tenant_id, LedgerRow.task_id == TaskRow.id)
    correction = aliased(LedgerRow)
    is_corrected = exists().where(
        correction.tenant_id == LedgerRow.tenant_id,
        correction.task_id == LedgerRow.task_id,
        correction.kind == LedgerKind.CORRECTION.value,
    )
    is_unlike = or_(LedgerRow.total_tokens.is_distinct_from(tokens), tokens.is_(None)) & ~is_corrected
    query = (
        select(
            TaskRow.tenant_id,
            TaskRow.id,
            TaskRow.upstream_id,
            TaskRow.status,
            tokens.label("task_tokens"),
            # What cost nothing by its status may have cost something before the upstream erased it.
            or_(TaskRow.status != TaskStatus.SUCCEEDED.value, TaskRow.total_tokens.is_(None)).label("is_unseen"),
            LedgerRow.id.label("ledger_id"),
            LedgerRow.total_tokens,
            LedgerRow.is_estimated,
        )
        .outerjoin(LedgerRow, is_its_row & (LedgerRow.kind == LedgerKind.SETTLEMENT.value))
        .where(
            TaskRow.created_at >= since,
            has_status(sorted(FINAL_STATUSES)),
            or_(LedgerRow.id.is_(None), is_unlike),
        )
        .order_by(TaskRow.created_at, TaskRow.id)
    )
    return (await session.execute(query)).all()


async def _settled(session: AsyncSession, upstream_ids: Sequence[str], *, since: datetime) -> dict[str, _Settled]:
    """Returns what the ledger says of upstream tasks, by their ids."""
    query = (
        select(
            LedgerRow.upstream_id,
            LedgerRow.tenant_id,
            LedgerRow.task_id,
            func.sum(LedgerRow.total_tokens),
            func.bool_or(LedgerRow.is_estimated),
        )
        .where(LedgerRow.created_at >= since - _MARGIN, LedgerRow.upstream_id.in_(upstream_ids))
        .group_by(LedgerRow.upstream_id, LedgerRow.tenant_id, LedgerRow.task_id)
    )
    return {
        str(upstream_id): _Settled(tenant_id, task_id, None if tokens is None else int(tokens), is_estimated)
        for upstream_id, tenant_id, task_id, tokens, is_estimated in await session.execute(query)
    }


async def _unfinished(session: AsyncSession, upstream_ids: Sequence[str]) -> set[str]:
    """Returns those of the ids whose tasks have not been seen ended."""
    unfinished = [status for status in TaskStatus if not status.is_final]
    query = select(TaskRow.upstream_id).where(TaskRow.upstream_id.in_(upstream_ids), has_status(unfinished))
    return {str(upstream_id) for upstream_id in await session.scalars(query)}


def _says_usage(task: ListedTask) -> bool:
    """Whether the upstream says what a task cost; a success without usage says nothing."""
    return task.status in _FINAL and (task.status != TaskStatus.SUCCEEDED.value or task.total_tokens is not None)


def _billed(task: ListedTask) -> int:
    return (task.total_tokens or 0) if task.status == TaskStatus.SUCCEEDED.value else 0


def _of_task(row: Row[Any]) -> UsageDifference | UsageEstimate:
    if row.is_unseen and row.is_estimated:
        return UsageEstimate(
            tenant_id=row.tenant_id,
            task_id=row.id,
            upstream_id=row.upstream_id,
            status=row.status,
            ledger_tokens=row.total_tokens,
        )
    return UsageDifference(
        kind="not_settled" if row.ledger_id is None else "task",
        tenant_id=row.tenant_id,
        task_id=row.id,
        upstream_id=row.upstream_id,
        ledger_tokens=row.total_tokens,
        other_tokens=row.task_tokens,
        is_estimated=bool(row.is_estimated),
    )


def _of_upstream(task: ListedTask, row: _Settled | None) -> UsageDifference:
    return UsageDifference(
        kind="not_settled" if row is None else "upstream",
        tenant_id=None if row is None else row.tenant_id,
        task_id=None if row is None else row.task_id,
        upstream_id=task.id,
        ledger_tokens=None if row is None else row.tokens,
        other_tokens=_billed(task),
        is_estimated=row is not None and row.is_estimated,
    )


def _orphan(channel: Channel, task: ListedTask) -> UsageOrphan:
    return UsageOrphan(
        upstream_id=task.id,
        channel_name=channel.name,
        model=task.model,
        status=task.status,
        total_tokens=task.total_tokens,
        created_at=task.created_at,
    )


def _empty_end(channel: Channel) -> UsageListEnd:
    counts = dict.fromkeys(
        (
            "listed",
            "settled",
            "unsettled",
            "orphans",
            "upstream_tokens",
            "ledger_tokens",
            "unsettled_tokens",
            "orphan_tokens",
        ),
        0,
    )
    return UsageListEnd(channel_id=channel.id, channel_name=channel.name, is_complete=False, problem=None, **counts)
