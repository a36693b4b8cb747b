"""Loads console sessions by the hashes of their tokens, each with its admin or its key, with a few queries for many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, LargeBinary, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.admins.stored_admin import StoredAdmin, load_admins_by_id
from app.console.models import ConsoleSessionRow
from app.tenants.stored_key import StoredKey, load_keys_by_id


@dataclass(frozen=True)
class StoredSession:
    """A session and its owner, as they were when read.

    Attributes:
        id: names it in the log.
        token_hash: finds it.
        admin: the admin of a named token; None for another owner.
        key: the API key; None for another owner.
        environment_mac: binds the session to the token of the environment; None for another owner.
        created_at: when it was signed in.
        expires_at: when it ends unless it is used.
    """

    id: str
    token_hash: bytes
    admin: StoredAdmin | None
    key: StoredKey | None
    environment_mac: bytes | None
    created_at: datetime
    expires_at: datetime


async def load_stored_sessions(session: AsyncSession, hashes: Sequence[bytes]) -> dict[bytes, StoredSession]:
    """Returns the sessions that exist, by the hashes of their tokens."""
    wanted = cast(list(hashes), ARRAY(LargeBinary))
    rows = (await session.scalars(select(ConsoleSessionRow).where(ConsoleSessionRow.token_hash == any_(wanted)))).all()
    admin_ids = {row.admin_id for row in rows if row.admin_id is not None}
    key_ids = {row.key_id for row in rows if row.key_id is not None}
    admins = await load_admins_by_id(session, admin_ids) if admin_ids else {}
    keys = await load_keys_by_id(session, key_ids) if key_ids else {}
    return {
        row.token_hash: StoredSession(
            id=row.id,
            token_hash=row.token_hash,
            admin=admins.get(row.admin_id or ""),
            key=keys.get(row.key_id or ""),
            environment_mac=row.environment_mac,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in rows
    }
