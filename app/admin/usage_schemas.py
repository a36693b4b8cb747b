"""Schemas of corrections of the ledger, and of its comparison.

``GET /admin/v1/usage/check`` answers one JSON object a line.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.http.schemas import RequestModel

_MAX_TOKENS = 2**53


class UsageCorrect(RequestModel):
    """Body of ``POST /usage/corrections``."""

    task_id: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="our own id of the task, or the upstream's"
    )
    total_tokens: Annotated[int, Field(ge=0, le=_MAX_TOKENS)] = Field(
        description="what the upstream bills for the whole task; not the difference"
    )
    note: Annotated[str, Field(min_length=1, max_length=500)] = Field(description="why, for who reads the ledger")


class UsageDifference(BaseModel):
    """A task whose rows in the ledger, own row and upstream task do not agree in their tokens."""

    type: Literal["difference"] = "difference"
    kind: Literal["upstream", "task", "not_settled"] = Field(
        description="the ledger has other tokens than the upstream, or than the task's row; or no row at all"
    )
    tenant_id: str | None
    task_id: str | None = Field(description="our own id")
    upstream_id: str | None
    ledger_tokens: int | None = Field(description="with corrections; null when there is no figure")
    other_tokens: int | None = Field(description="of the upstream, or of the task's row")
    is_estimated: bool


class UsageEstimate(BaseModel):
    """A task that was settled at its hold, because its usage was never seen, and has not been corrected.

    It is no difference: nothing says another figure.
    """

    type: Literal["estimate"] = "estimate"
    tenant_id: str
    task_id: str = Field(description="our own id")
    upstream_id: str | None
    status: str = Field(description="how the task ended")
    ledger_tokens: int | None = Field(description="the most that it was expected to cost; null when that is not known")


class BudgetDifference(BaseModel):
    """A period of a budget whose sums are not what follows from the ledger and the holds; in millionths."""

    model_config = ConfigDict(from_attributes=True)

    type: Literal["budget"] = "budget"
    tenant_id: str
    budget_id: str
    starts_at: datetime
    used_micros: int
    ledger_micros: int = Field(description="what the ledger says of the tasks that were created in the period")
    held_micros: int
    holds_micros: int = Field(description="the holds of unfinished tasks")


class RebuiltSums(BaseModel):
    """Answer of ``POST /usage/rebuild``."""

    periods: int = Field(description="periods of budgets whose sums were different")


class UsageOrphan(BaseModel):
    """An upstream task that no tenant owns: in the upstream's bill, and in no row of the ledger."""

    type: Literal["orphan"] = "orphan"
    upstream_id: str
    channel_name: str
    model: str
    status: str
    total_tokens: int | None
    created_at: datetime | None


class UsageListEnd(BaseModel):
    """The end of one account's list.

    ``upstream_tokens`` is ``ledger_tokens``, ``unsettled_tokens`` and ``orphan_tokens`` together, unless there are
    differences or estimates.
    """

    type: Literal["list"] = "list"
    channel_id: str
    channel_name: str
    listed: int = Field(description="tasks of the last seven days")
    settled: int
    unsettled: int = Field(description="tasks whose end has not been seen yet")
    orphans: int
    upstream_tokens: int
    ledger_tokens: int
    unsettled_tokens: int
    orphan_tokens: int
    is_complete: bool = Field(description="false: something may be missing")
    problem: str | None = Field(description="why")
