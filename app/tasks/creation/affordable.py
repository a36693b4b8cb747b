"""Which channels a create can be paid on, and what it asks of budgets there."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from app.channels.channel import Channel
from app.errors import AccountOverdueError
from app.limits.caps import Cap
from app.money.budgets.budget import Budget, Hold
from app.money.budgets.directory import BudgetDirectory
from app.money.budgets.holds import MissingPeriodError
from app.money.budgets.period import period_at
from app.money.budgets.refusals import BudgetRefusals
from app.money.budgets.service import BudgetService
from app.money.prices.index import Unpriced
from app.tasks.creation.cap_room import CapRoom
from app.tasks.creation.expected_cost import ExpectedCost
from app.tasks.schemas import DryRunBudget, DryRunCap, DryRunLimits, Estimate
from app.tenants.principal import Principal
from app.tenants.schemas import CallerBudget, CallerCap
from app.usage.budget_periods import BudgetPeriods

_MAX_LAST_HOLDS = 4096


@dataclass(frozen=True, slots=True)
class Affordable:
    """The channels that a create can be paid on, in the order of trying.

    Attributes:
        channels: at least one.
        holds: what the create asks of budgets on each of them, by its id; empty: no budget counts it.
    """

    channels: Sequence[Channel]
    holds: Mapping[str, Sequence[Hold]]


class CreateBudgets:
    """Finds the budgets that count a create. One per process."""

    def __init__(
        self,
        directory: BudgetDirectory,
        periods: BudgetPeriods,
        refusals: BudgetRefusals,
        service: BudgetService,
        cap_room: CapRoom,
    ) -> None:
        """``service`` and ``cap_room`` show what is left, for a dry run."""
        self._directory = directory
        self._periods = periods
        self._refusals = refusals
        self._service = service
        self._cap_room = cap_room
        # By the ids of budgets: the creates of a client are mostly alike. Two holds took 10 µs of a create, and take 1.
        self._last_holds: dict[str, Hold] = {}

    @contextmanager
    def noting_refusals(self) -> Iterator[None]:
        """Notes for the operator which budget refuses a create, and looks for periods anew when one is missing."""
        try:
            yield
        except MissingPeriodError:
            self._periods.forget()
            raise
        except AccountOverdueError as error:
            if error.period is not None:
                self._refusals.note(error.period)
            raise

    async def of(self, principal: Principal) -> Sequence[Budget]:
        """Returns the budgets of a caller's key and tenant; most have none."""
        return await self._directory.of(principal.tenant_id, principal.key_id)

    async def preview(
        self, principal: Principal, estimates: Sequence[Estimate], caps: Sequence[Cap]
    ) -> DryRunLimits | None:
        """Returns what would limit a create now; holds and writes nothing. None: nothing limits it.

        Args:
            principal: the caller.
            estimates: of the accounts that may take the create, in their order.
            caps: on unfinished tasks, that count it.
        """
        states = await self._service.of_caller(principal.tenant_id, principal.key_id)
        if not states and not caps:
            return None
        left = await self._cap_room.left(principal, caps)
        hard = {state.row.currency for state in states if state.row.is_hard}
        affordable = [
            each for each in estimates if not hard or (each.price_micros is not None and each.currency in hard)
        ]
        cost, currency = (affordable[0].price_micros, affordable[0].currency) if affordable else (None, None)
        budgets = [
            DryRunBudget(
                **CallerBudget.of_shown(state.shown()).model_dump(),
                would_hold_micros=cost,
                fits=cost <= state.left_micros,
            )
            for state in states
            if cost is not None and state.row.currency == currency
        ]
        return DryRunLimits(
            fits=bool(affordable) and all(budget.fits for budget in budgets if budget.is_hard) and all(left),
            budgets=budgets,
            unfinished_tasks=[
                DryRunCap(**cap.model_dump(), fits=cap.left > 0) for cap in CallerCap.of_caps(caps, left)
            ],
        )

    async def plan(
        self,
        budgets: Sequence[Budget],
        channels: Sequence[Channel],
        costs: Mapping[str, ExpectedCost],
        at: datetime,
    ) -> Affordable:
        """Leaves out the channels on which a hard budget could not count a create, and computes its holds.

        A create counts in the budgets in the currency of its price. A period that begins with it is made.

        Args:
            budgets: of the caller, at least one.
            channels: that may take the create.
            costs: of the create on each of them, by its id.
            at: when it is created, which decides on the period.

        Raises:
            AccountOverdueError: 403, no channel is left.
        """
        hard = {budget.currency for budget in budgets if budget.is_hard}
        left: list[Channel] = []
        holds: dict[str, Sequence[Hold]] = {}
        left_out: list[ExpectedCost] = []
        for channel in channels:
            cost = costs[channel.id]
            if hard and (cost.micros is None or cost.currency not in hard):
                left_out.append(cost)
                continue
            left.append(channel)
            holds[channel.id] = self._holds(budgets, cost, at)
        if not left:
            raise _unaffordable(hard, left_out)
        await self._periods.ensure(budgets[0].tenant_id, [hold for asked in holds.values() for hold in asked])
        return Affordable(left, holds)

    def _holds(self, budgets: Sequence[Budget], cost: ExpectedCost, at: datetime) -> Sequence[Hold]:
        micros = cost.micros
        if micros is None:
            return ()
        return [self._hold(budget, at, micros) for budget in budgets if budget.currency == cost.currency]

    def _hold(self, budget: Budget, at: datetime, micros: int) -> Hold:
        last = self._last_holds.get(budget.id)
        if last is not None and last.budget is budget and last.amount_micros == micros and at in last.period:
            return last
        if len(self._last_holds) >= _MAX_LAST_HOLDS:
            self._last_holds.clear()
        hold = Hold(budget, period_at(budget.kind, budget.time_zone, at), micros)
        self._last_holds[budget.id] = hold
        return hold


def _unaffordable(hard: set[str], left_out: Sequence[ExpectedCost]) -> AccountOverdueError:
    reasons = dict.fromkeys(
        str(each.cost)
        if isinstance(each.cost, Unpriced)
        else f"it is billed in {each.currency}, for which there is none"
        for each in left_out
    )
    return AccountOverdueError(
        f"There are hard budgets in {' and '.join(sorted(hard))}, and no account that may take this request can be "
        f"counted in one: {'; '.join(reasons)}."
    )
