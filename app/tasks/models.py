"""Tables of tasks."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.creates.idempotency import OLDER_KEY_INDEX
from app.db.base import Base, BigInt, Json


class TaskStatus(StrEnum):
    """Status of a task. The first two are ours and shown as ``queued``; the others are the upstream's words."""

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
        """Whether the status never changes."""
        return self in FINAL_STATUSES

    @property
    def public(self) -> "TaskStatus":
        """The status that a client sees."""
        return TaskStatus.QUEUED if self in _OURS else self


FINAL_STATUSES = frozenset({TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.EXPIRED, TaskStatus.CANCELLED})
_OURS = {TaskStatus.SUBMITTING, TaskStatus.UNKNOWN}


class TaskRow(Base):
    """One task, from the intent that is written before the upstream is called until after its deletion.

    ``id`` is a spare id of ours and exists from the start. The client is given ``upstream_id`` if the upstream answers
    in time, otherwise the spare id, which all later answers then show (``is_spare_id_public``). Both find the row.
    ``snapshot`` is the upstream's last answer about the task, ``archived`` what became of the copies of its files
    (``app.tasks.archived``); ``parameters`` are the known, short parameters of the
    request. ``has_video_input`` says whether the request has reference videos; None: the request is not known.
    ``asked_at`` is when the upstream was last asked,
    ``polled_at`` when the call began that it last answered.

    What the task may cost at most, on the channel that was asked last, is what budgets hold of it, and its settlement
    when its usage is never seen: ``estimated_tokens`` and the others with that prefix, of the kind of video that costs
    most; the cost and its price are None when there is no price, and all when the request is not known.
    ``estimated_currency`` is that of the channel then, in which the task is settled wherever the channel is later.
    ``priced_at`` is of which moment the price list is that the create used, which may have been replaced a moment
    before; None: that of its creation.

    Of the create: ``instance_id`` is the process that runs it (``app.core.process_registry``), ``sent_at`` when the
    last attempt began, ``cut_at`` when its outcome became unknown. ``callback_token_hash`` is the SHA-256 of the token
    in the callback URL; ``claimed_upstream_id`` the task that a callback named before the id was known. ``absent_at``
    is when a complete list first lacked the task. ``next_poll_at`` is the time of the next poll or, while the outcome
    is unknown, of the next search.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("uq_tasks_upstream_id", "upstream_id", unique=True),
        # Has every column that a tenant's list filters by, so that counting and skipping rows reads no row. The key is
        # for the operator's list.
        Index(
            "ix_tasks_listing",
            "tenant_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["deleted_at", "status", "model", "upstream_model", "service_tier", "key_id"],
        ),
        Index(
            OLDER_KEY_INDEX,
            "tenant_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_tasks_id", "id"),
        Index("ix_tasks_created_at_id", text("created_at DESC"), text("id DESC")),
        # Without the status of nearly all tasks, which the index above finds at once.
        Index(
            "ix_tasks_status_created_at_id",
            "status",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("status <> 'succeeded'"),
        ),
        # Equal entries are stored once, so it is small. For the operator's search for a model that has few tasks.
        Index("ix_tasks_model_upstream_model", "model", "upstream_model"),
        Index("ix_tasks_channel_id_created_at", "channel_id", text("created_at DESC")),
        # Tasks of a suspended channel stay due; with the channel first, queries of other channels do not scan them.
        Index(
            "ix_tasks_polls",
            "channel_id",
            "next_poll_at",
            postgresql_where=text("next_poll_at IS NOT NULL AND upstream_id IS NOT NULL"),
        ),
        Index(
            "ix_tasks_searches",
            "channel_id",
            "next_poll_at",
            postgresql_where=text("next_poll_at IS NOT NULL AND upstream_id IS NULL"),
        ),
        Index(
            "ix_tasks_unfinished_created_at",
            "created_at",
            postgresql_where=text("next_poll_at IS NOT NULL AND upstream_id IS NOT NULL"),
        ),
        Index("ix_tasks_submitting", "instance_id", postgresql_where=text("status = 'submitting'")),
        Index("ix_tasks_unknown_created_at", "created_at", postgresql_where=text("status = 'unknown'")),
        # What caps count (app.tasks.creation.unfinished_caps).
        Index(
            "ix_tasks_unfinished_owner",
            "tenant_id",
            "key_id",
            "model",
            postgresql_where=text("status IN ('submitting', 'unknown', 'queued', 'running')"),
        ),
        Index("uq_tasks_callback_token_hash", "callback_token_hash", unique=True),
        Index(
            "ix_tasks_open_intents",
            "channel_id",
            "sent_at",
            postgresql_where=text("status IN ('submitting', 'unknown')"),
        ),
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
    has_video_input: Mapped[bool | None]
    estimated_tokens: Mapped[BigInt | None]
    estimated_resolution: Mapped[str | None]
    estimated_cost_micros: Mapped[BigInt | None]
    estimated_micros_per_million_tokens: Mapped[BigInt | None]
    estimated_currency: Mapped[str | None]
    priced_at: Mapped[datetime | None]
    request_hash: Mapped[bytes]
    idempotency_key: Mapped[str | None]
    instance_id: Mapped[str | None]
    callback_token_hash: Mapped[bytes | None]
    callback_url: Mapped[str | None]
    claimed_upstream_id: Mapped[str | None]
    is_spare_id_public: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    snapshot: Mapped[Json | None]
    archived: Mapped[Json | None]
    total_tokens: Mapped[BigInt | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    cut_at: Mapped[datetime | None]
    absent_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    polled_at: Mapped[datetime | None]
    next_poll_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class TaskEventRow(Base):
    """One change of a task's status, for the operator.

    ``source`` is an ``app.tasks.state.Source``.
    """

    __tablename__ = "task_events"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], ondelete="CASCADE"),
        Index("ix_task_events_tenant_id_task_id", "tenant_id", "task_id", "id"),
    )

    id: Mapped[BigInt] = mapped_column(Identity(always=True), primary_key=True)
    tenant_id: Mapped[str]
    task_id: Mapped[str]
    at: Mapped[datetime]
    status: Mapped[str]
    source: Mapped[str]
    detail: Mapped[str | None]


class TombstoneRow(Base):
    """An upstream task whose row was removed by age: no orphan, and of no other tenant, while the upstream lists it."""

    __tablename__ = "task_tombstones"
    __table_args__ = (Index("ix_task_tombstones_removed_at", "removed_at"),)

    upstream_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    removed_at: Mapped[datetime]


class OrphanRow(Base):
    """An upstream task without an owner that an intent of unknown outcome, or a lost one, may have made.

    Found by listing the account; deleted when a row owns the task. Shown to the operator only.
    """

    __tablename__ = "orphans"
    __table_args__ = (Index("ix_orphans_upstream_id", "upstream_id"), Index("ix_orphans_created_at", "created_at"))

    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    upstream_id: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str]
    service_tier: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
