"""The answers of the task routes, as ``/openapi.json`` describes them; ``app.tasks.responses`` builds them.

Source: the spec's "Response Fields"; ``priority`` and the members of ``usage`` follow the upstream's own documents.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from app.create_parameters import PARAMETERS
from app.http.schemas import RowView, drop_defaults
from app.tasks.models import TaskStatus
from app.tenants.schemas import CallerBudget, CallerCap
from app.webhooks.report import CallbackState

TASK_ID_EXAMPLE = "cgt-20260518175249-8x55h"

PUBLIC_STATUSES = sorted({status.public.value for status in TaskStatus})
"""The states of a task that a client sees."""

_Absent = SkipJsonSchema[None]
"""A member that is left out, never null."""


def _echoed(name: str) -> Any:
    """Returns the field of a parameter that a finished task shows."""
    return Field(default=None, description=PARAMETERS[name].description)


class _TaskPart(BaseModel):
    """A part of a task. The upstream may add members of its own."""

    model_config = ConfigDict(extra="allow", json_schema_extra=drop_defaults)


class Reason(_TaskPart):
    """Why a task failed, in the upstream's words unless they name the operator's account."""

    code: str
    message: str


class TaskContent(_TaskPart):
    """The links of a succeeded task."""

    video_url: str | _Absent = Field(default=None, description="serves at most 100 downloads")
    last_frame_url: str | _Absent = None
    expires_at: int | _Absent = Field(
        default=None, description="until when the URLs beside it work, Unix seconds; of the one that ends first"
    )


class ToolUsage(_TaskPart):
    """How often tools were used."""

    web_search: int | _Absent = None


class Usage(_TaskPart):
    """What a task used."""

    completion_tokens: int | _Absent = None
    prompt_tokens: int | _Absent = None
    total_tokens: int | _Absent = None
    tool_usage: ToolUsage | _Absent = None


class Task(_TaskPart):
    """A video task; what is not known yet is left out."""

    id: str = Field(examples=[TASK_ID_EXAMPLE])
    model: str = Field(description="what the model is called upstream")
    status: str = Field(json_schema_extra={"enum": [*PUBLIC_STATUSES]})
    error: Reason | None
    created_at: int = Field(description="Unix seconds")
    updated_at: int = Field(description="Unix seconds")
    content: TaskContent | _Absent = None
    usage: Usage | _Absent = None
    seed: int | _Absent = _echoed("seed")
    resolution: str | _Absent = _echoed("resolution")
    ratio: str | _Absent = _echoed("ratio")
    duration: int | _Absent = _echoed("duration")
    frames: int | _Absent = _echoed("frames")
    framespersecond: int | _Absent = None
    generate_audio: bool | _Absent = _echoed("generate_audio")
    service_tier: str | _Absent = _echoed("service_tier")
    execution_expires_after: int | _Absent = _echoed("execution_expires_after")
    priority: int | _Absent = _echoed("priority")


class Callback(BaseModel):
    """Where a callback_url was given: what became of the newest message there."""

    state: CallbackState
    last_error: str | None = Field(description="why the last try failed; null if none has")


class Archive(BaseModel):
    """Where the operator keeps copies: what became of the task's files; left out while none is made.

    The links of a stored copy are the gateway's. A failed or expired one shows the upstream's, which end by themselves.
    """

    state: Literal["stored", "failed", "expired"]
    last_error: str | None = Field(description="why a file could not be copied; null otherwise")


class ShownTask(Task):
    """A video task by its id."""

    callback: Callback | _Absent = None
    archive: Archive | _Absent = None


class ListedTask(Task):
    """A video task in a list."""

    archive: Archive | _Absent = None

    failure_reason: Reason | None = Field(default=None, description="of a failed task: the same as `error`")


class TaskPage(BaseModel):
    """A page of the tenant's tasks, newest first."""

    items: list[ListedTask]
    total: int


class CreatedTask(BaseModel):
    """The id of a new task."""

    id: str = Field(examples=[TASK_ID_EXAMPLE])


class AppliedPrice(RowView):
    """A row of the price list; null means any."""

    upstream_model: str
    resolution: str | None
    has_video_input: bool | None
    service_tier: str | None
    has_audio: bool | None
    currency: str
    micros_per_million_tokens: int
    valid_from: datetime


class Estimate(BaseModel):
    """What a create will cost at most. It costs nothing unless the task succeeds; searches are billed apart."""

    upstream_model: str
    tokens_max: int
    is_exact: bool = Field(description="whether a task that succeeds costs just `tokens_max`")
    currency: str = Field(description="in which the upstream bills the account", examples=["CNY"])
    price_micros: int | None = Field(description="at most, in millionths of `currency`; null: there is no price")
    price: AppliedPrice | None = Field(description="by which `price_micros` is computed; null: there is none")
    unpriced: str | None = Field(description="for what there is no price; null: it has one")


class DryRunBudget(CallerBudget):
    """A budget against which a create would be held."""

    would_hold_micros: int = Field(description="what the create may cost at most")
    fits: bool = Field(description="whether that is no more than what is left; a soft budget lets it pass all the same")


class DryRunCap(CallerCap):
    """A limit on unfinished tasks that counts a create."""

    fits: bool = Field(description="whether it has room for one more")


class DryRunLimits(BaseModel):
    """What limits a create, as it is now."""

    fits: bool = Field(description="whether neither a hard budget nor a limit on unfinished tasks would refuse it now")
    budgets: list[DryRunBudget] = Field(description="against which it would be held; others are of another currency")
    unfinished_tasks: list[DryRunCap] = Field(description="the limits on unfinished tasks that count it")


class DryRun(BaseModel):
    """What a create would send, and what it will cost at most, with `dry_run`."""

    dry_run: Literal[True]
    model: str
    upstream_model: str
    body: dict[str, Any]
    estimate: Estimate
    alternatives: list[Estimate] = Field(
        description="what it costs, where that differs, on the other upstream accounts that may take it"
    )
    limits: DryRunLimits | None = Field(default=None, description="absent: no budget and no limit on tasks counts it")


class DeletedTask(BaseModel):
    """``{}``: a deletion."""
