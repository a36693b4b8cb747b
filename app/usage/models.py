"""The table of the ledger."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt

_SUMMED = ["total_tokens", "cost_micros", "currency", "kind", "is_estimated", "web_searches"]


class LedgerKind(StrEnum):
    """Why a row was written: a task has ended, or its sum is corrected later."""

    SETTLEMENT = "settlement"
    CORRECTION = "correction"


class LedgerRow(Base):
    """What one task cost, written when its state became final; the database refuses to change or delete a row.

    A task has exactly one settlement, and corrections that are added to it. No column refers to another table, so that
    the ledger stays whatever is deleted.

    Attributes:
        task_id: our own id of the task, unique among its tenant's.
        resolution: as the upstream says it, otherwise as requested; None when neither does.
        has_video_input: whether reference videos were sent; None for tasks whose request is not known.
        has_audio: whether sound was generated; None when it is not known.
        status: how the task ended.
        total_tokens: billed by the upstream, or the difference that a correction makes. None: the task may have cost
            something, but neither the upstream's figure nor an estimate is known.
        web_searches: searches of the ``web_search`` tool, which the upstream bills apart.
        currency: of the price; None when the task has no price.
        micros_per_million_tokens: the price when the task was created, in millionths of ``currency``.
        cost_micros: in millionths of ``currency``; None when the task has no price.
        is_estimated: the upstream's figure was never seen, or what decides between two prices is not known.
        note: what a correction is about.
        created_at: when the task was created; the period to which it belongs.
        settled_at: when the row was written.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        CheckConstraint("total_tokens IS NOT NULL OR is_estimated", name="tokens_known"),
        CheckConstraint("total_tokens >= 0 OR kind = 'correction'", name="tokens_not_negative"),
        Index(
            "uq_ledger_settlement",
            "tenant_id",
            "task_id",
            unique=True,
            postgresql_where=text("kind = 'settlement'"),
        ),
        # A correction names its task by either id.
        Index("ix_ledger_task_id", "task_id"),
        Index("ix_ledger_upstream_id", "upstream_id"),
        # Sums over all tenants, and over one, read no row beside these entries. The status is for the summary alone.
        Index(
            "ix_ledger_created_at_id",
            "created_at",
            "id",
            postgresql_include=["tenant_id", "key_id", "model", "channel_id", "status", *_SUMMED],
        ),
        Index(
            "ix_ledger_tenant_id_created_at",
            "tenant_id",
            "created_at",
            "id",
            postgresql_include=["key_id", "model", "channel_id", *_SUMMED],
        ),
    )

    id: Mapped[BigInt] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    tenant_id: Mapped[str]
    key_id: Mapped[str]
    task_id: Mapped[str]
    upstream_id: Mapped[str | None]
    channel_id: Mapped[str | None]
    model: Mapped[str]
    upstream_model: Mapped[str]
    resolution: Mapped[str | None]
    service_tier: Mapped[str]
    has_video_input: Mapped[bool | None]
    has_audio: Mapped[bool | None]
    status: Mapped[str]
    total_tokens: Mapped[BigInt | None]
    web_searches: Mapped[int]
    currency: Mapped[str | None]
    micros_per_million_tokens: Mapped[BigInt | None]
    cost_micros: Mapped[BigInt | None]
    is_estimated: Mapped[bool]
    note: Mapped[str | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime]
