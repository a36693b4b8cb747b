"""Queries on tenants and API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.page import PLAN_FOR_VALUES, contains
from app.http.paging import ALWAYS, PageRequest, Period, newest_first
from app.tenants.key_status import KeyStatus, has_key_status
from app.tenants.models import ApiKeyRow, TenantRow, TenantStatus


@dataclass(frozen=True)
class TenantSearch:
    """Filter of a list; None means all.

    Attributes:
        text: part of the name in any case, or the id.
        status: the stored one.
        period: when the tenant was made.
    """

    text: str | None = None
    status: TenantStatus | None = None
    period: Period = ALWAYS


@dataclass(frozen=True)
class KeySearch:
    """Filter of a list; None means all.

    Attributes:
        tenant_id: the owner.
        text: part of the name in any case, the id or the public part.
        status: at the time of the search.
        period: when the key was made.
    """

    tenant_id: str | None = None
    text: str | None = None
    status: KeyStatus | None = None
    period: Period = ALWAYS


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

    async def page(self, page: PageRequest, wanted: TenantSearch) -> Sequence[TenantRow]:
        """Returns tenants newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        conditions = [TenantRow.deleted_at.is_(None), *wanted.period.conditions(TenantRow.created_at)]
        if wanted.text is not None:
            conditions.append(or_(contains(TenantRow.name, wanted.text), TenantRow.id == wanted.text))
        if wanted.status is not None:
            conditions.append(TenantRow.status == wanted.status.value)
        return await newest_first(self._session, TenantRow, conditions, page)


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

    async def successors(self, key: ApiKeyRow) -> Sequence[str]:
        """Returns the ids of the keys that have replaced a key, oldest first; its tenant's row is locked."""
        of_tenant = select(ApiKeyRow.id, ApiKeyRow.created_at).where(ApiKeyRow.tenant_id == key.tenant_id)
        found = of_tenant.where(ApiKeyRow.rotated_from == key.id).cte("successors", recursive=True)
        found = found.union(of_tenant.where(ApiKeyRow.rotated_from == found.c.id))
        return (await self._session.scalars(select(found.c.id).order_by(found.c.created_at, found.c.id))).all()

    async def find_by_public_part(self, public_part: str) -> ApiKeyRow | None:
        """Returns the key with this public part, or None."""
        found: ApiKeyRow | None = await self._session.scalar(
            select(ApiKeyRow).where(ApiKeyRow.public_part == public_part)
        )
        return found

    async def page(self, page: PageRequest, wanted: KeySearch, *, now: datetime) -> Sequence[ApiKeyRow]:
        """Returns keys newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        conditions = wanted.period.conditions(ApiKeyRow.created_at)
        if wanted.tenant_id is not None:
            conditions.append(ApiKeyRow.tenant_id == wanted.tenant_id)
        if wanted.text is not None:
            ids = [column == wanted.text for column in (ApiKeyRow.id, ApiKeyRow.public_part)]
            conditions.append(or_(contains(ApiKeyRow.name, wanted.text), *ids))
        if wanted.status is not None:
            conditions.append(has_key_status(wanted.status, now))
        return await newest_first(self._session, ApiKeyRow, conditions, page)

    async def count_working(self, tenant_ids: Sequence[str], *, now: datetime) -> dict[str, int]:
        """Returns how many keys of each tenant work; a tenant without one has no entry."""
        is_working = or_(*(has_key_status(status, now) for status in KeyStatus if status.is_working))
        query = (
            select(ApiKeyRow.tenant_id, func.count())
            .where(ApiKeyRow.tenant_id.in_(tenant_ids), is_working)
            .group_by(ApiKeyRow.tenant_id)
        )
        await self._session.execute(PLAN_FOR_VALUES)
        return {tenant_id: count for tenant_id, count in await self._session.execute(query)}  # noqa: C416 - a row is no pair to mypy


def _tenant(tenant_id: str) -> Select[TenantRow]:
    return select(TenantRow).where(TenantRow.id == tenant_id, TenantRow.deleted_at.is_(None))
