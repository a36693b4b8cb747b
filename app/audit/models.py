"""Table of the audit log."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Json


class AuditRow(Base):
    """One change: its author, target and client address. Rows are only inserted."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_at_id", "at", "id"),
        Index("ix_audit_log_tenant_id_at_id", "tenant_id", "at", "id"),
        Index("ix_audit_log_target_id_at_id", "target_id", "at", "id"),
        Index("ix_audit_log_action_at_id", "action", "at", "id"),
        Index("ix_audit_log_actor_at_id", "actor", "at", "id"),
        Index("ix_audit_log_actor_id_at_id", "actor_id", "at", "id", postgresql_where=text("actor_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    actor_id: Mapped[str | None]
    action: Mapped[str]
    target_type: Mapped[str]
    target_id: Mapped[str]
    tenant_id: Mapped[str | None]
    address: Mapped[str | None]
    detail: Mapped[Json]
