"""Schemas of tenants, keys and the audit log."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.admin.fields import AllowList, ChannelList, Limits, Metadata, Moment, Name, NetworkList
from app.audit.models import AuditRow
from app.http.schemas import RequestModel
from app.tenants.key_status import key_status
from app.tenants.models import ApiKeyRow, TenantRow

_MAX_GRACE_SECONDS = 365 * 24 * 3600

TenantStatusText = Literal["active", "suspended"]


class TenantCreate(RequestModel):
    """Body of ``POST /tenants``."""

    name: Name
    status: TenantStatusText = "active"
    limits: Limits | None = None
    allowed_models: AllowList | None = None
    allowed_channels: ChannelList | None = None
    allow_key_as_access_key_id: bool = True
    metadata: Metadata | None = None


class TenantPatch(RequestModel):
    """Body of ``PATCH /tenants/{id}``: absent members are left unchanged, null clears; defaults are never used."""

    name: Name = ""
    status: TenantStatusText = "active"
    limits: Limits | None = None
    allowed_models: AllowList | None = None
    allowed_channels: ChannelList | None = None
    allow_key_as_access_key_id: bool = True
    metadata: Metadata | None = None

    def to_changes(self) -> dict[str, Any]:
        """Returns the members that were sent, as ``TenantService.update_tenant`` takes them."""
        changes = self.model_dump(exclude_unset=True, exclude={"limits"})
        if "metadata" in changes:
            changes["metadata"] = changes["metadata"] or {}
        return changes


class KeyCreate(RequestModel):
    """Body of ``POST /tenants/{id}/keys``."""

    name: Name
    expires_at: Moment | None = None
    allowed_models: AllowList | None = None
    allowed_ips: NetworkList | None = None
    allowed_channels: ChannelList | None = None
    limits: Limits | None = None


class KeyPatch(RequestModel):
    """Body of ``PATCH /keys/{id}``: absent members are left unchanged, null clears; defaults are never used."""

    name: Name = ""
    expires_at: Moment | None = None
    allowed_models: AllowList | None = None
    allowed_ips: NetworkList | None = None
    allowed_channels: ChannelList | None = None
    limits: Limits | None = None

    def to_changes(self) -> dict[str, Any]:
        """Returns the members that were sent, as ``TenantService.update_key`` takes them."""
        return self.model_dump(exclude_unset=True, exclude={"limits"})


class KeyRotate(RequestModel):
    """Body of ``POST /keys/{id}/rotate``: for how many seconds the old key still works."""

    grace_seconds: Annotated[int, Field(ge=0, le=_MAX_GRACE_SECONDS)]


class TenantView(BaseModel):
    """A tenant."""

    id: str
    name: str
    status: str
    limits: dict[str, Any]
    allowed_models: list[str] | None
    allowed_channels: list[str] | None
    allow_key_as_access_key_id: bool
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_row(cls, row: TenantRow) -> "TenantView":
        """Returns the view of a row."""
        return cls(
            id=row.id,
            name=row.name,
            status=row.status,
            limits={},
            allowed_models=row.allowed_models,
            allowed_channels=row.allowed_channels,
            allow_key_as_access_key_id=row.allow_key_as_access_key_id,
            metadata=row.details,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class KeyView(BaseModel):
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
    limits: dict[str, Any]
    rotated_from: str | None
    last_used_at: datetime | None
    created_at: datetime

    @classmethod
    def from_row(cls, row: ApiKeyRow, now: datetime) -> "KeyView":
        """Returns the view of a row; ``now`` decides whether the key has expired."""
        return cls(
            id=row.id,
            tenant_id=row.tenant_id,
            name=row.name,
            public_part=row.public_part,
            access_key_id=row.access_key_id,
            status=key_status(row, now),
            expires_at=row.expires_at,
            grace_ends_at=row.grace_ends_at,
            allowed_models=row.allowed_models,
            allowed_ips=row.allowed_ips,
            allowed_channels=row.allowed_channels,
            limits={},
            rotated_from=row.rotated_from,
            last_used_at=row.last_used_at,
            created_at=row.created_at,
        )


class IssuedKeyView(KeyView):
    """A new key with its plaintext, which no other answer shows."""

    key: str


class IssuedSigningKeyView(KeyView):
    """A key with a new signing key, whose secret no other answer shows."""

    access_key_id: str
    secret_access_key: str


class AuditView(BaseModel):
    """One change."""

    id: str
    at: datetime
    actor: str
    action: str
    tenant_id: str | None
    target_type: str
    target_id: str
    address: str | None
    detail: dict[str, Any]

    @classmethod
    def from_row(cls, row: AuditRow) -> "AuditView":
        """Returns the view of a row."""
        return cls(
            id=str(row.id),
            at=row.at,
            actor=row.actor,
            action=row.action,
            tenant_id=row.tenant_id,
            target_type=row.target_type,
            target_id=row.target_id,
            address=row.address,
            detail=row.detail,
        )
