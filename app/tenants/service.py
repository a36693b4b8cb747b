"""Use cases of tenants and API keys. Every change writes its audit row in the same transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, record
from app.errors import ConflictError, InvalidParameterError, NotFoundError
from app.http.paging import PageRequest
from app.ids import new_id
from app.tenants.api_key import make_key
from app.tenants.changes import apply_changes, target_of
from app.tenants.credentials import authentication_failed
from app.tenants.key_status import check_found, check_working, earlier_end, key_status
from app.tenants.models import ApiKeyRow, TenantRow, TenantStatus
from app.tenants.principal import Principal
from app.tenants.repository import AllKeys, AllTenants, KeyRepository

CountUnfinished = Callable[[AsyncSession, str], Awaitable[int]]
"""Counts a tenant's unfinished tasks and open creates, whose tables are on floors above (``admin.deletion_guards``)."""

DeleteIdempotencyKeys = Callable[[AsyncSession, str], Awaitable[None]]
"""Deletes a tenant's idempotency keys, whose table is on a floor above."""


@dataclass(frozen=True)
class IssuedKey:
    """The row of a new key, and its plaintext, which is shown once."""

    row: ApiKeyRow
    plaintext: str = field(repr=False)


class TenantService:
    """Administers tenants and their keys. The rows it returns are detached."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    def now(self) -> datetime:
        """Returns the time that decides which keys have expired."""
        return self._clock()

    async def create_tenant(
        self,
        actor: Actor,
        *,
        name: str,
        status: str = TenantStatus.ACTIVE.value,
        allowed_models: Sequence[str] | None = None,
        allowed_channels: Sequence[str] | None = None,
        allow_key_as_access_key_id: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> TenantRow:
        """Creates a tenant. Lists of None allow everything."""
        now = self._clock()
        row = TenantRow(
            id=new_id("tenant"),
            name=name,
            status=status,
            allowed_models=_to_list(allowed_models),
            allowed_channels=_to_list(allowed_channels),
            allow_key_as_access_key_id=allow_key_as_access_key_id,
            details=dict(metadata or {}),
            created_at=now,
            updated_at=now,
        )
        async with self._sessions.begin() as session:
            session.add(row)
            record(session, actor, "tenant.create", target_of(row), at=now)
        return row

    async def list_tenants(self, page: PageRequest) -> Sequence[TenantRow]:
        """Returns tenants newest first, one more than asked when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._sessions() as session:
            return await AllTenants(session).page(page)

    async def get_tenant(self, tenant_id: str) -> TenantRow:
        """Returns a tenant.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions() as session:
            return _check_tenant(await AllTenants(session).find(tenant_id))

    async def update_tenant(self, actor: Actor, tenant_id: str, changes: Mapping[str, Any]) -> TenantRow:
        """Changes ``name``, ``status``, ``metadata`` or a member whose name begins with ``allow``.

        A suspended tenant's keys stop within a second on every process.

        Raises:
            NotFoundError: 404.
        """
        now = self._clock()
        columns = dict(changes)
        if "metadata" in columns:
            columns["details"] = columns.pop("metadata") or {}
        async with self._sessions.begin() as session:
            row = _check_tenant(await AllTenants(session).lock(tenant_id))
            changed = apply_changes(row, columns, now)
            if changed:
                fields = sorted("metadata" if name == "details" else name for name in changed)
                detail = {"fields": fields} | ({"status": row.status} if "status" in changed else {})
                record(session, actor, "tenant.update", target_of(row), at=now, **detail)
        return row

    async def delete_tenant(
        self,
        actor: Actor,
        tenant_id: str,
        *,
        count_unfinished: CountUnfinished,
        delete_idempotency_keys: DeleteIdempotencyKeys,
    ) -> None:
        """Revokes a tenant's API keys, deletes its idempotency keys, and hides it; its tasks and their usage stay.

        Raises:
            NotFoundError: 404.
            ConflictError: 409, it has unfinished tasks or creates.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            row = _check_tenant(await AllTenants(session).lock(tenant_id, is_closed=True))
            unfinished = await count_unfinished(session, tenant_id)
            if unfinished:
                raise ConflictError("InvalidAction", f"The tenant has {unfinished} unfinished tasks or creates.")
            keys = await KeyRepository(session, tenant_id).unrevoked()
            for key in keys:
                _revoke(session, key, actor, now)
            await delete_idempotency_keys(session, tenant_id)
            row.deleted_at = row.updated_at = now
            record(session, actor, "tenant.delete", target_of(row), at=now, revoked_keys=len(keys))

    async def create_key(
        self,
        actor: Actor,
        tenant_id: str,
        *,
        name: str,
        expires_at: datetime | None = None,
        allowed_models: Sequence[str] | None = None,
        allowed_channels: Sequence[str] | None = None,
        allowed_ips: Sequence[str] | None = None,
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
        row.allowed_models = _to_list(allowed_models)
        row.allowed_channels = _to_list(allowed_channels)
        row.allowed_ips = _to_list(allowed_ips)
        async with self._sessions.begin() as session:
            _check_tenant(await AllTenants(session).lock(tenant_id))
            session.add(row)
            record(session, actor, "key.create", target_of(row), at=now)
        return IssuedKey(row, plaintext)

    async def list_keys(self, page: PageRequest, *, tenant_id: str | None = None) -> Sequence[ApiKeyRow]:
        """Returns keys newest first, one more than asked when there are more; revoked ones too.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._sessions() as session:
            return await AllKeys(session).page(page, tenant_id=tenant_id)

    async def get_key(self, key_id: str) -> ApiKeyRow:
        """Returns a key.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions() as session:
            return check_found(await AllKeys(session).find(key_id))

    async def update_key(self, actor: Actor, key_id: str, changes: Mapping[str, Any]) -> ApiKeyRow:
        """Changes ``name``, ``expires_at``, ``allowed_models``, ``allowed_channels`` or ``allowed_ips``.

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

    async def rotate_key(self, actor: Actor, key_id: str, *, grace_seconds: int) -> IssuedKey:
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
            row.rotated_from = old.id
            for name in ("expires_at", "allowed_models", "allowed_channels", "allowed_ips"):
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

    async def revoke_key(self, actor: Actor, key_id: str) -> None:
        """Ends a key permanently, within a second on every process; a revoked key is left unchanged.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions.begin() as session:
            row = check_found(await AllKeys(session).lock(key_id))
            if row.revoked_at is None:
                _revoke(session, row, actor, self._clock())

    async def own_key(self, principal: Principal) -> ApiKeyRow:
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

    async def has_active_key(self, public_part: str) -> bool:
        """Says whether there is a working key with this public part, of an active tenant."""
        async with self._sessions() as session:
            key = await AllKeys(session).find_by_public_part(public_part)
            if key is None or not key_status(key, self._clock()).is_working:
                return False
            tenant = await AllTenants(session).find(key.tenant_id)
        return tenant is not None and tenant.status == TenantStatus.ACTIVE


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


def _revoke(session: AsyncSession, row: ApiKeyRow, actor: Actor, now: datetime) -> None:
    row.revoked_at = row.updated_at = now
    # The signing key can never be used again, so it is not kept.
    row.access_key_id = row.secret_access_key_sealed = None
    record(session, actor, "key.revoke", target_of(row), at=now)


def _check_tenant(row: TenantRow | None) -> TenantRow:
    if row is None:
        raise NotFoundError("The specified tenant is not found.", field="tenant_id", param="tenant_id")
    return row


def _check_future(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise InvalidParameterError("expires_at", "The parameter `expires_at` must be in the future.")


def _to_list(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else list(values)


def _to_rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
