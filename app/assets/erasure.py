"""Removes the content of a deleted tenant's groups and assets, and has them deleted upstream.

The rows stay as tombstones: an id of the upstream belongs to one tenant permanently.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow, ValidationSessionRow

_BATCH = 500


class AssetErasure:
    """Erases in small steps."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def erase(self, tenant_id: str) -> bool:
        """Removes what there is; returns whether nothing is left, upstream included.

        ``AssetPoller`` deletes the objects upstream. A create of unknown outcome is searched for during a day, and what
        it made is erased by a later call.
        """
        is_open = or_(AssetRow.deleted_at.is_(None), AssetRow.url != "", AssetRow.name != "")
        while await self._clear(AssetRow, tenant_id, is_open, url="", error=None):
            pass
        is_open = or_(AssetGroupRow.deleted_at.is_(None), AssetGroupRow.name != "", AssetGroupRow.description != "")
        while await self._clear(AssetGroupRow, tenant_id, is_open, description=""):
            pass
        async with self._sessions.begin() as session:
            await session.execute(delete(ValidationSessionRow).where(ValidationSessionRow.tenant_id == tenant_id))
            left = or_(
                exists().where(AssetRow.tenant_id == tenant_id, AssetRow.next_poll_at.is_not(None)),
                exists().where(AssetGroupRow.tenant_id == tenant_id, AssetGroupRow.next_poll_at.is_not(None)),
                exists().where(CreateIntentRow.tenant_id == tenant_id),
            )
            return not await session.scalar(select(left))

    async def _clear(
        self, table: type[AssetRow | AssetGroupRow], tenant_id: str, is_open: Any, **empty: str | None
    ) -> int:
        """Empties some rows, and makes the deletion upstream of those due that were not deleted; returns how many."""
        now = self._clock()
        some = select(table.id).where(table.tenant_id == tenant_id, is_open).limit(_BATCH)
        is_live = table.deleted_at.is_(None)
        emptied = (
            update(table)
            .where(table.tenant_id == tenant_id, table.id.in_(some))
            .values(
                **empty,
                name="",
                extra={},
                updated_at=now,
                deleted_at=case((is_live, now), else_=table.deleted_at),
                next_poll_at=case((is_live, now), else_=table.next_poll_at),
            )
            .returning(table.id)
            .execution_options(synchronize_session=False)
        )
        async with self._sessions.begin() as session:
            return len((await session.execute(emptied)).all())
