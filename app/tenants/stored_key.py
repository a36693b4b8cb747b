"""Loads API keys and signing keys for the authenticator, with one query for many."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import structlog
from sqlalchemy import ARRAY, Row, Text, any_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.sealing import SealError, SecretBox
from app.http.client_address import parse_network
from app.limits.caps import caps_of
from app.limits.quotas import quotas_of
from app.tenants.api_key import KeyParts
from app.tenants.models import ApiKeyRow, TenantRow, TenantStatus
from app.tenants.permissions import effective_permissions
from app.tenants.principal import Principal
from app.tenants.signing_key import open_secret

_log = structlog.get_logger()


@dataclass(frozen=True)
class StoredKey:
    """An API key and its tenant, as they were when read.

    Attributes:
        principal: the principal of requests with this key.
        ends_at: when the key expires or its grace ends, or None.
        is_revoked: whether the key was revoked or its tenant deleted.
        is_suspended: whether the tenant is suspended.
        allowed_networks: the networks of the clients that may use it; None allows all.
        is_allowed_as_access_key_id: whether it may be sent as an SDK's access key id.
    """

    principal: Principal
    ends_at: datetime | None
    is_revoked: bool
    is_suspended: bool
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] | None
    is_allowed_as_access_key_id: bool

    def is_working(self, now: datetime) -> bool:
        """Says whether the key works at a time, from an address where it is allowed."""
        has_ended = self.is_revoked or (self.ends_at is not None and self.ends_at <= now)
        return not has_ended and not self.is_suspended


@dataclass(frozen=True)
class StoredSigner:
    """A key that was found by its access key id, which is public and proves nothing.

    Attributes:
        key: the API key.
        secret_access_key: verifies signatures; None if it does not open, because a sealing key was removed too early.
    """

    key: StoredKey
    secret_access_key: str | None = field(repr=False)


async def load_stored_keys(session: AsyncSession, keys: Sequence[KeyParts]) -> dict[KeyParts, StoredKey]:
    """Returns the keys that exist, that is, whose public part and secret both match.

    The hashes are compared in constant time. Only this query, ``load_keys_by_id`` and ``load_signers`` find keys
    without knowing the tenant.
    """
    public_parts = [parts.public_part for parts in keys]
    rows = await session.execute(_QUERY.where(ApiKeyRow.public_part == any_(cast(public_parts, ARRAY(Text)))))
    found = {row.public_part: row for row in rows}
    return {
        parts: _to_stored_key(row)
        for parts in keys
        if (row := found.get(parts.public_part)) is not None and hmac.compare_digest(row.secret_hash, parts.secret_hash)
    }


async def load_keys_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, StoredKey]:
    """Returns the keys with these ids, whose secrets have been proven before."""
    rows = await session.execute(_QUERY.where(ApiKeyRow.id == any_(cast(list(ids), ARRAY(Text)))))
    return {row.id: _to_stored_key(row) for row in rows}


async def load_signers(
    session: AsyncSession, access_key_ids: Sequence[str], *, box: SecretBox
) -> dict[str, StoredSigner]:
    """Returns, by access key id, the keys that have these signing keys, with their secrets opened."""
    wanted = cast(list(access_key_ids), ARRAY(Text))
    rows = await session.execute(
        _QUERY.add_columns(ApiKeyRow.access_key_id).where(ApiKeyRow.access_key_id == any_(wanted))
    )
    return {row.access_key_id: StoredSigner(_to_stored_key(row), _open(box, row)) for row in rows}


def _open(box: SecretBox, row: Row[*tuple[Any, ...]]) -> str | None:
    try:
        return open_secret(box, row.id, row.secret_access_key_sealed)
    except SealError as error:
        _log.error("signing_key_unreadable", key=row.id, error=str(error))
        return None


_QUERY = select(
    ApiKeyRow.id,
    ApiKeyRow.public_part,
    ApiKeyRow.secret_hash,
    ApiKeyRow.secret_access_key_sealed,
    func.least(ApiKeyRow.expires_at, ApiKeyRow.grace_ends_at).label("ends_at"),  # a null counts as never
    ApiKeyRow.revoked_at,
    ApiKeyRow.allowed_ips,
    ApiKeyRow.allowed_models,
    ApiKeyRow.allowed_channels,
    ApiKeyRow.permissions,
    ApiKeyRow.limits,
    ApiKeyRow.first_key_id,
    TenantRow.id.label("tenant_id"),
    TenantRow.name.label("tenant_name"),
    TenantRow.status.label("tenant_status"),
    TenantRow.deleted_at.label("tenant_deleted_at"),
    TenantRow.allowed_models.label("tenant_models"),
    TenantRow.allowed_channels.label("tenant_channels"),
    TenantRow.permissions.label("tenant_permissions"),
    TenantRow.limits.label("tenant_limits"),
    TenantRow.allow_key_as_access_key_id,
).join(TenantRow, TenantRow.id == ApiKeyRow.tenant_id)


def _to_stored_key(row: Row[*tuple[Any, ...]]) -> StoredKey:
    networks = row.allowed_ips
    # Keys that replace one another are one owner: a rotation neither doubles a limit nor begins it anew.
    owners = (("key", row.first_key_id or row.id, row.limits), ("tenant", row.tenant_id, row.tenant_limits))
    return StoredKey(
        principal=Principal(
            tenant_id=row.tenant_id,
            tenant_name=row.tenant_name,
            key_id=row.id,
            key_public_part=row.public_part,
            allowed_models=tuple(
                frozenset(names) for names in (row.tenant_models, row.allowed_models) if names is not None
            ),
            allowed_channels=_intersect(row.tenant_channels, row.allowed_channels),
            permissions=effective_permissions(row.tenant_permissions, row.permissions),
            quotas=quotas_of(owners),
            caps=caps_of(owners),
        ),
        ends_at=row.ends_at,
        is_revoked=row.revoked_at is not None or row.tenant_deleted_at is not None,
        is_suspended=row.tenant_status != TenantStatus.ACTIVE,
        allowed_networks=None if networks is None else tuple(parse_network(text) for text in networks),
        is_allowed_as_access_key_id=row.allow_key_as_access_key_id,
    )


def _intersect(one: Sequence[str] | None, other: Sequence[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        allowed = other if one is None else one
        return None if allowed is None else frozenset(allowed)
    return frozenset(one) & frozenset(other)
