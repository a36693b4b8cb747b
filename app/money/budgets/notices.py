"""Messages to the operator about budgets of which 80 per cent are spent, or all that there is, or that refuse a create.

A refusal is apart from the marks: one create that is too large says nothing of what is spent. A mark is written into
the period and its message into the outbox in one transaction, so that each message exists once for a budget, its
amount, a period and a mark, whatever process dies. What counts holds and settlements does not know of marks; this job
compares them with the amounts.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.money.budgets.period import Period
from app.money.budgets.repository import BudgetState, period_of
from app.money.models import BudgetPeriodRow, BudgetRow
from app.tenants.models import ApiKeyRow, TenantRow
from app.webhooks.outbox import enqueue_for_operator

MARKS: Mapping[int, str] = {80: "budget.warning", 100: "budget.exhausted"}
"""The event of each mark, by the percentage of the amount that is used or held."""

REFUSED = "budget.refused"
"""The event of a create that could cost more than what is left, while something is."""

LATE = timedelta(days=8)
"""For so long after its end a period is looked at: its last tasks are settled by then."""

_BATCH = 100

_log = structlog.get_logger()


class BudgetNotices:
    """Notifies the operator. Any number of processes may run one."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime], *, origin: str
    ) -> None:
        """``origin`` is that of the operator's endpoint."""
        self._sessions = sessions
        self._clock = clock
        self._origin = origin

    async def run_once(self) -> None:
        """Writes the messages that are due."""
        while await self._write_some():
            pass

    async def _write_some(self) -> int:
        """Writes the messages of some periods in one transaction; returns how many periods there were.

        A period that another process looks at is skipped, and is looked at again by the next run.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            rows = (await session.execute(_due(now).limit(_BATCH))).all()
            for row in rows:
                budget, period, reached = row[0], row[1], row[2]
                due = [mark for mark in MARKS if period.warned_percent < mark <= reached]
                bodies = [_message(MARKS[mark], mark, row, now) for mark in due]
                if period.refused_at is not None and not period.is_refusal_told:
                    # Of a budget that is all spent the operator knows that it refuses every create.
                    if reached < max(MARKS):
                        bodies.append(_message(REFUSED, _spent_percent(budget, period), row, now))
                    period.is_refusal_told = True
                period.warned_percent = max(period.warned_percent, reached)
                for body in bodies:
                    enqueue_for_operator(session, origin=self._origin, budget_id=budget.id, body=body, now=now)
                    told = {"event_type": body["type"], "percent": body["data"]["percent"]}
                    _log.warning("budget_notice", budget=budget.id, tenant=budget.tenant_id, **told)
        return len(rows)


async def forget_marks(session: AsyncSession, budget: BudgetRow, now: datetime) -> None:
    """Lets the current period of a budget reach its marks anew, in the transaction that changes its amount.

    A mark that is reached with the new amount, too, makes no second message.
    """
    current = (
        BudgetPeriodRow.budget_id == BudgetRow.id,
        BudgetRow.id == budget.id,
        BudgetPeriodRow.starts_at == period_of(budget, now).starts_at,
    )
    still_reached = func.least(BudgetPeriodRow.warned_percent, _spent_mark())
    change = (
        update(BudgetPeriodRow)
        .where(*current)
        .values(warned_percent=still_reached, refused_at=None, is_refusal_told=False)
    )
    await session.flush()
    await session.execute(change.execution_options(synchronize_session=False))


def _due(now: datetime) -> Select[BudgetRow, BudgetPeriodRow, int, str, str | None]:
    """Selects the periods with a mark or a refusal of which the operator was not notified, locked."""
    reached = _spent_mark()
    return (
        select(BudgetRow, BudgetPeriodRow, reached, TenantRow.name, ApiKeyRow.name)
        .join_from(BudgetPeriodRow, BudgetRow, BudgetRow.id == BudgetPeriodRow.budget_id)
        .join(TenantRow, TenantRow.id == BudgetRow.tenant_id)
        .outerjoin(ApiKeyRow, ApiKeyRow.id == BudgetRow.key_id)
        .where(
            BudgetRow.deleted_at.is_(None),
            or_(BudgetPeriodRow.ends_at.is_(None), BudgetPeriodRow.ends_at > now - LATE),
            or_(
                reached > BudgetPeriodRow.warned_percent,
                BudgetPeriodRow.refused_at.is_not(None) & ~BudgetPeriodRow.is_refusal_told,
            ),
        )
        .with_for_update(of=BudgetPeriodRow, skip_locked=True)
    )


def _spent_mark() -> ColumnElement[int]:
    """Returns the highest mark that is reached by what is used and held, or 0."""
    spent = BudgetPeriodRow.used_micros + BudgetPeriodRow.held_micros
    # Rounded up, and without a product of what is spent, which has no limit.
    marks = [(spent >= (BudgetRow.amount_micros * mark + 99) // 100, mark) for mark in sorted(MARKS, reverse=True)]
    return case(*marks, else_=0)


def _spent_percent(budget: BudgetRow, period: BudgetPeriodRow) -> int:
    """Returns how much of the amount is used or held, rounded down."""
    return (period.used_micros + period.held_micros) * 100 // budget.amount_micros


def _message(
    event: str, percent: int, row: Row[BudgetRow, BudgetPeriodRow, int, str, str | None], now: datetime
) -> dict[str, Any]:
    """Returns the body of a message."""
    budget, period, _, tenant_name, key_name = row
    state = BudgetState(
        budget, Period(period.starts_at, period.ends_at), used_micros=period.used_micros, held_micros=period.held_micros
    )
    shown = {name: _to_json(value) for name, value in state.shown().items()}
    names = {"tenant_name": tenant_name, "key_name": key_name}
    return {
        "type": event,
        "timestamp": _to_json(now),
        "data": {"percent": percent, "has_refused": period.refused_at is not None, "budget": shown | names},
    }


def _to_json(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
