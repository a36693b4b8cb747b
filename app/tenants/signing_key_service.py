"""Use cases of signing keys. Every change writes its audit row in the same transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, record
from app.core.sealing import SealError, SecretBox
from app.tenants.changes import target_of
from app.tenants.key_status import check_found, check_working
from app.tenants.models import ApiKeyRow
from app.tenants.repository import AllKeys
from app.tenants.signing_key import make_signing_key, open_secret, seal_secret


@dataclass(frozen=True)
class IssuedSigningKey:
    """The row of an API key, and the secret of its new signing key, which is shown once."""

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
        """Creates a signing key for an API key; the previous one ends within a second on every process.

        Raises:
            NotFoundError: 404, no such key.
            ConflictError: 409, the key is revoked or has expired.
        """
        made = make_signing_key()
        async with self._sessions.begin() as session:
            row = check_found(await AllKeys(session).lock(key_id))
            # Read after the lock: a concurrent request may have ended the key.
            now = self._clock()
            check_working(row, now)
            detail = {"access_key_id": made.access_key_id, "replaced": row.access_key_id}
            record(session, actor, "signing_key.create", target_of(row), at=now, **detail)
            row.access_key_id = made.access_key_id
            row.secret_access_key_sealed = seal_secret(self._box, row.id, made.secret_access_key)
            row.updated_at = now
        return IssuedSigningKey(row, made.secret_access_key)

    async def end(self, actor: Actor, key_id: str) -> None:
        """Ends the signing key of an API key, if it has one, within a second on every process.

        The API key itself keeps working.

        Raises:
            NotFoundError: 404, no such key.
        """
        async with self._sessions.begin() as session:
            row = check_found(await AllKeys(session).lock(key_id))
            if row.access_key_id is None:
                return
            now = self._clock()
            record(session, actor, "signing_key.delete", target_of(row), at=now, access_key_id=row.access_key_id)
            row.access_key_id = row.secret_access_key_sealed = None
            row.updated_at = now


async def reseal_signing_keys(session: AsyncSession, box: SecretBox) -> int:
    """Seals every secret access key with the first key of ``box``; returns their number.

    Raises:
        SealError: one does not open with any of the sealing keys; the text names its API key.
    """
    query = select(ApiKeyRow).where(ApiKeyRow.secret_access_key_sealed.is_not(None)).order_by(ApiKeyRow.id)
    rows = (await session.scalars(query.with_for_update())).all()
    for row in rows:
        try:
            secret = open_secret(box, row.id, row.secret_access_key_sealed or "")
        except SealError as error:
            raise SealError(f"signing key of API key {row.id}: {error}") from error
        row.secret_access_key_sealed = seal_secret(box, row.id, secret)
    return len(rows)
