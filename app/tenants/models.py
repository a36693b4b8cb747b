"""Tables of tenants and API keys."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Json, StrList, utc_now

_SEARCHED = ["name", "public_part", "revoked_at", "expires_at", "grace_ends_at"]


class TenantStatus(StrEnum):
    """Whether a tenant's keys work."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class TenantRow(Base):
    """The owner of tasks and assets: a user or a team. Null lists allow everything.

    ``allow_key_as_access_key_id``: whether an API key is accepted as the access key id of an SDK, whose signature is
    then not verified. ``archive``: whether clips are copied where an archive is configured, and ``archive_days`` for
    how many days; None: for good. ``erase_requested_at`` is when the operator asked to remove the content of a deleted
    tenant, and ``erased_at`` when that was done (``app.admin.erasure``).
    """

    __tablename__ = "tenants"
    __table_args__ = (
        # Has every column that the operator's list filters by, as those of the other lists.
        Index(
            "ix_tenants_listing",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["name", "status"],
            postgresql_where=text("deleted_at IS NULL"),
        ),
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
    archive: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    archive_days: Mapped[int | None]
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
    (``app.tenants.key_status``). ``rotated_from`` is the key that it replaced, ``first_key_id`` the first of all these,
    with which it shares the count of unfinished tasks; both are None for a key that replaced none. A trigger writes the
    second one for processes of a version that does not know it.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        Index(
            "ix_api_keys_listing",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=["tenant_id", *_SEARCHED],
        ),
        Index(
            "ix_api_keys_tenant_listing",
            "tenant_id",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_include=_SEARCHED,
        ),
        Index("ix_api_keys_first_key_id", "first_key_id", postgresql_where=text("first_key_id IS NOT NULL")),
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
    first_key_id: Mapped[str | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
