"""Tables of the model catalogue and of tasks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt, Json, utc_now

IDEMPOTENCY_INDEX = "uq_tasks_tenant_id_idempotency_key"
"""What a second task of a tenant with the same ``Idempotency-Key`` violates."""


class TaskStatus(StrEnum):
    """Where a task is. The first two are ours and show as ``queued``; the rest are the upstream's words."""

    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the state never changes again."""
        return self in _FINAL

    @property
    def public(self) -> "TaskStatus":
        """The status that a client sees."""
        return TaskStatus.QUEUED if self in _OURS else self


_FINAL = {TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.EXPIRED, TaskStatus.CANCELLED}
_OURS = {TaskStatus.SUBMITTING, TaskStatus.UNKNOWN}


class ModelRow(Base):
    """A public model name, the upstream id behind it and its limits (``app.tasks.catalogue.ModelSpec``)."""

    __tablename__ = "models"

    name: Mapped[str] = mapped_column(primary_key=True)
    spec: Mapped[Json]
    position: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class TaskRow(Base):
    """One task, from the intent that is written before the upstream is called to its tombstone.

    ``id`` is a spare id of ours and exists from the start; ``upstream_id`` is what the client is given
    whenever the upstream answered. Both find the row. ``snapshot`` is the upstream's last answer about the
    task; ``parameters`` the fields of the request other than ``content``. ``asked_at`` is when the upstream was
    last asked, ``looked_at`` when it last answered.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("uq_tasks_upstream_id", "upstream_id", unique=True),
        Index("ix_tasks_tenant_id_upstream_id", "tenant_id", "upstream_id"),
        Index("ix_tasks_tenant_id_created_at_id", "tenant_id", text("created_at DESC"), text("id DESC")),
        Index(
            IDEMPOTENCY_INDEX,
            "tenant_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_tasks_channel_id_created_at", "channel_id", text("created_at DESC")),
        Index("ix_tasks_next_look_at", "next_look_at", postgresql_where=text("next_look_at IS NOT NULL")),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    upstream_id: Mapped[str | None]
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"))
    channel_id: Mapped[str | None] = mapped_column(ForeignKey("channels.id"))
    model: Mapped[str]
    upstream_model: Mapped[str]
    service_tier: Mapped[str]
    status: Mapped[str]
    parameters: Mapped[Json]
    request_hash: Mapped[bytes]
    idempotency_key: Mapped[str | None]
    snapshot: Mapped[Json | None]
    total_tokens: Mapped[BigInt | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
