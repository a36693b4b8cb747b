"""Changes of the rows of tenants and keys, and their names in the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.log import Actor, Target, record
from app.errors import NotFoundError
from app.tenants.models import ApiKeyRow, TenantRow


def apply_changes(row: TenantRow | ApiKeyRow, values: Mapping[str, Any], now: datetime) -> set[str]:
    """Sets columns; returns the names of those whose value changed."""
    changed = {name for name, value in values.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.updated_at = now
    return changed


def target_of(row: TenantRow | ApiKeyRow) -> Target:
    """Returns the target of a change. The audit log names a key by its public part, too."""
    if isinstance(row, TenantRow):
        return Target("tenant", row.id, row.id)
    return Target("key", row.id, row.tenant_id, {"public_part": row.public_part})


def revoke(session: AsyncSession, row: ApiKeyRow, actor: Actor, now: datetime) -> None:
    """Ends a key permanently."""
    row.revoked_at = row.updated_at = now
    # The signing key can never be used again, so it is not kept.
    row.access_key_id = row.secret_access_key_sealed = None
    record(session, actor, "key.revoke", target_of(row), at=now)


def check_tenant_found(row: TenantRow | None) -> TenantRow:
    """Returns the tenant.

    Raises:
        NotFoundError: 404, it is None.
    """
    if row is None:
        raise NotFoundError("The specified tenant is not found.", field="tenant_id", param="tenant_id")
    return row
