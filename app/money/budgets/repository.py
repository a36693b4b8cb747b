"""Queries on budgets and on what is spent of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Select, cast, func, or_, select, true, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.http.paging import PageRequest, newest_first
from app.money.budgets.period import Period, PeriodKind, period_at
from app.money.models import BudgetPeriodRow, BudgetRow
from app.money.time_zones import open_time_zone


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget, and what is spent of it in one period.

    Attributes:
        row: the budget.
        period: the period.
        used_micros: what the tasks cost that were created in the period and have ended.
        held_micros: the most that its unfinished tasks may cost.
    """

    row: BudgetRow
    period: Period
    used_micros: int
    held_micros: int

    @property
    def left_micros(self) -> int:
        """What may still be held; a settlement may have exceeded its hold, and there is never less than nothing."""
        return max(0, self.row.amount_micros - self.used_micros - self.held_micros)

    def shown(self) -> dict[str, Any]:
        """Returns what is shown of the budget: to the operator, to its tenant and in messages."""
        row, ends_at = self.row, self.period.ends_at
        return {
            "id": row.id,
            "tenant_id": row.tenant_id,
            "key_id": row.key_id,
            "amount_micros": row.amount_micros,
            "currency": row.currency,
            "period": row.period,
            "time_zone": row.time_zone,
            "is_hard": row.is_hard,
            "used_micros": self.used_micros,
            "held_micros": self.held_micros,
            "left_micros": self.left_micros,
            "period_starts_at": None if ends_at is None else self.period.starts_at,
            "period_ends_at": ends_at,
        }


def period_of(row: BudgetRow, at: datetime) -> Period:
    """Returns the period of a budget in which a create of that time counts."""
    return period_at(PeriodKind(row.period), open_time_zone(row.time_zone), at)


async def states_of(session: AsyncSession, rows: Sequence[BudgetRow], at: datetime) -> list[BudgetState]:
    """Returns budgets with what is spent in their periods of that time, in the same order."""
    periods = [period_of(row, at) for row in rows]
    wanted = [(row.id, period.starts_at) for row, period in zip(rows, periods, strict=True)]
    query = select(BudgetPeriodRow).where(tuple_(BudgetPeriodRow.budget_id, BudgetPeriodRow.starts_at).in_(wanted))
    found = {row.budget_id: row for row in await session.scalars(query)}
    return [
        BudgetState(row, period, spent.used_micros if spent else 0, spent.held_micros if spent else 0)
        for row, period in zip(rows, periods, strict=True)
        for spent in (found.get(row.id),)
    ]


class AllBudgets:
    """The budgets of all tenants that are in force, for the operator."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, budget_id: str) -> BudgetRow | None:
        """Returns the budget, or None if there is none or it was deleted."""
        found: BudgetRow | None = await self._session.scalar(_in_force(BudgetRow.id == budget_id))
        return found

    async def lock(self, budget_id: str) -> BudgetRow | None:
        """Returns the budget, locked against changes; creates are still counted in it."""
        query = _in_force(BudgetRow.id == budget_id).with_for_update(key_share=True)
        found: BudgetRow | None = await self._session.scalar(query)
        return found

    async def fullest(self, now: datetime, *, limit: int) -> list[BudgetState]:
        """Returns the budgets of which the largest share is used or held in their periods of that time."""
        newest = (
            select(BudgetPeriodRow)
            .where(BudgetPeriodRow.budget_id == BudgetRow.id, BudgetPeriodRow.starts_at <= now)
            .order_by(BudgetPeriodRow.starts_at.desc())
            .limit(1)
            .lateral()
        )
        spent = newest.c.used_micros + newest.c.held_micros
        query = (
            _in_force(or_(newest.c.ends_at.is_(None), newest.c.ends_at > now))
            .join(newest, true())
            .order_by((spent / cast(BudgetRow.amount_micros, Numeric)).desc(), BudgetRow.id)
            .limit(limit)
        )
        return await states_of(self._session, (await self._session.scalars(query)).all(), now)

    async def page(
        self, page: PageRequest, *, tenant_id: str | None = None, key_id: str | None = None
    ) -> Sequence[BudgetRow]:
        """Returns budgets newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        conditions: list[ColumnElement[bool]] = [BudgetRow.deleted_at.is_(None)]
        if tenant_id is not None:
            conditions.append(BudgetRow.tenant_id == tenant_id)
        if key_id is not None:
            conditions.append(_is_of(key_id))
        return await newest_first(self._session, BudgetRow, conditions, page)


def _is_of(key_id: str) -> ColumnElement[bool]:
    """The condition that a budget was given to a key or to one that it replaces."""
    return or_(BudgetRow.key_id == key_id, BudgetRow.successor_ids.contains([key_id]))


class BudgetRepository:
    """One tenant's budgets that are in force."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def of_key(self, key_id: str) -> Sequence[BudgetRow]:
        """Returns those in which the creates of a key count, in the order of their ids."""
        counts = or_(BudgetRow.key_id.is_(None), _is_of(key_id))
        query = _in_force(BudgetRow.tenant_id == self._tenant_id, counts)
        return (await self._session.scalars(query.order_by(BudgetRow.id))).all()

    async def count(self) -> int:
        """Returns how many there are."""
        query = _in_force(BudgetRow.tenant_id == self._tenant_id)
        return await self._session.scalar(select(func.count()).select_from(query.subquery())) or 0

    async def end_all(self, now: datetime) -> None:
        """Deletes all of them."""
        ended = update(BudgetRow).where(BudgetRow.tenant_id == self._tenant_id, BudgetRow.deleted_at.is_(None))
        await self._session.execute(ended.values(deleted_at=now))


def _in_force(*conditions: ColumnElement[bool]) -> Select[BudgetRow]:
    return select(BudgetRow).where(BudgetRow.deleted_at.is_(None), *conditions)
