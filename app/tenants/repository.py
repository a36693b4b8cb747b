"""Queries on tenants and API keys."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.http.paging import PageRequest, newest_first
from app.tenants.models import ApiKeyRow, TenantRow


class KeyRepository:
    """One tenant's keys."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find(self, key_id: str) -> ApiKeyRow | None:
        """Returns the tenant's key with this id, or None."""
        query = select(ApiKeyRow).where(ApiKeyRow.tenant_id == self._tenant_id, ApiKeyRow.id == key_id)
        found: ApiKeyRow | None = await self._session.scalar(query)
        return found

    async def newest(self) -> ApiKeyRow | None:
        """Returns the newest key, a revoked one only if all are revoked."""
        query = select(ApiKeyRow).where(ApiKeyRow.tenant_id == self._tenant_id)
        order = (ApiKeyRow.revoked_at.is_not(None), ApiKeyRow.created_at.desc(), ApiKeyRow.id.desc())
        found: ApiKeyRow | None = await self._session.scalar(query.order_by(*order).limit(1))
        return found

    async def unrevoked(self) -> Sequence[ApiKeyRow]:
        """Returns the keys that are not revoked."""
        query = select(ApiKeyRow).where(ApiKeyRow.tenant_id == self._tenant_id, ApiKeyRow.revoked_at.is_(None))
        return (await self._session.scalars(query)).all()


class AllTenants:
    """The tenants that are not deleted, for the operator."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, tenant_id: str) -> TenantRow | None:
        """Returns the tenant, or None if there is none or it was deleted."""
        found: TenantRow | None = await self._session.scalar(_tenant(tenant_id))
        return found

    async def lock(self, tenant_id: str, *, is_closed: bool = False) -> TenantRow | None:
        """Returns the tenant, locked against changes; ``is_closed`` also prevents inserts of rows that refer to it."""
        query = _tenant(tenant_id).with_for_update(key_share=not is_closed)
        found: TenantRow | None = await self._session.scalar(query)
        return found

    async def lock_deleted(self, tenant_id: str) -> TenantRow | None:
        """Returns a deleted tenant, locked against changes."""
        query = select(TenantRow).where(TenantRow.id == tenant_id, TenantRow.deleted_at.is_not(None)).with_for_update()
        found: TenantRow | None = await self._session.scalar(query)
        return found

    async def page(self, page: PageRequest) -> Sequence[TenantRow]:
        """Returns tenants newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        query = select(TenantRow).where(TenantRow.deleted_at.is_(None))
        return await newest_first(self._session, query, TenantRow, page)


class AllKeys:
    """The keys of all tenants, for the operator, including revoked keys and keys of deleted tenants."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find(self, key_id: str) -> ApiKeyRow | None:
        """Returns the key, or None when there is none."""
        return await self._session.get(ApiKeyRow, key_id)

    async def lock(self, key_id: str) -> ApiKeyRow | None:
        """Returns the key, with its tenant's row locked: one lock for all changes of keys, so that none deadlock."""
        found = await self.find(key_id)
        if found is None:
            return None
        tenant = select(TenantRow.id).where(TenantRow.id == found.tenant_id)
        await self._session.execute(tenant.with_for_update(key_share=True))
        await self._session.refresh(found)
        return found

    async def find_by_public_part(self, public_part: str) -> ApiKeyRow | None:
        """Returns the key with this public part, or None."""
        found: ApiKeyRow | None = await self._session.scalar(
            select(ApiKeyRow).where(ApiKeyRow.public_part == public_part)
        )
        return found

    async def page(self, page: PageRequest, *, tenant_id: str | None = None) -> Sequence[ApiKeyRow]:
        """Returns keys newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        query = select(ApiKeyRow)
        if tenant_id is not None:
            query = query.where(ApiKeyRow.tenant_id == tenant_id)
        return await newest_first(self._session, query, ApiKeyRow, page)


def _tenant(tenant_id: str) -> Select[TenantRow]:
    return select(TenantRow).where(TenantRow.id == tenant_id, TenantRow.deleted_at.is_(None))
