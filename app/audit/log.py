"""Writing of audit rows."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditRow


def record(
    session: AsyncSession,
    *,
    at: datetime,
    actor: str,
    action: str,
    target_type: str,
    target_id: str,
    tenant_id: str | None = None,
    address: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Adds an audit row to ``session``, so that it is committed with the change or not at all.

    ``detail`` must hold no secret: name the fields that changed, not their values, where a value is one.
    """
    session.add(
        AuditRow(
            at=at,
            actor=actor,
            action=action,
            target_type=target_type,
            target_id=target_id,
            tenant_id=tenant_id,
            address=address,
            detail=detail or {},
        )
    )
