"""Use cases of signing keys. Every change writes its audit row in its own transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor
from app.core.sealing import SecretBox
from app.tenants.changes import record_change
from app.tenants.key_status import check_key, check_working
from app.tenants.models import ApiKeyRow
from app.tenants.repository import AllKeys
from app.tenants.signing_key import make_signing_key
from app.tenants.signing_secrets import seal_secret


@dataclass(frozen=True)
class IssuedSigningKey:
    """An API key's row, and the secret of its new signing key for the one answer that shows it."""

    row: ApiKeyRow
    secret_access_key: str = field(repr=False)


class SigningKeyService:
    """Administers the signing keys of all tenants' API keys."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], box: SecretBox, clock: Callable[[], datetime]
    ) -> None:
        self._sessions = sessions
        self._box = box
        self._clock = clock

    async def issue(self, actor: Actor, key_id: str) -> IssuedSigningKey:
        """Gives an API key a new signing key; the one before stops within a second on every process.

        Raises:
            NotFoundError: 404, no such key.
            ConflictError: 409, the key is revoked or has expired.
        """
        made = make_signing_key()
        async with self._sessions.begin() as session:
            row = check_key(await AllKeys(session).lock(key_id))
            # Read once the key is ours: somebody may just have ended it.
            now = self._clock()
            check_working(row, now)
            detail = {"access_key_id": made.access_key_id, "replaced": row.access_key_id}
            row.access_key_id = made.access_key_id
            row.secret_access_key_sealed = seal_secret(self._box, row.id, made.secret_access_key)
            row.updated_at = now
            record_change(session, row, actor=actor, at=now, action="signing_key.create", detail=detail)
        return IssuedSigningKey(row, made.secret_access_key)

    async def end(self, actor: Actor, key_id: str) -> None:
        """Ends a key's signing key within a second on every process; the key itself goes on. None is left as it is.

        Raises:
            NotFoundError: 404, no such key.
        """
        async with self._sessions.begin() as session:
            row = check_key(await AllKeys(session).lock(key_id))
            if row.access_key_id is None:
                return
            now = self._clock()
            detail = {"access_key_id": row.access_key_id}
            row.access_key_id = row.secret_access_key_sealed = None
            row.updated_at = now
            record_change(session, row, actor=actor, at=now, action="signing_key.delete", detail=detail)
