"""Schemas of the summary."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.admin.budget_schemas import BudgetView
from app.http.schemas import RowView


class ActView(RowView):
    """What ends a finding."""

    method: str | None = Field(description="of the route; null when no route ends it")
    path: str | None = Field(description="of the route, below `/admin/v1`; `{task_id}` is to be chosen")
    body: dict[str, Any] | None
    command: str = Field(description="the command that does the same, or that has to run")


class SubjectView(RowView):
    """The object that a finding is about."""

    type: str = Field(description="`channel`, `endpoint` or `budget`")
    id: str = Field(description="of an endpoint its origin")
    name: str | None = Field(description="of the channel, or of the tenant")
    tenant_id: str | None


class FindingView(RowView):
    """One thing that needs a human."""

    kind: str = Field(description="a stable word, such as `unknown_outcome`")
    severity: Literal["act", "watch"] = Field(description="`watch`: the gateway itself is still at it")
    count: int
    since: datetime | None = Field(description="since when the oldest of them is so")
    subject: SubjectView | None
    reason: str | None = Field(description="a code or a sentence that says more; it may be the upstream's")
    see: str | None = Field(description="the route below `/admin/v1` that shows them")
    act: ActView


class SpentView(RowView):
    """What was spent in one currency."""

    currency: str | None = Field(description="null: what has no price")
    cost_micros: int = Field(description="in millionths of `currency`")
    total_tokens: int
    tasks: int = Field(description="tasks that have ended")
    unpriced_tasks: int = Field(description="tasks that cost tokens for which the list had no price")


class SpendView(BaseModel):
    """What the tasks cost that were created in the day and the month of a time zone and have ended."""

    time_zone: str
    day_begins_at: datetime
    month_begins_at: datetime
    today: list[SpentView]
    month: list[SpentView]


class PointView(RowView):
    """What was created in one hour or day."""

    begins_at: datetime
    tasks: int = Field(description="how many tasks, unfinished ones included")
    unfinished: int
    ended: dict[str, int] = Field(description="the others, by status")
    total_tokens: int = Field(description="of those that have ended")
    costs: dict[str, int] = Field(description="in millionths, by currency")


class SeriesView(BaseModel):
    """Tasks and tokens over time, oldest first; the last point is not over."""

    unit: Literal["hour", "day"]
    ends_at: datetime
    points: list[PointView]


class TasksView(BaseModel):
    """Tasks by status."""

    unfinished: dict[str, int] = Field(description="at this moment")
    ended: dict[str, int] = Field(description="of those that were created within the series")


class SummaryView(BaseModel):
    """The state of the gateway. The role `billing` is shown only money: the rest is null."""

    at: datetime
    findings: list[FindingView] | None = Field(description="what needs a human, the most urgent first")
    tasks: TasksView | None
    spend: SpendView
    budgets: list[BudgetView] = Field(description="the fullest ones, at most fifty")
    series: SeriesView
