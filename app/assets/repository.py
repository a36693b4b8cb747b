"""Queries over groups, assets, face verification sessions and open creates.

``AssetRepository`` is constructed with a tenant and sees no other tenant's rows. ``AllAssets`` and ``OpenCreates`` see
the rows of every tenant; they are used by background work and by the checks of who owns an id.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, Text, any_, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.assets.models import AssetGroupRow, AssetRow, CreateIntentRow, ValidationSessionRow

_MAX_OPEN_CREATES = 1000

CREATE_IS_UNDER_WAY = CreateIntentRow.cut_at.is_(None) & CreateIntentRow.members.is_not(None)
"""Selects creates whose outcome a process will still write. Intents of the version before have no members."""

# Objects that are equal in these columns are what one and the same create would make.
_GROUP_IDENTITY = ("channel_id", "project_name", "group_type", "name", "description")
_ASSET_IDENTITY = ("group_id", "asset_type", "name", "url")

RowT = TypeVar("RowT")
ObjectT = TypeVar("ObjectT", bound=AssetGroupRow | AssetRow)


class AssetRepository:
    """One tenant's groups, assets and sessions that are not deleted."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find(self, table: type[ObjectT], object_id: str, *, is_locked: bool = False) -> ObjectT | None:
        """Returns a group or an asset, locked until the transaction ends if asked."""
        query = select(table).where(
            table.tenant_id == self._tenant_id, table.id == object_id, table.deleted_at.is_(None)
        )
        return await self._one(query, is_locked=is_locked)

    async def find_assets(self, asset_ids: Iterable[str]) -> Sequence[AssetRow]:
        """Returns those of the assets that exist."""
        query = select(AssetRow).where(
            AssetRow.tenant_id == self._tenant_id, _is_one_of(AssetRow.id, asset_ids), AssetRow.deleted_at.is_(None)
        )
        return (await self._session.scalars(query)).all()

    async def find_session(self, token_hash: bytes, *, is_locked: bool = False) -> ValidationSessionRow | None:
        """Returns the face verification session of a token, by the token's SHA-256."""
        query = select(ValidationSessionRow).where(
            ValidationSessionRow.tenant_id == self._tenant_id, ValidationSessionRow.token_hash == token_hash
        )
        return await self._one(query, is_locked=is_locked)

    async def has_another(self, row: AssetGroupRow | AssetRow, *, since: datetime) -> bool:
        """Says whether the tenant created an object since then that differs only in its id, whether deleted or not."""
        table: type[AssetGroupRow | AssetRow] = type(row)
        names = _GROUP_IDENTITY if isinstance(row, AssetGroupRow) else _ASSET_IDENTITY
        is_equal = [getattr(table, name) == getattr(row, name) for name in names]
        query = select(func.count()).where(
            table.tenant_id == self._tenant_id, table.id != row.id, table.created_at >= since, *is_equal
        )
        return (await self._session.scalars(query)).one() > 0

    async def delete(self, row: AssetGroupRow | AssetRow, *, at: datetime) -> None:
        """Makes a locked group or asset a tombstone, and a group's assets with it."""
        row.deleted_at = at
        if isinstance(row, AssetGroupRow):
            is_in_group = (AssetRow.tenant_id == self._tenant_id) & (AssetRow.group_id == row.id)
            await self._session.execute(
                update(AssetRow)
                .where(is_in_group, AssetRow.deleted_at.is_(None))
                .values(deleted_at=at, next_poll_at=None)
            )

    async def _one(self, query: Select[RowT], *, is_locked: bool) -> RowT | None:
        if is_locked:
            query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        return (await self._session.scalars(query)).one_or_none()


class AllAssets:
    """Groups and assets of every tenant, tombstones included."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find_group(self, group_id: str) -> AssetGroupRow | None:
        """Returns a group."""
        query = select(AssetGroupRow).where(AssetGroupRow.id == group_id).execution_options(populate_existing=True)
        return (await self._session.scalars(query)).one_or_none()

    async def find_groups(self, ids: Sequence[str]) -> dict[str, AssetGroupRow]:
        """Returns those of the groups that exist, by id."""
        rows = await self._session.scalars(select(AssetGroupRow).where(_is_one_of(AssetGroupRow.id, ids)))
        return {row.id: row for row in rows}

    async def find_owner(self, object_id: str) -> str | None:
        """Returns the tenant that a group or asset id belongs to."""
        groups = select(AssetGroupRow.tenant_id).where(AssetGroupRow.id == object_id)
        assets = select(AssetRow.tenant_id).where(AssetRow.id == object_id)
        return (await self._session.scalars(groups.union(assets))).one_or_none()

    async def find_owned(self, ids: Sequence[str]) -> set[str]:
        """Returns those of the group and asset ids that belong to a tenant."""
        groups = select(AssetGroupRow.id).where(_is_one_of(AssetGroupRow.id, ids))
        assets = select(AssetRow.id).where(_is_one_of(AssetRow.id, ids))
        return set((await self._session.scalars(groups.union(assets))).all())

    async def insert(self, row: AssetGroupRow | AssetRow) -> bool:
        """Inserts a group or an asset; returns False when its id exists. Waits for a concurrent insert of the id.

        An asset whose group was deleted meanwhile is inserted as a tombstone, since the upstream deleted both.
        """
        if isinstance(row, AssetRow):
            group = select(AssetGroupRow.deleted_at).where(
                AssetGroupRow.tenant_id == row.tenant_id, AssetGroupRow.id == row.group_id
            )
            group_deleted_at = (await self._session.scalars(group.with_for_update(read=True))).one()
            row.deleted_at = row.deleted_at or group_deleted_at
        table = type(row)
        values = {prop.columns[0]: getattr(row, prop.key) for prop in table.__mapper__.column_attrs}
        statement = insert(table).values(values).on_conflict_do_nothing().returning(table.id)
        return (await self._session.scalars(statement)).one_or_none() is not None

    async def claim_due(
        self, table: type[ObjectT], *, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[ObjectT]:
        """Returns objects whose poll is due; for the time of the ``lease`` no other process is given them."""
        due = select(table).where(table.next_poll_at <= now).order_by(table.next_poll_at)
        rows = (await self._session.scalars(due.limit(limit).with_for_update(skip_locked=True))).all()
        for row in rows:
            row.next_poll_at = now + lease
        return rows

    async def set_next_poll(self, row: AssetGroupRow | AssetRow, at: datetime | None) -> None:
        """Writes when to poll an object again."""
        table: type[AssetGroupRow | AssetRow] = type(row)
        is_row = (table.tenant_id == row.tenant_id) & (table.id == row.id)
        await self._session.execute(update(table).where(is_row).values(next_poll_at=at))


class OpenCreates:
    """The create intents of every tenant."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def is_contested(self, intent: CreateIntentRow, *, within: timedelta) -> bool:
        """Says whether another create of the same kind, group and name is open that began at about that time."""
        query = select(func.count()).where(
            CreateIntentRow.kind == intent.kind,
            CreateIntentRow.name == intent.name,
            CreateIntentRow.group_id.is_not_distinct_from(intent.group_id),
            CreateIntentRow.id != intent.id,
            CreateIntentRow.started_at.between(intent.started_at - within, intent.started_at + within),
        )
        return (await self._session.scalars(query)).one() > 0

    async def set_channel(self, intent: CreateIntentRow) -> None:
        """Writes which channel is asked, and what the object will look like there."""
        await self._update(intent, channel_id=intent.channel_id, members=intent.members)

    async def set_in_doubt(self, intent: CreateIntentRow, *, since: datetime, next_search_at: datetime) -> None:
        """Writes since when the outcome is unknown and when to search; no process is working on it any more."""
        await self._update(intent, cut_at=since, next_search_at=next_search_at, instance_id=None)

    async def delete(self, intent: CreateIntentRow) -> None:
        """Closes a create whose outcome is known."""
        await self._session.execute(delete(CreateIntentRow).where(CreateIntentRow.id == intent.id))

    async def delete_begun_before(self, moment: datetime, *, now: datetime) -> None:
        """Deletes intents that are too old to be resolved, but none whose search is due."""
        is_searched = CreateIntentRow.members.is_(None) | (CreateIntentRow.next_search_at > now)
        await self._session.execute(delete(CreateIntentRow).where(CreateIntentRow.started_at < moment, is_searched))

    async def of_kind(self, kind: str) -> Sequence[CreateIntentRow]:
        """Returns the creates of a kind whose object is described, the newest first, at most a thousand."""
        query = select(CreateIntentRow).where(CreateIntentRow.kind == kind, CreateIntentRow.members.is_not(None))
        newest_first = query.order_by(CreateIntentRow.started_at.desc())
        return (await self._session.scalars(newest_first.limit(_MAX_OPEN_CREATES))).all()

    async def instances(self) -> Sequence[str]:
        """Returns the processes that carry out creates."""
        query = select(CreateIntentRow.instance_id).where(CREATE_IS_UNDER_WAY).distinct()
        return [instance_id for instance_id in await self._session.scalars(query) if instance_id is not None]

    async def set_instance_dead(self, instance_id: str, *, since: datetime, now: datetime) -> None:
        """Makes the creates of a process that is dead since then in doubt, and due for a search."""
        await self._set_due(CreateIntentRow.instance_id == instance_id, since=since, now=now)

    async def set_expired(self, moment: datetime, *, now: datetime) -> None:
        """Does the same for creates that began before ``moment``, too long ago to be still under way."""
        await self._set_due(CreateIntentRow.started_at < moment, since=now, now=now)

    async def claim(
        self, intent: CreateIntentRow, *, since: datetime, by: str, now: datetime, lease: timedelta
    ) -> bool:
        """Claims the search for one create, in doubt since then, for the process ``by``; False: it is not due."""
        statement = (
            update(CreateIntentRow)
            .where(
                CreateIntentRow.id == intent.id,
                or_(CreateIntentRow.next_search_at.is_(None), CreateIntentRow.next_search_at <= now),
            )
            .values(
                cut_at=func.coalesce(CreateIntentRow.cut_at, func.greatest(CreateIntentRow.started_at, since)),
                instance_id=by,
                next_search_at=now + lease,
            )
            .returning(CreateIntentRow.id)
        )
        return await self._session.scalar(statement) is not None

    async def claim_due(self, *, by: str, now: datetime, lease: timedelta, limit: int) -> Sequence[CreateIntentRow]:
        """Claims the searches that are due, the oldest first, for the process ``by`` and the time of the ``lease``."""
        due = (
            select(CreateIntentRow)
            .where(CreateIntentRow.next_search_at <= now)
            .order_by(CreateIntentRow.next_search_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = (await self._session.scalars(due)).all()
        for row in rows:
            row.instance_id, row.next_search_at = by, now + lease
        return rows

    async def release(self, intent: CreateIntentRow, *, by: str, next_search_at: datetime) -> None:
        """Writes when to search again, unless another process has claimed the search since."""
        statement = (
            update(CreateIntentRow)
            .where(CreateIntentRow.id == intent.id, CreateIntentRow.instance_id == by)
            .values(instance_id=None, next_search_at=next_search_at)
        )
        await self._session.execute(statement)

    async def _set_due(self, condition: ColumnElement[bool], *, since: datetime, now: datetime) -> None:
        statement = (
            update(CreateIntentRow)
            .where(CREATE_IS_UNDER_WAY, condition)
            .values(cut_at=func.greatest(CreateIntentRow.started_at, since), next_search_at=now)
        )
        await self._session.execute(statement)

    async def _update(self, intent: CreateIntentRow, **values: object) -> None:
        await self._session.execute(update(CreateIntentRow).where(CreateIntentRow.id == intent.id).values(**values))


def _is_one_of(column: InstrumentedAttribute[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Binds all values as one array: PostgreSQL would parse and plan a parameter of its own for each."""
    return column == any_(literal(list(values), ARRAY(Text)))
