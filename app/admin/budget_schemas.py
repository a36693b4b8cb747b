"""Schemas of budgets."""

from datetime import datetime
from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import BaseModel, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from app.http.schemas import RequestModel
from app.money.budgets.repository import BudgetState
from app.money.time_zones import MAX_NAME_LENGTH

MAX_AMOUNT_MICROS = 10**15
"""A thousand million units: far from where sums in the database would end."""

_AMOUNT = "in millionths of `currency`"
_IS_HARD = "true: a create that could exceed it is refused; false: it passes, and the operator is notified"

_Amount = Annotated[int, Field(ge=1, le=MAX_AMOUNT_MICROS, description=_AMOUNT)]
_Id = Annotated[str, Field(min_length=1, max_length=200)]


def _refuse(_value: Any) -> NoReturn:
    raise ValueError("it cannot be changed, because what has been counted would be wrong; create another budget")


_Fixed = SkipJsonSchema[Annotated[None, BeforeValidator(_refuse)]]


class BudgetCreate(RequestModel):
    """Body of ``POST /budgets``."""

    tenant_id: _Id
    key_id: _Id | None = Field(default=None, description="only the creates of this key, and of those that replace it")
    amount_micros: _Amount
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="of a price in the list, such as `CNY`")]
    period: Literal["day", "month", "total"]
    time_zone: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)] = Field(
        default="UTC", description="IANA name, of the calendar of `day` and `month`"
    )
    is_hard: bool = Field(default=True, description=_IS_HARD)


class BudgetPatch(RequestModel):
    """Body of ``PATCH /budgets/{id}``: absent members are left unchanged."""

    amount_micros: _Amount = 1
    is_hard: bool = Field(default=True, description=_IS_HARD)
    tenant_id: _Fixed = None
    key_id: _Fixed = None
    currency: _Fixed = None
    period: _Fixed = None
    time_zone: _Fixed = None


class BudgetView(BaseModel):
    """A budget, and what is spent of it in its current period."""

    id: str
    tenant_id: str
    key_id: str | None = Field(description="null: the creates of all keys of the tenant count")
    amount_micros: int = Field(description=_AMOUNT)
    currency: str
    period: str
    time_zone: str
    is_hard: bool = Field(description=_IS_HARD)
    used_micros: int = Field(description="what the period's tasks cost that have ended")
    held_micros: int = Field(description="the most that its unfinished tasks may cost")
    left_micros: int = Field(description="what a create may still cost at most")
    period_starts_at: datetime | None = Field(description="null for `total`")
    period_ends_at: datetime | None = Field(description="null for `total`")
    created_at: datetime

    @classmethod
    def of_state(cls, state: BudgetState) -> Self:
        """Returns the view of a budget."""
        return cls(**state.shown(), created_at=state.row.created_at)
