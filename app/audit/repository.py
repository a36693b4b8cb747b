"""Reads the audit log."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditRow
from app.db.page import PLAN_FOR_VALUES
from app.http.paging import PageRequest, not_a_cursor

_MAX_ID_DIGITS = 18


class WholeAuditLog:
    """The audit rows of all tenants, for the operator."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self,
        page: PageRequest,
        *,
        tenant_id: str | None = None,
        target_id: str | None = None,
        action: str | None = None,
    ) -> Sequence[AuditRow]:
        """Returns rows newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        wanted = {"tenant_id": tenant_id, "target_id": target_id, "action": action}
        query = select(AuditRow).filter_by(**{name: value for name, value in wanted.items() if value is not None})
        if page.after is not None:
            query = query.where(AuditRow.id < _to_id(page.after))
        query = query.order_by(AuditRow.id.desc()).limit(page.limit + 1)
        await self._session.execute(PLAN_FOR_VALUES)
        return (await self._session.scalars(query)).all()


def _to_id(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _MAX_ID_DIGITS):
        raise not_a_cursor()
    return int(cursor)
