"""One video task of the emulated upstream, and how it looks to a caller."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from app.sandbox.catalog import VideoModel
from app.sandbox.config import Account
from app.sandbox.metering import FRAMES_PER_SECOND, Size, count_tokens, frame_size
from app.sandbox.parameters import Parameters

QUEUED = "queued"
RUNNING = "running"
SUCCEEDED = "succeeded"
FAILED = "failed"
EXPIRED = "expired"
CANCELLED = "cancelled"
UNFINISHED = frozenset({QUEUED, RUNNING})
STATUSES = (QUEUED, RUNNING, CANCELLED, SUCCEEDED, FAILED, EXPIRED)

WINDOW = timedelta(days=7)
"""How far back a task can be read."""

CANCELLED_WINDOW = timedelta(hours=24)
"""How long a cancelled task can be read after its cancellation."""

_QUEUE_SECONDS = 3.0
_FLEX_QUEUE_SECONDS = 60.0
_START_SECONDS = 10.0
_EARLY_FAILURE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """What will happen to a task if nobody interferes; fixed when it is created.

    Attributes:
        model: that renders it.
        model_name: as the request called it (dated id or ``ep-…``).
        parameters: checked, with defaults.
        ratio: resolved.
        size: of the frames.
        tokens: billed if it succeeds.
        queue_seconds: work before it may run.
        run_seconds: work while it runs.
        failure: code it will fail with, or None.
        draft_task_id: the draft it finishes, or None.
        has_numbers_as_strings: token counts and ``duration`` are written as strings.
    """

    model: VideoModel
    model_name: str
    parameters: Parameters
    ratio: str
    size: Size
    tokens: int
    queue_seconds: float
    run_seconds: float
    failure: str | None
    draft_task_id: str | None
    has_numbers_as_strings: bool


def make_plan(
    *,
    model: VideoModel,
    model_name: str,
    parameters: Parameters,
    ratio: str,
    input_seconds: float,
    failure: str | None = None,
    queue_seconds: float | None = None,
    run_seconds: float | None = None,
    draft_task_id: str | None = None,
    has_numbers_as_strings: bool = False,
) -> TaskPlan:
    """Works out size, price and timing of a task.

    Args:
        model: that renders it.
        model_name: as the request called it.
        parameters: checked.
        ratio: resolved.
        input_seconds: of all reference videos.
        failure: code to fail with, or None.
        queue_seconds: overrides the usual wait.
        run_seconds: overrides the usual rendering time.
        draft_task_id: the draft that this task finishes.
        has_numbers_as_strings: token counts and ``duration`` are written as strings.
    """
    size = frame_size(model, parameters.resolution, ratio)
    tokens = count_tokens(
        size,
        frames=parameters.frames or FRAMES_PER_SECOND * (parameters.duration or 0) + 1,
        input_seconds=input_seconds,
        generation=model.generation,
        is_draft=parameters.draft,
        has_audio=bool(parameters.generate_audio),
    )
    rendering = _START_SECONDS + tokens / 1000 * model.seconds_per_kilotoken
    if failure and not failure.startswith("Output"):
        rendering = min(rendering, _EARLY_FAILURE_SECONDS)
    waiting = _FLEX_QUEUE_SECONDS if parameters.service_tier == "flex" else _QUEUE_SECONDS
    return TaskPlan(
        model=model,
        model_name=model_name,
        parameters=parameters,
        ratio=ratio,
        size=size,
        tokens=tokens,
        queue_seconds=waiting if queue_seconds is None else queue_seconds,
        run_seconds=rendering if run_seconds is None else run_seconds,
        failure=failure,
        draft_task_id=draft_task_id,
        has_numbers_as_strings=has_numbers_as_strings,
    )


@dataclass(slots=True, kw_only=True)
class Task:
    """A task's record. Deleted tasks are kept, unseen, for the ledger.

    Attributes:
        id: ``cgt-…``.
        account: who owns and pays it.
        plan: what was asked for.
        created_at: UTC.
        updated_at: of the last change of state.
        status: an upstream status, or whatever a test forced.
        error: ``{"code", "message"}`` once failed.
        content: URLs, fixed when it succeeds.
        billed_tokens: what it cost; 0 unless it succeeded.
        deleted_at: when DELETE removed the record.
        is_pinned: a test forced its state; the clock no longer moves it.
        extra: members that a test added to the wire object.
    """

    KIND: ClassVar = "task"

    id: str
    account: Account
    plan: TaskPlan
    created_at: datetime
    updated_at: datetime
    status: str = QUEUED
    error: dict[str, str] | None = None
    content: dict[str, str] | None = None
    billed_tokens: int = 0
    deleted_at: datetime | None = None
    is_pinned: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def expires_at(self) -> datetime:
        """When it ends as ``expired`` if it has not ended before."""
        return self.created_at + timedelta(seconds=self.plan.parameters.execution_expires_after)

    def is_visible(self, now: datetime) -> bool:
        """Whether a caller can still read it."""
        if self.deleted_at is not None or self.created_at < now - WINDOW:
            return False
        return self.status != CANCELLED or now < self.updated_at + CANCELLED_WINDOW


def to_wire(task: Task) -> dict[str, Any]:
    """Returns the object that GET, LIST and callbacks show.

    Unfinished tasks carry the minimal set, ``error`` is left out unless the task failed, ``usage`` and the echoed
    parameters appear on success alone.

    Source: reference ``upstream.md`` §2.1 (live behaviour), §11.2 for numbers as strings.
    """
    parameters = task.plan.parameters
    wire: dict[str, Any] = {
        "id": task.id,
        "model": task.plan.model.id,
        "status": task.status,
        "created_at": int(task.created_at.timestamp()),
        "updated_at": int(task.updated_at.timestamp()),
        "service_tier": parameters.service_tier,
        "execution_expires_after": parameters.execution_expires_after,
    }
    if task.error is not None:
        wire["error"] = task.error
    if task.status == SUCCEEDED:
        wire |= _result(task)
    return wire | task.extra


def _result(task: Task) -> dict[str, Any]:
    plan, parameters = task.plan, task.plan.parameters
    written: type[int | str] = str if plan.has_numbers_as_strings else int
    tokens = written(task.billed_tokens)
    usage: dict[str, Any] = {"completion_tokens": tokens, "total_tokens": tokens}
    if parameters.tools:
        usage["tool_usage"] = {"web_search": written(1)}
    optional = {
        "duration": None if parameters.duration is None else written(parameters.duration),
        "frames": parameters.frames,
        "generate_audio": parameters.generate_audio,
        "draft": parameters.draft if "draft" not in plan.model.refused else None,
        "draft_task_id": plan.draft_task_id,
        "tools": parameters.tools,
        "safety_identifier": parameters.safety_identifier,
        "priority": parameters.priority if plan.model.is_second_generation else None,
        "output_format": parameters.output_format,
    }
    return {
        "content": task.content,
        "usage": usage,
        "seed": parameters.seed,
        "resolution": parameters.resolution,
        "ratio": plan.ratio,
        "framespersecond": FRAMES_PER_SECOND,
        **{name: value for name, value in optional.items() if value is not None},
    }
