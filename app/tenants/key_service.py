"""Use cases of API keys and their signing keys. Every change writes its audit row in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, record
from app.core.sealing import SealError, SecretBox
from app.errors import InvalidParameterError
from app.http.paging import PageRequest
from app.ids import new_id
from app.tenants.api_key import make_key
from app.tenants.changes import apply_changes, check_tenant_found, revoke, target_of
from app.tenants.credentials import authentication_failed
from app.tenants.key_status import check_found, check_working, earlier_end, key_status
from app.tenants.models import ApiKeyRow, TenantRow, TenantStatus
from app.tenants.principal import Principal
from app.tenants.repository import AllKeys, AllTenants, KeyRepository, KeySearch
from app.tenants.signing_key import make_signing_key, open_secret, seal_secret


@dataclass(frozen=True)
class IssuedKey:
    """The row of an API key, and the secret of it or of its signing key, which is shown once."""

    row: ApiKeyRow
    secret: str = field(repr=False)


class KeyService:
    """Administers the keys of all tenants. The rows it returns are detached."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime], box: SecretBox
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._box = box

    def now(self) -> datetime:
        """Returns the time that decides which keys have expired."""
        return self._clock()

    async def create(
        self,
        actor: Actor,
        tenant_id: str,
        *,
        name: str,
        expires_at: datetime | None = None,
        allowed_models: list[str] | None = None,
        allowed_channels: list[str] | None = None,
        allowed_ips: list[str] | None = None,
        permissions: list[str] | None = None,
        limits: dict[str, Any] | None = None,
    ) -> IssuedKey:
        """Creates a key. Its plaintext is not stored.

        Raises:
            NotFoundError: 404, no such tenant.
            InvalidParameterError: 400, ``expires_at`` is not in the future.
        """
        now = self._clock()
        _check_future(expires_at, now)
        row, plaintext = _new_key(tenant_id, name, now)
        row.expires_at = expires_at
        row.allowed_models = allowed_models
        row.allowed_channels = allowed_channels
        row.allowed_ips = allowed_ips
        row.permissions = permissions
        row.limits = limits
        async with self._sessions.begin() as session:
            check_tenant_found(await AllTenants(session).lock(tenant_id))
            session.add(row)
            record(session, actor, "key.create", target_of(row), at=now)
        return IssuedKey(row, plaintext)

    async def page(self, page: PageRequest, wanted: KeySearch) -> Sequence[ApiKeyRow]:
        """Returns keys newest first, one more than asked when there are more; revoked ones too.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._sessions() as session:
            return await AllKeys(session).page(page, wanted, now=self._clock())

    async def get(self, key_id: str) -> ApiKeyRow:
        """Returns a key.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions() as session:
            return check_found(await AllKeys(session).find(key_id))

    async def update(self, actor: Actor, key_id: str, changes: Mapping[str, Any]) -> ApiKeyRow:
        """Changes ``name``, ``expires_at``, ``permissions``, ``limits`` or a member whose name begins with ``allowed``.

        Raises:
            NotFoundError: 404.
            InvalidParameterError: 400, ``expires_at`` is not in the future.
        """
        now = self._clock()
        _check_future(changes.get("expires_at"), now)
        async with self._sessions.begin() as session:
            row = check_found(await AllKeys(session).lock(key_id))
            changed = apply_changes(row, changes, now)
            if changed:
                record(session, actor, "key.update", target_of(row), at=now, fields=sorted(changed))
        return row

    async def rotate(self, actor: Actor, key_id: str, *, grace_seconds: int) -> IssuedKey:
        """Creates a key with the same rights and the same ``expires_at``, and ends the old one after a grace.

        During the grace the old key keeps its ``expires_at`` and may be rotated again, which can only shorten the
        grace. Without a grace its ``expires_at`` becomes the time of the rotation. A signing key stays with the old
        key and ends with it.

        Raises:
            NotFoundError: 404.
            ConflictError: 409, the key is revoked or has expired.
        """
        async with self._sessions.begin() as session:
            old = check_found(await AllKeys(session).lock(key_id))
            # Read after the lock: a concurrent rotation may have ended the key.
            now = self._clock()
            check_working(old, now)
            row, plaintext = _new_key(old.tenant_id, old.name, now)
            row.rotated_from, row.first_key_id = old.id, old.first_key_id or old.id
            for name in ("expires_at", "allowed_models", "allowed_channels", "allowed_ips", "permissions", "limits"):
                setattr(row, name, getattr(old, name))
            old.grace_ends_at = earlier_end(old.grace_ends_at, now + timedelta(seconds=grace_seconds))
            if grace_seconds == 0:
                # A gateway of the previous version reads only this column, and must reject a leaked key, too.
                old.expires_at = now
            old.updated_at = now
            session.add(row)
            record(
                session,
                actor,
                "key.rotate",
                target_of(old),
                at=now,
                new_key=row.id,
                grace_seconds=grace_seconds,
                grace_ends_at=_to_rfc3339(old.grace_ends_at),
            )
        return IssuedKey(row, plaintext)

    async def revoke(self, actor: Actor, key_id: str) -> None:
        """Ends a key permanently, within a second on every process; a revoked key is left unchanged.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions.begin() as session:
            row = check_found(await AllKeys(session).lock(key_id))
            if row.revoked_at is None:
                revoke(session, row, actor, self._clock())

    async def own(self, principal: Principal) -> ApiKeyRow:
        """Returns the key that the caller used.

        Raises:
            AuthenticationFailedError: 401, it no longer exists.
        """
        async with self._sessions() as session:
            found = await KeyRepository(session, principal.tenant_id).find(principal.key_id)
        if found is None:
            raise authentication_failed()
        return found

    async def find_owner(self, public_part: str) -> TenantRow | None:
        """Returns the tenant of the key with this public part, which may be revoked; None if there is no active one."""
        async with self._sessions() as session:
            key = await AllKeys(session).find_by_public_part(public_part)
            tenant = None if key is None else await AllTenants(session).find(key.tenant_id)
        return tenant if tenant is not None and tenant.status == TenantStatus.ACTIVE else None

    async def is_working(self, public_part: str) -> bool:
        """Says whether there is a working key with this public part, of an active tenant."""
        async with self._sessions() as session:
            key = await AllKeys(session).find_by_public_part(public_part)
            if key is None or not key_status(key, self._clock()).is_working:
                return False
            tenant = await AllTenants(session).find(key.tenant_id)
        return tenant is not None and tenant.status == TenantStatus.ACTIVE

    async def issue_signing_key(self, actor: Actor, key_id: str) -> IssuedKey:
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
        return IssuedKey(row, made.secret_access_key)

    async def end_signing_key(self, actor: Actor, key_id: str) -> None:
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


def _new_key(tenant_id: str, name: str, now: datetime) -> tuple[ApiKeyRow, str]:
    made = make_key()
    row = ApiKeyRow(
        id=new_id("key"),
        tenant_id=tenant_id,
        name=name,
        public_part=made.parts.public_part,
        secret_hash=made.parts.secret_hash,
        created_at=now,
        updated_at=now,
    )
    return row, made.plaintext


def _check_future(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise InvalidParameterError("expires_at", "The parameter `expires_at` must be in the future.")


def _to_rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
