"""Use cases of named admin tokens. Every change writes its audit row in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.admins.models import AdminRow
from app.admins.repository import AllAdmins
from app.admins.token import make_token
from app.audit.log import Actor, Target, record
from app.errors import ConflictError, InvalidParameterError, NotFoundError
from app.http.paging import PageRequest
from app.ids import new_id


class AdminStatus(StrEnum):
    """The status of an admin's token in the admin API."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class IssuedAdmin:
    """A new admin, and its token, which is shown once."""

    row: AdminRow
    token: str = field(repr=False)


def admin_status(row: AdminRow, now: datetime) -> AdminStatus:
    """Returns the status of an admin's token at a time."""
    if row.revoked_at is not None:
        return AdminStatus.REVOKED
    if row.expires_at is not None and row.expires_at <= now:
        return AdminStatus.EXPIRED
    return AdminStatus.ACTIVE


class AdminService:
    """Administers the named admin tokens. The rows it returns are detached."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    def now(self) -> datetime:
        """Returns the time that decides which tokens have expired."""
        return self._clock()

    async def create(self, actor: Actor, *, name: str, role: str, expires_at: datetime | None = None) -> IssuedAdmin:
        """Creates an admin. The plaintext of its token is not stored.

        Raises:
            InvalidParameterError: 400, ``expires_at`` is not in the future.
        """
        now = self._clock()
        _check_future(expires_at, now)
        made = make_token()
        row = AdminRow(
            id=new_id("admin"),
            name=name,
            role=role,
            public_part=made.parts.public_part,
            secret_hash=made.parts.secret_hash,
            expires_at=expires_at,
            created_at=now,
            updated_at=now,
        )
        async with self._sessions.begin() as session:
            session.add(row)
            record(session, actor, "admin.create", _target_of(row), at=now, role=role)
        return IssuedAdmin(row, made.plaintext)

    async def page(self, page: PageRequest) -> Sequence[AdminRow]:
        """Returns admins newest first, one more than asked when there are more; revoked ones too.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._sessions() as session:
            return await AllAdmins(session).page(page)

    async def update(self, actor: Actor, admin_id: str, changes: Mapping[str, Any]) -> AdminRow:
        """Changes ``name``, ``role`` or ``expires_at``, within a second on every process.

        Raises:
            NotFoundError: 404.
            InvalidParameterError: 400, ``expires_at`` is not in the future.
            ConflictError: 409, the token was revoked.
        """
        now = self._clock()
        _check_future(changes.get("expires_at"), now)
        async with self._sessions.begin() as session:
            row = _check_found(await AllAdmins(session).lock(admin_id))
            if row.revoked_at is not None:
                raise ConflictError("InvalidAction", "The admin token is revoked; create a new one instead.")
            changed = sorted(name for name, value in changes.items() if getattr(row, name) != value)
            for name in changed:
                setattr(row, name, changes[name])
            if changed:
                row.updated_at = now
                detail = {"fields": changed} | ({"role": row.role} if "role" in changed else {})
                record(session, actor, "admin.update", _target_of(row), at=now, **detail)
        return row

    async def revoke(self, actor: Actor, admin_id: str) -> None:
        """Ends a token permanently, within a second on every process; a revoked one is left unchanged.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions.begin() as session:
            row = _check_found(await AllAdmins(session).lock(admin_id))
            if row.revoked_at is None:
                row.revoked_at = row.updated_at = now = self._clock()
                record(session, actor, "admin.revoke", _target_of(row), at=now)


def _target_of(row: AdminRow) -> Target:
    return Target("admin", row.id, detail={"name": row.name, "public_part": row.public_part})


def _check_found(row: AdminRow | None) -> AdminRow:
    if row is None:
        raise NotFoundError("The specified admin is not found.", field="admin_id", param="admin_id")
    return row


def _check_future(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise InvalidParameterError("expires_at", "The parameter `expires_at` must be in the future.")
