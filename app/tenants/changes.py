"""Applies a change to the row of a tenant or key, and names the row for the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.audit.log import Target
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
