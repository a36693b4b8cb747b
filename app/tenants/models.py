"""Tables of tenants and API keys."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Json, StrList, utc_now


class TenantStatus(StrEnum):
    """Whether a tenant's keys work."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class TenantRow(Base):
    """The owner of tasks and assets: a user or a team. Null lists allow everything.

    ``allow_key_as_access_key_id``: whether an API key is accepted as the access key id of an SDK, whose signature is
    then not verified. ``erase_requested_at`` is when the operator asked to remove the content of a deleted tenant, and
    ``erased_at`` when that was done (``app.admin.erasure``).
    """

    __tablename__ = "tenants"
    __table_args__ = (
        Index("ix_tenants_created_at_id", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_tenants_to_erase",
            "erase_requested_at",
            postgresql_where=text("erase_requested_at IS NOT NULL AND erased_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    allowed_models: Mapped[StrList | None]
    allowed_channels: Mapped[StrList | None]
    permissions: Mapped[StrList | None]
    limits: Mapped[Json | None]
    allow_key_as_access_key_id: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    details: Mapped[Json] = mapped_column("metadata")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[datetime | None]
    erase_requested_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]


class ApiKeyRow(Base):
    """An API key: its public part, and the hash of its secret.

    It may also have a signing key. A signature can only be verified with the secret itself, which is therefore stored,
    sealed for its row and column (``app.core.sealing``).

    ``expires_at`` is set by the operator, ``grace_ends_at`` by a rotation; the key stops at the earlier of the two
    (``app.tenants.key_status``).
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("ix_api_keys_tenant_id_created_at", "tenant_id", "created_at"),
        Index("ix_api_keys_created_at_id", text("created_at DESC"), text("id DESC")),
        CheckConstraint("(access_key_id IS NULL) = (secret_access_key_sealed IS NULL)", name="whole_pair"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    public_part: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[bytes]
    access_key_id: Mapped[str | None] = mapped_column(unique=True)
    secret_access_key_sealed: Mapped[str | None]
    allowed_models: Mapped[StrList | None]
    allowed_channels: Mapped[StrList | None]
    allowed_ips: Mapped[StrList | None]
    permissions: Mapped[StrList | None]
    limits: Mapped[Json | None]
    expires_at: Mapped[datetime | None]
    grace_ends_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    rotated_from: Mapped[str | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
