"""Table of attempts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class AttemptRow(Base):
    """One create as one client sent it; it becomes a ticket when that client gets no complete answer.

    Written in the transaction of the intent. ``lost_at`` is when the client was lost (disconnected, answered with
    500 or more) and is empty after a complete answer, which sets ``answered_at``. When the process of ``instance_id``
    dies first, the attempt is lost as well. ``result_id`` is what the create made or will have made: the spare id of
    a task, known from the start, or the id of a group or asset, known with its outcome.
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
    lost_at: Mapped[datetime | None]
