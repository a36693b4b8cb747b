"""Queries over creates of groups and assets that are under way, or whose outcome nobody knows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.models import CreateIntentRow

_MOST = 1000

CREATE_IS_UNDER_WAY = CreateIntentRow.cut_at.is_(None) & CreateIntentRow.members.is_not(None)
"""Of which creates somebody will still write the outcome. Those of the version before have no members."""


class OpenCreates:
    """The intents of every tenant."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def is_contested(self, intent: CreateIntentRow, *, within: timedelta) -> bool:
        """Says whether another create of the same kind, group and name was begun at about that time and is open."""
        query = select(func.count()).where(
            CreateIntentRow.kind == intent.kind,
            CreateIntentRow.name == intent.name,
            CreateIntentRow.group_id.is_not_distinct_from(intent.group_id),
            CreateIntentRow.id != intent.id,
            CreateIntentRow.started_at.between(intent.started_at - within, intent.started_at + within),
        )
        return (await self._session.scalars(query)).one() > 0

    async def set_attempt(self, intent: CreateIntentRow) -> None:
        """Writes which channel is asked, and what the object will look like there."""
        await self._update(intent, channel_id=intent.channel_id, members=intent.members)

    async def set_cut(self, intent: CreateIntentRow, *, cut_at: datetime, next_look_at: datetime) -> None:
        """Writes since when the outcome is unknown, and when to search; no process is at work on it any more."""
        await self._update(intent, cut_at=cut_at, next_look_at=next_look_at, instance_id=None)

    async def delete(self, intent: CreateIntentRow) -> None:
        """Closes a create whose outcome is known."""
        await self._session.execute(delete(CreateIntentRow).where(CreateIntentRow.id == intent.id))

    async def delete_begun_before(self, moment: datetime, *, now: datetime) -> None:
        """Forgets creates whose outcome will not be known any more, but none for which a search is due."""
        is_searched = CreateIntentRow.members.is_(None) | (CreateIntentRow.next_look_at > now)
        await self._session.execute(delete(CreateIntentRow).where(CreateIntentRow.started_at < moment, is_searched))

    async def of_kind(self, kind: str) -> Sequence[CreateIntentRow]:
        """Returns the creates of a kind, of every tenant, of which it is known what they would make; a thousand."""
        query = select(CreateIntentRow).where(CreateIntentRow.kind == kind, CreateIntentRow.members.is_not(None))
        return (await self._session.scalars(query.order_by(CreateIntentRow.started_at.desc()).limit(_MOST))).all()

    async def carriers(self) -> Sequence[str]:
        """Returns the processes that carry creates which are not known to be cut."""
        query = select(CreateIntentRow.instance_id).where(CREATE_IS_UNDER_WAY).distinct()
        return [carrier for carrier in await self._session.scalars(query) if carrier is not None]

    async def cut_carried_by(self, instance_id: str, *, at: datetime, now: datetime) -> None:
        """Makes the creates of a process that is gone since ``at`` due for a search."""
        await self._cut(CreateIntentRow.instance_id == instance_id, at=at, now=now)

    async def cut_begun_before(self, moment: datetime, *, now: datetime) -> None:
        """Makes creates due for a search that began so long ago that nobody can carry them any more."""
        await self._cut(CreateIntentRow.started_at < moment, at=now, now=now)

    async def claim(
        self, intent: CreateIntentRow, *, left_at: datetime, by: str, now: datetime, lease: timedelta
    ) -> bool:
        """Gives one create that its process left to the process ``by``, to be searched for; False: it is not due."""
        statement = (
            update(CreateIntentRow)
            .where(
                CreateIntentRow.id == intent.id,
                or_(CreateIntentRow.next_look_at.is_(None), CreateIntentRow.next_look_at <= now),
            )
            .values(
                cut_at=func.coalesce(CreateIntentRow.cut_at, func.greatest(CreateIntentRow.started_at, left_at)),
                instance_id=by,
                next_look_at=now + lease,
            )
            .returning(CreateIntentRow.id)
        )
        return await self._session.scalar(statement) is not None

    async def release(self, intent: CreateIntentRow, *, by: str, next_look_at: datetime) -> None:
        """Writes when to search again, unless the claim of the process ``by`` has passed on."""
        statement = (
            update(CreateIntentRow)
            .where(CreateIntentRow.id == intent.id, CreateIntentRow.instance_id == by)
            .values(instance_id=None, next_look_at=next_look_at)
        )
        await self._session.execute(statement)

    async def claim_due(self, *, by: str, now: datetime, lease: timedelta, limit: int) -> Sequence[CreateIntentRow]:
        """Returns creates whose search is due; for the time of the ``lease`` they are given to no other process."""
        due = (
            select(CreateIntentRow)
            .where(CreateIntentRow.next_look_at <= now)
            .order_by(CreateIntentRow.next_look_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = (await self._session.scalars(due)).all()
        for row in rows:
            row.instance_id, row.next_look_at = by, now + lease
        return rows

    async def _cut(self, condition: ColumnElement[bool], *, at: datetime, now: datetime) -> None:
        statement = (
            update(CreateIntentRow)
            .where(CREATE_IS_UNDER_WAY, condition)
            .values(cut_at=func.greatest(CreateIntentRow.started_at, at), next_look_at=now)
        )
        await self._session.execute(statement)

    async def _update(self, intent: CreateIntentRow, **values: object) -> None:
        await self._session.execute(update(CreateIntentRow).where(CreateIntentRow.id == intent.id).values(**values))
