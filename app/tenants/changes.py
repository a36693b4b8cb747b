"""Applies a change to the row of a tenant or key, and records it in the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.log import Actor, record
from app.tenants.models import ApiKeyRow, TenantRow


def apply_changes(row: TenantRow | ApiKeyRow, values: Mapping[str, Any], now: datetime) -> set[str]:
    """Sets columns; returns the names of those whose value changed."""
    changed = {name for name, value in values.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.updated_at = now
    return changed


def record_change(
    session: AsyncSession,
    row: TenantRow | ApiKeyRow,
    *,
    actor: Actor,
    at: datetime,
    action: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds the audit row of a change to its session. The detail of a key contains its public part."""
    key = row if isinstance(row, ApiKeyRow) else None
    told = {} if key is None else {"public_part": key.public_part}
    record(
        session,
        actor,
        action,
        ("tenant" if key is None else "key", row.id),
        at=at,
        tenant_id=row.id if key is None else key.tenant_id,
        detail={**told, **(detail or {})},
    )
