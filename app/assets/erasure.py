"""Removes the content of a deleted tenant's groups and assets, and has them deleted upstream.

The rows stay as tombstones: an id of the upstream belongs to one tenant permanently.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow, ValidationSessionRow
from app.channels.models import ChannelRow

_BATCH = 500


@dataclass(frozen=True)
class LeftUpstream:
    """What stays in an upstream account, because its channel was deleted before the upstream had deleted it.

    Attributes:
        channel_id: the deleted channel.
        channel_name: its name.
        groups: how many asset groups may be there yet.
        assets: how many assets.
    """

    channel_id: str
    channel_name: str
    groups: int
    assets: int


class AssetErasure:
    """Erases in small steps."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def erase(self, tenant_id: str) -> None:
        """Removes what there is.

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

    @staticmethod
    async def conclude(session: AsyncSession, tenant_id: str) -> list[LeftUpstream] | None:
        """Ends the erasure of a tenant, in an open transaction, when the upstream has deleted all that it can.

        Objects of deleted channels cannot be deleted any more, and are given up.

        Returns:
            What stays upstream, by channel; None: something is yet to be deleted.
        """
        left = or_(
            *(exists().where(_is_wanted(table, tenant_id), ~_is_lost(table)) for table in (AssetRow, AssetGroupRow)),
            exists().where(CreateIntentRow.tenant_id == tenant_id),
        )
        if await session.scalar(select(left)):
            return None
        groups, assets = [await _give_up(session, table, tenant_id) for table in (AssetGroupRow, AssetRow)]
        lost = select(ChannelRow.id, ChannelRow.name).where(ChannelRow.id.in_([*groups, *assets]))
        channels = await session.execute(lost.order_by(ChannelRow.id))
        return [LeftUpstream(row.id, row.name, groups[row.id], assets[row.id]) for row in channels]

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


def _is_wanted(table: type[AssetRow | AssetGroupRow], tenant_id: str) -> ColumnElement[bool]:
    """The condition that the upstream is yet to delete an object of a tenant."""
    return and_(table.tenant_id == tenant_id, table.next_poll_at.is_not(None))


def _is_lost(table: type[AssetRow | AssetGroupRow]) -> ColumnElement[bool]:
    """The condition that the channel of an object was deleted, with its credentials."""
    return exists().where(ChannelRow.id == table.channel_id, ChannelRow.deleted_at.is_not(None))


async def _give_up(session: AsyncSession, table: type[AssetRow | AssetGroupRow], tenant_id: str) -> Counter[str]:
    """Ends the polls of a tenant's objects; returns how many of each channel there were."""
    given_up = update(table).where(_is_wanted(table, tenant_id)).values(next_poll_at=None).returning(table.channel_id)
    return Counter(await session.scalars(given_up.execution_options(synchronize_session=False)))
