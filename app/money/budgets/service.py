"""Use cases of budgets. Every change writes its audit row in the same transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, Target, record
from app.errors import ConflictError, InvalidParameterError, NotFoundError
from app.http.paging import PageRequest
from app.ids import new_id
from app.money.budgets.notices import forget_marks
from app.money.budgets.period import Period
from app.money.budgets.repository import AllBudgets, BudgetRepository, BudgetState, period_of, states_of
from app.money.models import BudgetRow
from app.money.prices.service import PriceCatalog
from app.money.time_zones import check_time_zone
from app.tenants.changes import check_tenant_found
from app.tenants.repository import AllKeys, AllTenants

MAX_BUDGETS_PER_TENANT = 20
"""How many budgets a tenant may have, those of its keys among them: each create is counted in all that apply."""


BeginPeriod = Callable[[AsyncSession, BudgetRow, Period], Awaitable[None]]
"""Makes a period of a new budget; the ledger, which says what was used in it, is on a floor above."""


class BudgetService:
    """Administers the budgets of all tenants. The rows it returns are detached."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        prices: PriceCatalog,
        clock: Callable[[], datetime],
        *,
        begin_period: BeginPeriod,
    ) -> None:
        self._sessions = sessions
        self._prices = prices
        self._clock = clock
        self._begin_period = begin_period

    async def create(
        self,
        actor: Actor,
        *,
        tenant_id: str,
        key_id: str | None = None,
        amount_micros: int,
        currency: str,
        period: str,
        time_zone: str,
        is_hard: bool,
    ) -> BudgetState:
        """Creates a budget. What its current period has cost so far counts, and each create from now on.

        Raises:
            NotFoundError: 404, no such tenant or key.
            InvalidParameterError: 400, the key is another tenant's, no price is in the currency, or there is no such
                time zone.
            ConflictError: 409, the key is revoked, or the tenant has as many budgets as it may have.
        """
        _check_time_zone(time_zone)
        await self._check_currency(currency)
        now = self._clock()
        row = BudgetRow(
            id=new_id("bud"),
            tenant_id=tenant_id,
            key_id=key_id,
            amount_micros=amount_micros,
            currency=currency,
            period=period,
            time_zone=time_zone,
            is_hard=is_hard,
            created_at=now,
        )
        async with self._sessions.begin() as session:
            # Locked, so that concurrent requests cannot make more budgets than there may be.
            check_tenant_found(await AllTenants(session).lock(tenant_id))
            if key_id is not None:
                row.successor_ids = await _check_key(session, tenant_id, key_id)
            if await BudgetRepository(session, tenant_id).count() >= MAX_BUDGETS_PER_TENANT:
                raise ConflictError(
                    "InvalidAction",
                    f"The tenant has {MAX_BUDGETS_PER_TENANT} budgets, and may not have more; delete one first.",
                )
            session.add(row)
            record(session, actor, "budget.create", _target_of(row), at=now, **_described(row))
            await session.flush()
            await self._begin_period(session, row, period_of(row, now))
            (state,) = await states_of(session, [row], now)
        return state

    async def page(self, page: PageRequest, *, tenant_id: str | None, key_id: str | None) -> Sequence[BudgetState]:
        """Returns budgets newest first, one more than asked when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._sessions() as session:
            rows = await AllBudgets(session).page(page, tenant_id=tenant_id, key_id=key_id)
            return await states_of(session, rows, self._clock())

    async def get(self, budget_id: str) -> BudgetState:
        """Returns a budget.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions() as session:
            row = _check_found(await AllBudgets(session).find(budget_id))
            (state,) = await states_of(session, [row], self._clock())
        return state

    async def of_caller(self, tenant_id: str, key_id: str) -> Sequence[BudgetState]:
        """Returns the budgets in which the creates of a key count."""
        async with self._sessions() as session:
            rows = await BudgetRepository(session, tenant_id).of_key(key_id)
            return await states_of(session, rows, self._clock())

    async def update(self, actor: Actor, budget_id: str, changes: Mapping[str, Any]) -> BudgetState:
        """Changes ``amount_micros`` or ``is_hard``, within a second on every process.

        What is used and held stays: a smaller amount may be used up at once. The operator is notified of the marks of a
        new amount again.

        Raises:
            NotFoundError: 404.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            row = _check_found(await AllBudgets(session).lock(budget_id))
            before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
            for name in before:
                setattr(row, name, changes[name])
            if before:
                after = {name: changes[name] for name in before}
                record(session, actor, "budget.update", _target_of(row), at=now, before=before, after=after)
            if "amount_micros" in before:
                await forget_marks(session, row, now)
            (state,) = await states_of(session, [row], now)
        return state

    async def delete(self, actor: Actor, budget_id: str) -> None:
        """Deletes a budget, within a second on every process.

        Raises:
            NotFoundError: 404.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            row = _check_found(await AllBudgets(session).lock(budget_id))
            (state,) = await states_of(session, [row], now)
            row.deleted_at = now
            spent = {"used_micros": state.used_micros, "held_micros": state.held_micros}
            record(session, actor, "budget.delete", _target_of(row), at=now, **_described(row), **spent)

    async def _check_currency(self, currency: str) -> None:
        listed = sorted({price.currency for price in await self._prices.stored()})
        if currency not in listed:
            raise InvalidParameterError(
                "currency",
                "The parameter `currency` is not valid: no create would count, because the price list has no price in "
                f"{currency}, only in {', '.join(listed) or 'no currency at all'}.",
            )


async def end_budgets(session: AsyncSession, tenant_id: str, now: datetime) -> None:
    """Deletes a tenant's budgets, in the transaction that deletes the tenant; what was spent of them stays."""
    await BudgetRepository(session, tenant_id).end_all(now)


async def _check_key(session: AsyncSession, tenant_id: str, key_id: str) -> list[str]:
    """Returns the keys that have replaced a key; a trigger adds those that will (revision 0029 of the schema)."""
    key = await AllKeys(session).find(key_id)
    if key is None:
        raise NotFoundError("The specified key is not found.", field="key_id", param="key_id")
    if key.tenant_id != tenant_id:
        raise InvalidParameterError("key_id", "The parameter `key_id` is not valid: the key is of another tenant.")
    if key.revoked_at is not None:
        raise ConflictError("InvalidAction", "The key is revoked; give the budget to one that works.")
    return list(await AllKeys(session).successors(key))


def _check_time_zone(name: str) -> None:
    try:
        check_time_zone(name)
    except ValueError as error:
        raise InvalidParameterError("time_zone", f"The parameter `time_zone` is not valid: {error}") from None


def _check_found(row: BudgetRow | None) -> BudgetRow:
    if row is None:
        raise NotFoundError("The specified budget is not found.", field="budget_id", param="budget_id")
    return row


def _target_of(row: BudgetRow) -> Target:
    return Target("budget", row.id, row.tenant_id, {"key_id": row.key_id} if row.key_id is not None else {})


def _described(row: BudgetRow) -> dict[str, Any]:
    names = ("amount_micros", "currency", "period", "time_zone", "is_hard")
    return {name: getattr(row, name) for name in names}
