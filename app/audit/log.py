"""Writes the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditRow


@dataclass(frozen=True)
class Actor:
    """The author of a change, as the audit log shows it.

    Attributes:
        name: the name of the admin, ``admin`` for the token of the environment, or the name of a command.
        address: the address of the client; None for a command.
        id: the id of an admin with a token of its own, or of an API key; names are chosen freely.
    """

    name: str
    address: str | None
    id: str | None = None


@dataclass(frozen=True)
class Target:
    """The changed object.

    Attributes:
        type: such as ``key``.
        id: the id of the object.
        tenant_id: its owner, if it has one.
        detail: the members that every row about the object contains.
    """

    type: str
    id: str
    tenant_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def record(session: AsyncSession, actor: Actor, action: str, target: Target, *, at: datetime, **detail: Any) -> None:
    """Adds an audit row to the session of a change such as ``key.create``, so that both are committed or neither.

    The detail must not contain a secret: of a changed secret only the field's name.
    """
    session.add(
        AuditRow(
            at=at,
            actor=actor.name,
            actor_id=actor.id,
            address=actor.address,
            action=action,
            target_type=target.type,
            target_id=target.id,
            tenant_id=target.tenant_id,
            detail={**target.detail, **detail},
        )
    )
