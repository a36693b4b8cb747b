"""Corrects what the ledger says of a task, by a row of its own, and the sums that are derived from the ledger."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, Target, record
from app.errors import ConflictError, NotFoundError
from app.money.amounts import cost_micros
from app.usage.budget_periods import rebuild_periods
from app.usage.models import LedgerKind, LedgerRow


class UsageCorrections:
    """Corrections of any tenant's usage, for the operator."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def correct(self, actor: Actor, task_id: str, *, total_tokens: int, note: str) -> LedgerRow:
        """Makes the rows of a task add up to what it cost; returns the row that was added.

        The price stays that of the task's creation. Writes the audit row ``usage.correct`` in the same transaction.

        Args:
            actor: the operator.
            task_id: our own id of the task, or the upstream's.
            total_tokens: what the upstream bills for it.
            note: why.

        Raises:
            NotFoundError: 404, no such task has ended.
            ConflictError: 409, the ledger says so already.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            rows = await _rows_of(session, task_id)
            settlement = rows[0]
            tokens = sum(row.total_tokens or 0 for row in rows)
            is_known = any(row.total_tokens is not None for row in rows)
            if is_known and tokens == total_tokens:
                raise ConflictError("InvalidAction", "The ledger has these tokens for the task already.")
            correction = _correction(settlement, note=note, now=now)
            correction.total_tokens = total_tokens - tokens
            if (price := settlement.micros_per_million_tokens) is not None:
                # Not the cost of the difference: each is rounded up, and their sum has to be the cost of the whole.
                correction.cost_micros = cost_micros(total_tokens, price) - sum(row.cost_micros or 0 for row in rows)
            session.add(correction)
            await session.flush()
            target = Target("task", settlement.task_id, settlement.tenant_id)
            before = tokens if is_known else None
            record(session, actor, "usage.correct", target, at=now, before=before, after=total_tokens, note=note)
        return correction

    async def rebuild_budgets(self, actor: Actor) -> int:
        """Computes the sums of all budgets from the ledger and the holds; returns how many periods were different.

        Writes the audit row ``usage.rebuild``.
        """
        count = await rebuild_periods(self._sessions)
        async with self._sessions.begin() as session:
            record(session, actor, "usage.rebuild", Target("usage", "budgets"), at=self._clock(), periods=count)
        return count


async def _rows_of(session: AsyncSession, task_id: str) -> list[LedgerRow]:
    """Returns the settlement of a task, locked, and its corrections after it.

    Raises:
        NotFoundError: 404, there is none.
    """
    found = select(LedgerRow).where(
        LedgerRow.kind == LedgerKind.SETTLEMENT.value,
        or_(LedgerRow.task_id == task_id, LedgerRow.upstream_id == task_id),
    )
    settlement = (await session.scalars(found.with_for_update())).one_or_none()
    if settlement is None:
        raise NotFoundError("No task with this id has ended.", field="task_id", param="task_id")
    others = select(LedgerRow).where(
        LedgerRow.tenant_id == settlement.tenant_id,
        LedgerRow.task_id == settlement.task_id,
        LedgerRow.kind == LedgerKind.CORRECTION.value,
    )
    return [settlement, *await session.scalars(others.order_by(LedgerRow.id))]


def _correction(settlement: LedgerRow, *, note: str, now: datetime) -> LedgerRow:
    """Returns a row like the settlement, without tokens and cost."""
    return LedgerRow(
        kind=LedgerKind.CORRECTION.value,
        tenant_id=settlement.tenant_id,
        key_id=settlement.key_id,
        task_id=settlement.task_id,
        upstream_id=settlement.upstream_id,
        channel_id=settlement.channel_id,
        model=settlement.model,
        upstream_model=settlement.upstream_model,
        resolution=settlement.resolution,
        service_tier=settlement.service_tier,
        has_video_input=settlement.has_video_input,
        has_audio=settlement.has_audio,
        status=settlement.status,
        web_searches=0,
        currency=settlement.currency,
        micros_per_million_tokens=settlement.micros_per_million_tokens,
        is_estimated=False,
        note=note,
        created_at=settlement.created_at,
        settled_at=now,
    )
