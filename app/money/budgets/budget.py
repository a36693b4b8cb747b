"""A budget, what a create asks of it, and whether there is room for that. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.errors import AccountOverdueError
from app.money.amounts import to_units
from app.money.budgets.period import Period, PeriodKind

PeriodKey = tuple[str, datetime]
"""Identifies a period: the budget's id, and the first moment."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a tenant, or one of its keys, may spend in a period; see ``app.money.models.BudgetRow``."""

    id: str
    tenant_id: str
    key_id: str | None
    successor_ids: frozenset[str]
    currency: str
    kind: PeriodKind
    time_zone: ZoneInfo
    is_hard: bool

    def counts(self, key_id: str) -> bool:
        """Whether the creates of a key of its tenant count in it."""
        return self.key_id is None or self.key_id == key_id or key_id in self.successor_ids


@dataclass(frozen=True, slots=True)
class Hold:
    """What one create asks of one budget: the most that it may cost.

    Attributes:
        budget: in the currency of the create's price.
        period: that of the create.
        amount_micros: in millionths of the currency.
        key: identifies the period in which it counts.
    """

    budget: Budget
    period: Period
    amount_micros: int
    key: PeriodKey = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.budget.id, self.period.starts_at))


@dataclass(slots=True)
class Room:
    """What a period has room for; its row is locked.

    Attributes:
        amount_micros: of the budget, as it is now.
        taken_micros: what is used and held.
        is_hard: whether it refuses what it has no room for.
        is_in_force: the budget was not deleted meanwhile.
    """

    amount_micros: int
    taken_micros: int
    is_hard: bool
    is_in_force: bool

    @property
    def left_micros(self) -> int:
        """How much can be held yet."""
        return max(0, self.amount_micros - self.taken_micros)


def first_refused(holds: Iterable[Hold], rooms: Mapping[PeriodKey, Room]) -> Hold | None:
    """Returns the hold for which a hard budget has no room, or None when all can be taken."""
    for hold in holds:
        room = rooms[hold.key]
        if room.is_in_force and room.is_hard and room.taken_micros + hold.amount_micros > room.amount_micros:
            return hold
    return None


def take(holds: Sequence[Hold], rooms: Mapping[PeriodKey, Room]) -> Sequence[Hold]:
    """Adds holds to their periods; returns those whose budgets are in force."""
    taken = [hold for hold in holds if rooms[hold.key].is_in_force]
    for hold in taken:
        rooms[hold.key].taken_micros += hold.amount_micros
    return taken


def overdue(hold: Hold, room: Room) -> AccountOverdueError:
    """Returns the error for a create whose hold is refused: 403, which names the budget, its end and what is left."""
    budget, ends_at = hold.budget, hold.period.ends_at
    owner = "tenant" if budget.key_id is None else "API key"
    span = "in all" if budget.kind is PeriodKind.TOTAL else f"a {budget.kind.value}"
    end = "does not end" if ends_at is None else f"ends at {ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return AccountOverdueError(
        f"The budget {budget.id} of this {owner}, {to_units(room.amount_micros)} {budget.currency} {span}, has "
        f"{to_units(room.left_micros)} {budget.currency} left, and the request may cost "
        f"{to_units(hold.amount_micros)} {budget.currency}. Its period {end}.",
        period=hold.key,
    )
