"""Loads admins by their tokens for authentication, with one query for many."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Text, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.admins.models import AdminRole, AdminRow
from app.core.token_format import TokenParts


@dataclass(frozen=True)
class StoredAdmin:
    """An admin as it was when read.

    Attributes:
        id: its id.
        name: its display name.
        role: what it may do.
        expires_at: when its token expires, or None.
        is_revoked: whether its token was revoked.
    """

    id: str
    name: str
    role: AdminRole
    expires_at: datetime | None
    is_revoked: bool

    def is_working(self, now: datetime) -> bool:
        """Says whether requests with the token are accepted at a time."""
        return not self.is_revoked and (self.expires_at is None or self.expires_at > now)


async def load_stored_admins(session: AsyncSession, tokens: Sequence[TokenParts]) -> dict[TokenParts, StoredAdmin]:
    """Returns the admins whose tokens exist, that is, whose public part and secret both match.

    The hashes are compared in constant time.
    """
    wanted = cast([parts.public_part for parts in tokens], ARRAY(Text))
    rows = await session.scalars(select(AdminRow).where(AdminRow.public_part == any_(wanted)))
    found = {row.public_part: row for row in rows}
    return {
        parts: _to_stored_admin(row)
        for parts in tokens
        if (row := found.get(parts.public_part)) is not None and hmac.compare_digest(row.secret_hash, parts.secret_hash)
    }


async def load_admins_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, StoredAdmin]:
    """Returns the admins with these ids, whose tokens have been proven before."""
    rows = await session.scalars(select(AdminRow).where(AdminRow.id == any_(cast(list(ids), ARRAY(Text)))))
    return {row.id: _to_stored_admin(row) for row in rows}


def _to_stored_admin(row: AdminRow) -> StoredAdmin:
    return StoredAdmin(row.id, row.name, AdminRole(row.role), row.expires_at, row.revoked_at is not None)
