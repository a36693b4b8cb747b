"""Schemas of tenants, keys and the audit log."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from app.admin.fields import AllowList, ChannelList, Limits, Metadata, Moment, Name, NetworkList, PermissionList
from app.audit.models import AuditRow
from app.http.schemas import RequestModel, RowView, drop_defaults
from app.tenants.key_status import KeyStatus, key_status
from app.tenants.models import ApiKeyRow, TenantRow
from app.tenants.permissions import shown_permissions

_MAX_GRACE_SECONDS = 365 * 24 * 3600
_MAX_ARCHIVE_DAYS = 36_500

TenantStatusText = Literal["active", "suspended"]


class TenantCreate(RequestModel):
    """Body of ``POST /tenants``."""

    name: Name
    status: TenantStatusText = "active"
    limits: Limits | None = None
    allowed_models: AllowList | None = None
    allowed_channels: ChannelList | None = None
    permissions: PermissionList | None = None
    allow_key_as_access_key_id: bool = True
    archive: Literal["on", "off"] = Field(default="on", description="whether clips are copied into the archive")
    archive_days: Annotated[int, Field(ge=1, le=_MAX_ARCHIVE_DAYS)] | None = Field(
        default=None, description="for how many days copies are kept; null: for good"
    )
    metadata: Metadata | None = None


class TenantPatch(TenantCreate):
    """Body of ``PATCH /tenants/{id}``: absent members are left unchanged, null clears; defaults are never used."""

    model_config = ConfigDict(json_schema_extra=drop_defaults)

    name: Name = ""


class KeyCreate(RequestModel):
    """Body of ``POST /tenants/{id}/keys``."""

    name: Name
    expires_at: Moment | None = None
    allowed_models: AllowList | None = None
    allowed_ips: NetworkList | None = None
    allowed_channels: ChannelList | None = None
    permissions: PermissionList | None = None
    limits: Limits | None = None


class KeyPatch(KeyCreate):
    """Body of ``PATCH /keys/{id}``: absent members are left unchanged, null clears; defaults are never used."""

    model_config = ConfigDict(json_schema_extra=drop_defaults)

    name: Name = ""


class KeyRotate(RequestModel):
    """Body of ``POST /keys/{id}/rotate``: for how many seconds the old key still works."""

    grace_seconds: Annotated[int, Field(ge=0, le=_MAX_GRACE_SECONDS)]


class ErasureView(BaseModel):
    """An erasure that has begun."""

    id: str
    kept: Annotated[list[str], Field(description="what stays, in words")]


class TenantCounts(BaseModel):
    """What a tenant has: keys that work, and tasks that are not final."""

    working_keys: int
    unfinished_tasks: int


class TenantView(RowView):
    """A tenant; ``counts`` is null unless the request asks for it."""

    id: str
    name: str
    status: str
    limits: dict[str, Any]
    allowed_models: list[str] | None
    allowed_channels: list[str] | None
    permissions: list[str]
    allow_key_as_access_key_id: bool
    archive: str
    archive_days: int | None
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    counts: TenantCounts | None = None

    @classmethod
    def of_row(cls, row: TenantRow, counts: TenantCounts | None = None) -> Self:
        """Returns the view of a row."""
        permissions = shown_permissions(row.permissions)
        return cls.of(
            row,
            limits=row.limits or {},
            metadata=row.details,
            permissions=permissions,
            archive="on" if row.archive else "off",
            counts=counts,
        )


class KeyView(RowView):
    """A key without its secret."""

    id: str
    tenant_id: str
    name: str
    public_part: str
    access_key_id: str | None
    status: str
    expires_at: datetime | None
    grace_ends_at: datetime | None
    allowed_models: list[str] | None
    allowed_ips: list[str] | None
    allowed_channels: list[str] | None
    permissions: list[str]
    limits: dict[str, Any]
    rotated_from: str | None
    last_used_at: datetime | None
    created_at: datetime

    @classmethod
    def of_row(cls, row: ApiKeyRow, now: datetime, **secret: str) -> Self:
        """Returns the view of a row; ``now`` decides whether the key has expired."""
        permissions, status = shown_permissions(row.permissions), key_status(row, now)
        # A grace that a revocation has cut short is over.
        grace_ends_at = None if status is KeyStatus.REVOKED else row.grace_ends_at
        shown = {"status": status, "grace_ends_at": grace_ends_at, "permissions": permissions, **secret}
        return cls.of(row, limits=row.limits or {}, **shown)


class IssuedKeyView(KeyView):
    """A new key with its plaintext, which no other answer shows."""

    key: str


class IssuedSigningKeyView(KeyView):
    """A key with a new signing key, whose secret no other answer shows."""

    access_key_id: str
    secret_access_key: str


class AuditView(RowView):
    """One change."""

    id: str
    at: datetime
    actor: str
    actor_id: str | None
    action: str
    tenant_id: str | None
    target_type: str
    target_id: str
    address: str | None
    detail: dict[str, Any]

    @classmethod
    def of_row(cls, row: AuditRow) -> Self:
        """Returns the view of a row."""
        return cls.of(row, id=str(row.id))
