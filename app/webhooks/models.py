"""Tables of outbound deliveries."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

OPERATOR = "operator"
"""In place of a tenant's id: the operator, whose endpoint gets messages, too."""


class DeliveryStatus(StrEnum):
    """The state of a delivery; the last two are final, unless an operator resends it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookSecretRow(Base):
    """The secret that signs a tenant's deliveries, sealed for its row and column (``app.core.sealing``).

    ``tenant_id`` is a tenant's or ``OPERATOR``.
    """

    __tablename__ = "webhook_secrets"

    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    secret_sealed: Mapped[str]
    created_at: Mapped[datetime]


class DeliveryRow(Base):
    """One message to a tenant's ``callback_url``, or to the operator: the outbox, and afterwards the log.

    ``tenant_id`` is a tenant's or ``OPERATOR``. A message to the operator is about the budget ``budget_id``, and has no
    task and no URL of its own, ``""`` both: it goes to the URL that is configured when it is sent. ``key_id`` is the
    API key that made the task; None for the operator's, and where the task had been removed when the column was made.
    ``id`` is the ``webhook-id`` of every attempt. ``attempts`` counts them since the message was written or resent;
    after ``retry_until`` there are no more. ``next_attempt_at`` is empty once the message is delivered or given up.
    While ``lease_token`` names an attempt under way, it is the end of that attempt's lease, ``lease_until``.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_destinations",
            "tenant_id",
            "origin",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
        Index("ix_deliveries_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index("ix_deliveries_ended", "updated_at", postgresql_where=text("next_attempt_at IS NULL")),
        # These have the columns that the operator's list filters by, so that no row is read for them.
        Index(
            "ix_deliveries_created_at_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["origin", "tenant_id"],
        ),
        # Without the status of nearly all deliveries, which the index above finds at once.
        Index(
            "ix_deliveries_status_created_at_id",
            "status",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["origin", "tenant_id", "attempts"],
            postgresql_where=text("status <> 'delivered'"),
        ),
        Index(
            "ix_deliveries_tenant_id_created_at",
            "tenant_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["origin", "status"],
        ),
        Index("ix_deliveries_task_id", "task_id"),
        # With all that the operator's list filters by beside the key.
        Index(
            "ix_deliveries_key_id_created_at_id",
            "key_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["origin", "status", "tenant_id"],
            postgresql_where=text("key_id IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str]
    task_id: Mapped[str]
    key_id: Mapped[str | None]
    budget_id: Mapped[str | None]
    url: Mapped[str]
    origin: Mapped[str]
    body: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    retry_until: Mapped[datetime]
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
