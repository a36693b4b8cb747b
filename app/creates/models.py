"""Tables of attempts at creates and of idempotency keys."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AttemptRow(Base):
    """One create as one client sent it, without an ``Idempotency-Key``.

    Inserted in the transaction that inserts the intent. ``abandoned_at`` is when the attempt was abandoned (its client
    disconnected or was answered with 500 or more): from then on a retry may claim it. A complete answer sets
    ``answered_at`` and clears ``abandoned_at``. When the process ``instance_id`` dies first, the attempt is abandoned
    too. ``result_id`` is what the create makes: the spare id of a task, known from the start, or the id of a group or
    asset, known with the outcome.
    """

    __tablename__ = "create_attempts"
    __table_args__ = (
        Index("ix_create_attempts_request", "key_id", "route", "body_hash", "started_at"),
        Index("ix_create_attempts_open", "key_id", "route", "body_hash", postgresql_where=text("answered_at IS NULL")),
        Index("ix_create_attempts_started_at", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"))
    route: Mapped[str]
    body_hash: Mapped[bytes]
    instance_id: Mapped[str]
    result_id: Mapped[str | None]
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    abandoned_at: Mapped[datetime | None]


class IdempotencyKeyRow(Base):
    """One ``Idempotency-Key`` of a tenant, and the one create of any kind that it identifies.

    Inserted in the transaction that inserts the intent, and deleted with it when the create is refused; otherwise kept
    until the tenant is deleted. ``id`` is the attempt's, which a task or an intent refers to. ``value_hash`` is the
    hash of the body's JSON value (``app.core.json_hash``); ``result_id`` as in ``AttemptRow``.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("uq_idempotency_keys_id", "id", unique=True),)

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]
    route: Mapped[str]
    value_hash: Mapped[bytes]
    result_id: Mapped[str | None]
    created_at: Mapped[datetime]
