"""Schemas of tasks and orphans."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from app.http.schemas import RequestModel, RowView
from app.tasks.admin_repository import TaskDetail, TaskWithChannel
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.responses import public_id
from app.urls import split_url
from app.usage.schemas import LedgerEntry

STATUSES = [status.value for status in TaskStatus]


class TaskResolve(RequestModel):
    """Body of ``POST /tasks/{id}/resolve``: exactly one of the two fields."""

    upstream_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="the upstream task that the create made"
    )
    absent: Literal[True] | None = Field(
        default=None, description="the create made no upstream task, and nothing was charged"
    )

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.upstream_id is None) is (self.absent is None):
            raise ValueError("either `upstream_id` or `absent: true` is needed")
        return self


class TaskView(RowView):
    """A task without its content and its result.

    ``id`` is the id that the tenant knows, ``spare_id`` our own. ``status`` is the stored one, so a create that is
    under way or of unknown outcome differs from a queued task. ``claimed_upstream_id`` comes from a callback that
    arrived before the id was known. Of the callback URL only the origin is shown.
    """

    id: str
    spare_id: str
    upstream_id: str | None
    claimed_upstream_id: str | None
    tenant_id: str
    key_id: str
    channel_id: str | None
    channel_name: str | None
    model: str
    upstream_model: str
    service_tier: str
    status: str
    error: dict[str, Any] | None
    total_tokens: int | None
    parameters: dict[str, Any]
    callback_origin: str | None
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    cut_at: datetime | None
    absent_at: datetime | None
    asked_at: datetime | None
    polled_at: datetime | None
    next_poll_at: datetime | None
    finished_at: datetime | None
    deleted_at: datetime | None

    @classmethod
    def of_task(cls, found: TaskWithChannel, **others: Any) -> Self:
        """Returns the view of a task; ``others`` are the further fields of a subclass."""
        row = found.row
        error = (row.snapshot or {}).get("error")
        return cls.of(
            row,
            id=public_id(row),
            spare_id=row.id,
            channel_name=found.channel_name,
            error=error if isinstance(error, dict) else None,
            callback_origin=_origin_of(row.callback_url),
            **others,
        )


class TaskMediaView(BaseModel):
    """The results of a task; ``content`` is null as long as it has none."""

    id: str
    tenant_id: str
    content: dict[str, Any] | None = Field(description="as the tenant sees it: links, and until when they work")

    @classmethod
    def of_task(cls, row: TaskRow, shown: dict[str, Any]) -> Self:
        """Returns the view of a row; ``shown`` is what its tenant sees."""
        content = shown.get("content")
        return cls(id=public_id(row), tenant_id=row.tenant_id, content=content if isinstance(content, dict) else None)


class TaskEventView(RowView):
    """One change of a task's status, and its source."""

    at: datetime
    status: str
    source: str
    detail: str | None


class TaskCopyView(RowView):
    """What became of the copy of a file of a task in the archive."""

    member: str = Field(description="the member of `content` with its link")
    status: str = Field(description="`pending`, `stored`, `failed` or `released`, which is to be deleted")
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None = Field(description="why the last attempt failed; the tenant is told less")
    size_bytes: int | None
    stored_at: datetime | None


class TaskDetailView(TaskView):
    """A task with its history and its rows of the ledger, both oldest first, and its copies in the archive."""

    history: list[TaskEventView]
    ledger: list[LedgerEntry]
    copies: list[TaskCopyView]

    @classmethod
    def of_detail(cls, detail: TaskDetail) -> Self:
        """Returns the view of a task with all that is known of it."""
        return cls.of_task(
            detail.found,
            history=[TaskEventView.of(event) for event in detail.history],
            ledger=[LedgerEntry.model_validate(row) for row in detail.ledger],
            copies=[TaskCopyView.of(row) for row in detail.copies],
        )


class OrphanView(RowView):
    """An upstream task without an owner; ``possible_tasks`` are our ids of the creates that may have made it."""

    channel_id: str
    upstream_id: str
    model: str
    service_tier: str
    status: str
    created_at: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    possible_tasks: list[str]


def _origin_of(url: str | None) -> str | None:
    if url is None:
        return None
    parts = split_url(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
