"""Table of named admin tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, utc_now


class AdminRole(StrEnum):
    """What an admin may do; ``app.admin.roles`` has the role of every route."""

    OWNER = "owner"
    OPERATOR = "operator"
    BILLING = "billing"
    VIEWER = "viewer"


class AdminRow(Base):
    """An admin with a token of its own: the public part of the token, and the hash of its secret."""

    __tablename__ = "admins"
    __table_args__ = (Index("ix_admins_created_at_id", text("created_at DESC"), text("id DESC")),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]
    public_part: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[bytes]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
