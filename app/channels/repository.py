"""Queries on channels, without the deleted ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.channel import ChannelStatus
from app.channels.models import ChannelRow
from app.db.page import contains
from app.http.paging import PageRequest, newest_first


@dataclass(frozen=True)
class ChannelSearch:
    """Filter of a list; None means all.

    Attributes:
        text: part of the name in any case, or the id.
        status: the stored one.
    """

    text: str | None = None
    status: ChannelStatus | None = None


class ChannelRepository:
    """The channels, through one session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self, *, is_locked: bool = False) -> Sequence[ChannelRow]:
        """Returns every channel, oldest first; ``is_locked`` locks them for update."""
        query = select(ChannelRow).where(ChannelRow.deleted_at.is_(None)).order_by(ChannelRow.created_at, ChannelRow.id)
        return (await self._session.scalars(query.with_for_update() if is_locked else query)).all()

    async def find(self, channel_id: str, *, is_locked: bool = False) -> ChannelRow | None:
        """Returns a channel by its id.

        ``is_locked`` locks it for update: until the transaction ends it does not change or get new tasks or assets.
        """
        query = select(ChannelRow).where(ChannelRow.id == channel_id, ChannelRow.deleted_at.is_(None))
        return (await self._session.scalars(query.with_for_update() if is_locked else query)).one_or_none()

    async def find_by_name(self, name: str) -> ChannelRow | None:
        """Returns a channel by its name."""
        query = select(ChannelRow).where(ChannelRow.name == name, ChannelRow.deleted_at.is_(None))
        return (await self._session.scalars(query)).one_or_none()

    async def ids_by_word(self, words: Sequence[str]) -> dict[str, str]:
        """Returns the channel id for each word that is a name, or an id, even of a deleted channel."""
        query = select(ChannelRow).where(or_(ChannelRow.id.in_(words), ChannelRow.name.in_(words)))
        rows = (await self._session.scalars(query)).all()
        names = {row.name: row.id for row in rows if row.deleted_at is None}
        return names | {row.id: row.id for row in rows}

    async def page(self, page: PageRequest, wanted: ChannelSearch) -> Sequence[ChannelRow]:
        """Returns channels newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        conditions: list[ColumnElement[bool]] = [ChannelRow.deleted_at.is_(None)]
        if wanted.text is not None:
            conditions.append(or_(contains(ChannelRow.name, wanted.text), ChannelRow.id == wanted.text))
        if wanted.status is not None:
            conditions.append(ChannelRow.status == wanted.status.value)
        return await newest_first(self._session, ChannelRow, conditions, page)
