"""The table of copies in the archive."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt


class CopyStatus(StrEnum):
    """The state of a copy. The row of a released one is removed with its object."""

    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"
    RELEASED = "released"


class ArchiveCopyRow(Base):
    """One file of a task that is copied: ``member`` is the member of ``content`` with its link.

    ``object_key`` is its place in the bucket, below the prefix, and the same in every attempt. ``next_attempt_at`` is
    when it is to be copied or, once released, deleted; of a stored copy, when its days are over; empty when nothing is
    to be done. While ``lease_token`` names an attempt under way, it is the end of that attempt's lease,
    ``lease_until``. After ``give_up_at`` the upstream's link does not work any more.
    """

    __tablename__ = "archive_copies"
    __table_args__ = (
        Index("ix_archive_copies_due", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index(
            "ix_archive_copies_tenants",
            "tenant_id",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
        Index("ix_archive_copies_waiting", "status", postgresql_where=text("status IN ('pending', 'released')")),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    channel_id: Mapped[str]
    source_url: Mapped[str]
    object_key: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    give_up_at: Mapped[datetime]
    lease_token: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    media_type: Mapped[str | None]
    size_bytes: Mapped[BigInt | None]
    sha256: Mapped[bytes | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
