"""Schemas of the sums of the ledger, and of its rows in an export."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.http.paging import Page
from app.tenants.schemas import CallerBudget, CallerCap


class UsageSum(BaseModel):
    """What the tasks of one group used and cost, in one currency."""

    id: str | None = Field(description="the group: an id, a model's name, or a day such as 2030-01-31")
    name: str | None = Field(description="of the tenant, key or channel")
    tenant_id: str | None = Field(default=None, description="the same as `id`, of a group by tenant")
    key_id: str | None = Field(default=None, description="the same as `id`, of a group by key")
    model: str | None = Field(default=None, description="the same as `id`, of a group by model")
    channel_id: str | None = Field(default=None, description="the same as `id`, of a group by channel")
    day: str | None = Field(default=None, description="the same as `id`, of a group by day")
    total_tokens: int = Field(description="as the upstream bills them, with corrections")
    tasks: int = Field(description="tasks that have ended, whether they cost something or not")
    web_searches: int = Field(description="searches of the tool `web_search`, which the upstream bills apart")
    cost_micros: int | None = Field(description="in millionths of `currency`; null without a price")
    currency: str | None = Field(description="null: the tasks without a price")
    unpriced_tasks: int = Field(description="tasks that cost tokens for which the list had no price")
    unpriced_tokens: int = Field(description="their tokens")
    estimated_tasks: int = Field(description="tasks whose tokens or price the upstream did not tell")


class OwnUsage(Page[UsageSum]):
    """A tenant's own usage, and what limits it."""

    budgets: list[CallerBudget] = Field(description="in which creates with this key count, as they are now")
    unfinished_tasks: list[CallerCap] = Field(description="how many tasks may be unfinished; empty: any number")


class LedgerEntry(BaseModel):
    """A row of the ledger."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str = Field(description="`settlement`: the only one of its task; `correction`: is added to it")
    created_at: datetime = Field(description="when the task was created; the period to which it belongs")
    settled_at: datetime
    tenant_id: str
    key_id: str
    task_id: str = Field(description="our own id of the task")
    upstream_id: str | None
    channel_id: str | None
    model: str
    upstream_model: str
    resolution: str | None
    service_tier: str
    has_video_input: bool | None
    has_audio: bool | None
    status: str = Field(description="how the task ended")
    total_tokens: int | None = Field(description="null: not known, see `is_estimated`")
    web_searches: int
    currency: str | None
    micros_per_million_tokens: int | None = Field(description="the price when the task was created")
    cost_micros: int | None
    is_estimated: bool
    note: str | None
