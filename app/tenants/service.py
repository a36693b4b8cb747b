"""Use cases of tenants. Every change writes its audit row in the same transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, record
from app.errors import ConflictError
from app.http.paging import PageRequest
from app.ids import new_id
from app.tenants.changes import apply_changes, check_tenant_found, revoke, target_of
from app.tenants.models import TenantRow, TenantStatus
from app.tenants.repository import AllTenants, KeyRepository, TenantSearch

CountUnfinished = Callable[[AsyncSession, str], Awaitable[int]]
"""Counts a tenant's unfinished tasks and open creates, whose tables are on floors above (``admin.deletion_guards``)."""

DeleteIdempotencyKeys = Callable[[AsyncSession, str], Awaitable[None]]
"""Deletes a tenant's idempotency keys, whose table is on a floor above."""

EndBudgets = Callable[[AsyncSession, str, datetime], Awaitable[None]]
"""Deletes a tenant's budgets, whose table is on a floor above."""


class TenantService:
    """Administers tenants. The rows it returns are detached."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def create_tenant(
        self,
        actor: Actor,
        *,
        name: str,
        status: str = TenantStatus.ACTIVE.value,
        allowed_models: list[str] | None = None,
        allowed_channels: list[str] | None = None,
        permissions: list[str] | None = None,
        limits: dict[str, int] | None = None,
        allow_key_as_access_key_id: bool = True,
        archive: bool = True,
        archive_days: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> TenantRow:
        """Creates a tenant. Lists of None allow everything."""
        now = self._clock()
        row = TenantRow(
            id=new_id("tenant"),
            name=name,
            status=status,
            allowed_models=allowed_models,
            allowed_channels=allowed_channels,
            permissions=permissions,
            limits=limits,
            allow_key_as_access_key_id=allow_key_as_access_key_id,
            archive=archive,
            archive_days=archive_days,
            details=dict(metadata or {}),
            created_at=now,
            updated_at=now,
        )
        async with self._sessions.begin() as session:
            session.add(row)
            record(session, actor, "tenant.create", target_of(row), at=now)
        return row

    async def list_tenants(self, page: PageRequest, wanted: TenantSearch) -> Sequence[TenantRow]:
        """Returns tenants newest first, one more than asked when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        async with self._sessions() as session:
            return await AllTenants(session).page(page, wanted)

    def now(self) -> datetime:
        """Returns the time that decides what has expired."""
        return self._clock()

    async def get_tenant(self, tenant_id: str) -> TenantRow:
        """Returns a tenant.

        Raises:
            NotFoundError: 404.
        """
        async with self._sessions() as session:
            return check_tenant_found(await AllTenants(session).find(tenant_id))

    async def update_tenant(self, actor: Actor, tenant_id: str, changes: Mapping[str, Any]) -> TenantRow:
        """Changes ``name``, ``status``, ``metadata``, ``permissions``, ``limits``, ``allow…`` or ``archive…``.

        A suspended tenant's keys stop within a second on every process.

        Raises:
            NotFoundError: 404.
        """
        now = self._clock()
        columns = dict(changes)
        if "metadata" in columns:
            columns["details"] = columns.pop("metadata") or {}
        async with self._sessions.begin() as session:
            row = check_tenant_found(await AllTenants(session).lock(tenant_id))
            changed = apply_changes(row, columns, now)
            if changed:
                fields = sorted("metadata" if name == "details" else name for name in changed)
                told = {name: getattr(row, name) for name in ("status", "archive", "archive_days") if name in changed}
                detail = {"fields": fields} | told
                record(session, actor, "tenant.update", target_of(row), at=now, **detail)
        return row

    async def delete_tenant(
        self,
        actor: Actor,
        tenant_id: str,
        *,
        count_unfinished: CountUnfinished,
        delete_idempotency_keys: DeleteIdempotencyKeys,
        end_budgets: EndBudgets,
        is_erased: bool = False,
    ) -> None:
        """Revokes a tenant's API keys, deletes its idempotency keys and budgets, and hides it; tasks and usage stay.

        With ``is_erased`` its content is removed in the background (``app.admin.erasure``), also when the tenant was
        deleted before.

        Raises:
            NotFoundError: 404.
            ConflictError: 409, it has unfinished tasks or creates.
        """
        now = self._clock()
        async with self._sessions.begin() as session:
            tenants = AllTenants(session)
            row = await tenants.lock(tenant_id, is_closed=True)
            if row is None and is_erased:
                row = await tenants.lock_deleted(tenant_id)
                _request_erasure(session, check_tenant_found(row), actor, now)
                return
            row = check_tenant_found(row)
            unfinished = await count_unfinished(session, tenant_id)
            if unfinished:
                raise ConflictError("InvalidAction", f"The tenant has {unfinished} unfinished tasks or creates.")
            keys = await KeyRepository(session, tenant_id).unrevoked()
            for key in keys:
                revoke(session, key, actor, now)
            await delete_idempotency_keys(session, tenant_id)
            await end_budgets(session, tenant_id, now)
            row.deleted_at = row.updated_at = now
            record(session, actor, "tenant.delete", target_of(row), at=now, revoked_keys=len(keys))
            if is_erased:
                _request_erasure(session, row, actor, now)


def _request_erasure(session: AsyncSession, row: TenantRow, actor: Actor, now: datetime) -> None:
    if row.erase_requested_at is None:
        row.erase_requested_at = now
        record(session, actor, "tenant.erase", target_of(row), at=now)
