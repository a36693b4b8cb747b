"""What the database says of an API key, read in one query for the authenticator."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.tenants.api_key import KeyParts
from app.tenants.models import ApiKeyRow, TenantRow, TenantStatus
from app.tenants.networks import Network, parse_network
from app.tenants.principal import Principal


@dataclass(frozen=True)
class StoredKey:
    """A key whose secret was proven, and its tenant, as they were at one moment.

    Attributes:
        principal: who calls with it.
        expires_at: when it ends, or None.
        is_revoked: it was revoked, or its tenant deleted.
        is_suspended: its tenant is suspended.
        allowed_networks: where it may be used from; None is anywhere.
    """

    principal: Principal
    expires_at: datetime | None
    is_revoked: bool
    is_suspended: bool
    allowed_networks: tuple[Network, ...] | None


async def load_stored_key(session: AsyncSession, parts: KeyParts) -> StoredKey | None:
    """Returns the key, or None when nothing has its public part or the secret is another one.

    The hashes are compared in constant time. The query is the only one that finds a key without knowing its tenant.
    """
    found = (await session.execute(_QUERY.where(ApiKeyRow.public_part == parts.public_part))).one_or_none()
    if found is None or not hmac.compare_digest(found.secret_hash, parts.secret_hash):
        return None
    return _to_stored_key(found)


_QUERY = select(
    ApiKeyRow.id,
    ApiKeyRow.public_part,
    ApiKeyRow.secret_hash,
    ApiKeyRow.expires_at,
    ApiKeyRow.revoked_at,
    ApiKeyRow.allowed_ips,
    ApiKeyRow.allowed_models,
    ApiKeyRow.allowed_channels,
    TenantRow.id.label("tenant_id"),
    TenantRow.name.label("tenant_name"),
    TenantRow.status.label("tenant_status"),
    TenantRow.deleted_at.label("tenant_deleted_at"),
    TenantRow.allowed_models.label("tenant_models"),
    TenantRow.allowed_channels.label("tenant_channels"),
).join(TenantRow, TenantRow.id == ApiKeyRow.tenant_id)


def _to_stored_key(row: Row[*tuple[Any, ...]]) -> StoredKey:
    networks = row.allowed_ips
    return StoredKey(
        principal=Principal(
            tenant_id=row.tenant_id,
            tenant_name=row.tenant_name,
            key_id=row.id,
            key_public_part=row.public_part,
            allowed_models=_intersect(row.tenant_models, row.allowed_models),
            allowed_channels=_intersect(row.tenant_channels, row.allowed_channels),
        ),
        expires_at=row.expires_at,
        is_revoked=row.revoked_at is not None or row.tenant_deleted_at is not None,
        is_suspended=row.tenant_status != TenantStatus.ACTIVE,
        allowed_networks=None if networks is None else tuple(parse_network(text) for text in networks),
    )


def _intersect(one: Sequence[str] | None, other: Sequence[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        allowed = other if one is None else one
        return None if allowed is None else frozenset(allowed)
    return frozenset(one) & frozenset(other)
