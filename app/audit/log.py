"""Writes the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditRow


@dataclass(frozen=True)
class Actor:
    """The author of a change, as the audit log shows it.

    Attributes:
        name: ``admin`` for the admin token, or the name of a command.
        address: of the client; None for a command.
    """

    name: str
    address: str | None


def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    target: tuple[str, str],
    *,
    at: datetime,
    tenant_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Adds an audit row to the session of the change, so that both are committed or neither.

    Args:
        session: of the change.
        actor: its author.
        action: such as ``key.create``.
        target: type and id of the changed object.
        at: the time of the change.
        tenant_id: the owner of the object, if it has one.
        detail: must not contain a secret: of a changed secret only the field's name.
    """
    session.add(
        AuditRow(
            at=at,
            actor=actor.name,
            address=actor.address,
            action=action,
            target_type=target[0],
            target_id=target[1],
            tenant_id=tenant_id,
            detail=detail or {},
        )
    )
