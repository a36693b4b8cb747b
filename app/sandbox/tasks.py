"""A video task of the emulated upstream and its JSON."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from app.sandbox.catalog import VideoModel
from app.sandbox.config import Account
from app.sandbox.metering import FRAMES_PER_SECOND, Size, count_tokens, frame_size
from app.sandbox.parameters import Parameters
from app.sandbox.test_triggers import PromptTriggers

QUEUED = "queued"
RUNNING = "running"
SUCCEEDED = "succeeded"
FAILED = "failed"
EXPIRED = "expired"
CANCELLED = "cancelled"
UNFINISHED = frozenset({QUEUED, RUNNING})
STATUSES = (QUEUED, RUNNING, CANCELLED, SUCCEEDED, FAILED, EXPIRED)

WINDOW = timedelta(days=7)
"""How long a task can be read after its creation."""

CANCELLED_WINDOW = timedelta(hours=24)
"""How long a cancelled task can be read after its cancellation."""

_QUEUE_SECONDS = 3.0
_FLEX_QUEUE_SECONDS = 60.0
_START_SECONDS = 10.0
_EARLY_FAILURE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """The course of a task, fixed when it is created.

    Attributes:
        model: the model.
        model_name: the name in the request (dated id or ``ep-…``).
        parameters: validated, with defaults.
        ratio: resolved.
        size: the size of the frames.
        tokens: billed on success.
        queue_seconds: work before it may run.
        run_seconds: work while it runs.
        failure: code with which it fails; None when it succeeds.
        draft_task_id: its draft; None when it is no final video.
        has_numbers_as_strings: whether token counts and ``duration`` are rendered as strings.
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
    triggers: PromptTriggers,
    draft_task_id: str | None,
) -> TaskPlan:
    """Computes size, tokens and timing of a task with ``input_seconds`` of reference videos."""
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
    if triggers.failure and not triggers.failure.startswith("Output"):
        rendering = min(rendering, _EARLY_FAILURE_SECONDS)
    waiting = _FLEX_QUEUE_SECONDS if parameters.service_tier == "flex" else _QUEUE_SECONDS
    return TaskPlan(
        model=model,
        model_name=model_name,
        parameters=parameters,
        ratio=ratio,
        size=size,
        tokens=tokens,
        queue_seconds=waiting if triggers.queue_seconds is None else triggers.queue_seconds,
        run_seconds=rendering if triggers.run_seconds is None else triggers.run_seconds,
        failure=triggers.failure,
        draft_task_id=draft_task_id,
        has_numbers_as_strings=triggers.has_numbers_as_strings,
    )


@dataclass(slots=True, kw_only=True)
class Task:
    """A task; a deleted one is kept for the ledger.

    Attributes:
        id: ``cgt-…``.
        account: the owner.
        plan: its course.
        created_at: UTC.
        updated_at: time of the last change of status.
        status: a status of the upstream, or any string that a test forced.
        error: ``{"code", "message"}`` of a failed task.
        content: URLs of a succeeded task.
        billed_tokens: 0 unless it succeeded.
        deleted_at: time of the DELETE.
        is_pinned: whether a test forced its status, which then no longer changes by time.
        extra: members that a test added to its JSON.
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
        """When it becomes ``expired`` unless it has ended."""
        return self.created_at + timedelta(seconds=self.plan.parameters.execution_expires_after)

    def is_visible(self, now: datetime) -> bool:
        """Returns whether callers can read it."""
        if self.deleted_at is not None or self.created_at < now - WINDOW:
            return False
        return self.status != CANCELLED or now < self.updated_at + CANCELLED_WINDOW


def to_wire(task: Task) -> dict[str, Any]:
    """Returns the JSON of a task in GET, LIST and callbacks.

    ``error`` is present on failed tasks only, ``content``, ``usage`` and the parameters on succeeded ones only.

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
    number: type[int | str] = str if plan.has_numbers_as_strings else int
    tokens = number(task.billed_tokens)
    usage: dict[str, Any] = {"completion_tokens": tokens, "total_tokens": tokens}
    if parameters.tools:
        usage["tool_usage"] = {"web_search": number(1)}
    optional = {
        "duration": None if parameters.duration is None else number(parameters.duration),
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
