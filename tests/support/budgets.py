"""Budgets of tests, and what is used and held of them."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import new_id
from app.money.models import BudgetHoldRow, BudgetPeriodRow, BudgetRow
from app.usage.budget_periods import differing_periods
from app.usage.models import LedgerRow
from tests.support.gateway import Gateway, Tenant

FIXED: dict[str, Any] = {"resolution": "720p", "ratio": "16:9", "duration": 5}
"""The parameters of a task whose cost is known exactly."""

FIXED_TOKENS = 108_900
FIXED_MICROS = 5_009_400
"""What such a task costs in yuan, in millionths."""

_bodies = itertools.count(1)


class Standing(NamedTuple):
    """One period of a budget; the amounts are in millionths."""

    used: int
    held: int


def number() -> dict[str, Any]:
    """Returns parameters of ``FIXED`` with a seed that no other create has, so that none repeats another one."""
    return {**FIXED, "seed": next(_bodies)}


async def new_budget(gateway: Gateway, tenant: Tenant, amount_micros: int, **fields: Any) -> str:
    """Gives a tenant a budget, in force at once; by default a hard one in CNY for all time. Returns its id."""
    values = {"key_id": None, "currency": "CNY", "period": "total", "time_zone": "UTC", "is_hard": True, **fields}
    row = BudgetRow(
        id=new_id("bud"), tenant_id=tenant.id, amount_micros=amount_micros, created_at=gateway.clock(), **values
    )
    async with gateway.sessions.begin() as session:
        session.add(row)
    gateway.expire_caches()
    return row.id


async def standings(gateway: Gateway, budget_id: str) -> list[Standing]:
    """Returns the periods of a budget, oldest first."""
    async with gateway.sessions() as session:
        query = select(BudgetPeriodRow.used_micros, BudgetPeriodRow.held_micros)
        rows = await session.execute(query.where(BudgetPeriodRow.budget_id == budget_id).order_by("starts_at"))
        return [Standing(*row) for row in rows]


async def standing(gateway: Gateway, budget_id: str) -> Standing:
    """Returns the only period of a budget."""
    (found,) = await standings(gateway, budget_id)
    return found


async def holds_of(session: AsyncSession, tenant: Tenant) -> Sequence[tuple[str, int]]:
    """Returns the budget and the amount of each hold of a tenant's tasks."""
    query = select(BudgetHoldRow.budget_id, BudgetHoldRow.amount_micros)
    rows = await session.execute(query.where(BudgetHoldRow.tenant_id == tenant.id))
    return [(budget_id, amount) for budget_id, amount in rows]


async def check_derived(gateway: Gateway) -> None:
    """Checks that every period is what the ledger and the holds say."""
    async with gateway.sessions() as session:
        assert await differing_periods(session) == []


async def spent(gateway: Gateway, tenant: Tenant) -> int:
    """Returns what the ledger says that a tenant's tasks cost."""
    async with gateway.sessions() as session:
        query = select(func.coalesce(func.sum(LedgerRow.cost_micros), 0)).where(LedgerRow.tenant_id == tenant.id)
        return int(await session.scalar(query) or 0)


async def ledger_of(gateway: Gateway, tenant: Tenant) -> list[dict[str, Any]]:
    """Returns every row of a tenant in the ledger, with all its columns, oldest first."""
    async with gateway.sessions() as session:
        query = select(LedgerRow.__table__).where(LedgerRow.tenant_id == tenant.id).order_by(LedgerRow.id)
        return [dict(row) for row in (await session.execute(query)).mappings()]
