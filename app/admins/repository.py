"""Queries on named admin tokens."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.admins.models import AdminRow
from app.http.paging import PageRequest, newest_first


class AllAdmins:
    """All admins, revoked ones too. They belong to no tenant."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, admin_id: str) -> AdminRow | None:
        """Returns the admin, locked against changes, or None."""
        query = select(AdminRow).where(AdminRow.id == admin_id).with_for_update()
        found: AdminRow | None = await self._session.scalar(query)
        return found

    async def page(self, page: PageRequest) -> Sequence[AdminRow]:
        """Returns admins newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        return await newest_first(self._session, AdminRow, [], page)
