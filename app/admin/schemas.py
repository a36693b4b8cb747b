"""Schemas of tenants, keys and the audit log."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from app.admin.fields import AllowList, ChannelList, Limits, Metadata, Moment, Name, NetworkList, PermissionList
from app.audit.models import AuditRow
from app.http.schemas import RequestModel, RowView, drop_defaults
from app.tenants.key_status import key_status
from app.tenants.models import ApiKeyRow, TenantRow
from app.tenants.permissions import shown_permissions

_MAX_GRACE_SECONDS = 365 * 24 * 3600

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


class TenantView(RowView):
    """A tenant."""

    id: str
    name: str
    status: str
    limits: dict[str, Any]
    allowed_models: list[str] | None
    allowed_channels: list[str] | None
    permissions: list[str]
    allow_key_as_access_key_id: bool
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of_row(cls, row: TenantRow) -> Self:
        """Returns the view of a row."""
        permissions = shown_permissions(row.permissions)
        return cls.of(row, limits=row.limits or {}, metadata=row.details, permissions=permissions)


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
        permissions = shown_permissions(row.permissions)
        return cls.of(row, status=key_status(row, now), limits=row.limits or {}, permissions=permissions, **secret)


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
