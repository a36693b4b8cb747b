"""What the database says of an API key and of its signing key, read in one query for the authenticator."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ARRAY, Row, Text, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.sealing import SealError, SecretBox
from app.tenants.api_key import KeyParts
from app.tenants.key_status import earlier_end
from app.tenants.models import ApiKeyRow, TenantRow, TenantStatus
from app.tenants.networks import Network, parse_network
from app.tenants.principal import Principal
from app.tenants.signing_secrets import open_secret

_log = structlog.get_logger()


@dataclass(frozen=True)
class StoredKey:
    """A key and its tenant, as they were at one moment.

    Attributes:
        principal: who calls with it.
        ends_at: when it stops, by its own end or that of its grace, or None.
        is_revoked: it was revoked, or its tenant deleted.
        is_suspended: its tenant is suspended.
        allowed_networks: where it may be used from; None is anywhere.
        is_allowed_as_access_key_id: it may stand where an SDK puts its access key id.
    """

    principal: Principal
    ends_at: datetime | None
    is_revoked: bool
    is_suspended: bool
    allowed_networks: tuple[Network, ...] | None
    is_allowed_as_access_key_id: bool


@dataclass(frozen=True)
class StoredSigner:
    """A key that was found by the public half of its signing key, which proves nothing yet.

    Attributes:
        key: the key itself.
        secret_access_key: what its requests are signed with; None: it does not open, since a sealing key was dropped
            too early.
    """

    key: StoredKey
    secret_access_key: str | None = field(repr=False)


async def load_stored_keys(session: AsyncSession, keys: Sequence[KeyParts]) -> dict[KeyParts, StoredKey]:
    """Returns those of the keys that exist: one has the public part, and its secret is this one.

    The hashes are compared in constant time. Beside ``load_signers`` it is the only query that finds keys without
    knowing their tenants.
    """
    public_parts = [parts.public_part for parts in keys]
    rows = await session.execute(_QUERY.where(ApiKeyRow.public_part == any_(cast(public_parts, ARRAY(Text)))))
    found = {row.public_part: row for row in rows}
    return {
        parts: _to_stored_key(row)
        for parts in keys
        if (row := found.get(parts.public_part)) is not None and hmac.compare_digest(row.secret_hash, parts.secret_hash)
    }


async def load_signers(
    session: AsyncSession, access_key_ids: Sequence[str], *, box: SecretBox
) -> dict[str, StoredSigner]:
    """Returns the keys that have the signing keys of these ids, as far as there are any, with their secrets open."""
    wanted = cast(list(access_key_ids), ARRAY(Text))
    rows = await session.execute(
        _QUERY.add_columns(ApiKeyRow.access_key_id).where(ApiKeyRow.access_key_id == any_(wanted))
    )
    return {row.access_key_id: StoredSigner(_to_stored_key(row), _open(box, row)) for row in rows}


def _open(box: SecretBox, row: Row[*tuple[Any, ...]]) -> str | None:
    try:
        return open_secret(box, row.id, row.secret_access_key_sealed)
    except SealError as error:
        _log.error("signing_key_does_not_open", key=row.id, error=str(error))
        return None


_QUERY = select(
    ApiKeyRow.id,
    ApiKeyRow.public_part,
    ApiKeyRow.secret_hash,
    ApiKeyRow.secret_access_key_sealed,
    ApiKeyRow.expires_at,
    ApiKeyRow.grace_ends_at,
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
    TenantRow.allow_key_as_access_key_id,
).join(TenantRow, TenantRow.id == ApiKeyRow.tenant_id)


def _to_stored_key(row: Row[*tuple[Any, ...]]) -> StoredKey:
    networks = row.allowed_ips
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
        ),
        ends_at=earlier_end(row.expires_at, row.grace_ends_at),
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
