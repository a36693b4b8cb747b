"""Queries over groups, assets and face verification sessions.

``AssetRepository`` is built with a tenant and sees nothing else. ``AllAssets`` sees every tenant's rows; only
background work and the checks of who owns an id use it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Text, any_, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.assets.models import AssetGroupRow, AssetRow, ValidationSessionRow
from app.assets.schemas import ListAssetGroupsRequest, ListAssetsRequest

_GROUP_SORT: dict[str, InstrumentedAttribute[Any]] = {
    "CreateTime": AssetGroupRow.created_at,
    "UpdateTime": AssetGroupRow.updated_at,
}
_ASSET_SORT: dict[str, InstrumentedAttribute[Any]] = {
    "CreateTime": AssetRow.created_at,
    "UpdateTime": AssetRow.updated_at,
    "GroupId": AssetRow.group_id,
}

_GROUP_SAMENESS = ("channel_id", "project_name", "group_type", "name", "description")
_ASSET_SAMENESS = ("group_id", "asset_type", "name", "url")

RowT = TypeVar("RowT")
FollowedRowT = TypeVar("FollowedRowT", AssetGroupRow, AssetRow)


class AssetRepository:
    """One tenant's live groups, assets and sessions."""

    def __init__(self, session: AsyncSession, tenant_id: str) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def find_group(self, group_id: str, *, is_locked: bool = False) -> AssetGroupRow | None:
        """Returns a group that is not deleted, locked until the transaction ends if asked."""
        query = select(AssetGroupRow).where(
            AssetGroupRow.tenant_id == self._tenant_id, AssetGroupRow.id == group_id, AssetGroupRow.deleted_at.is_(None)
        )
        return await self._one(query, is_locked=is_locked)

    async def find_asset(self, asset_id: str, *, is_locked: bool = False) -> AssetRow | None:
        """Returns an asset that is not deleted, locked until the transaction ends if asked."""
        query = select(AssetRow).where(
            AssetRow.tenant_id == self._tenant_id, AssetRow.id == asset_id, AssetRow.deleted_at.is_(None)
        )
        return await self._one(query, is_locked=is_locked)

    async def find_assets(self, asset_ids: Iterable[str]) -> Sequence[AssetRow]:
        """Returns those of the assets that are this tenant's and not deleted."""
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

    async def groups_page(self, wanted: ListAssetGroupsRequest) -> tuple[Sequence[AssetGroupRow], int]:
        """Returns one page of groups and how many there are on all pages."""
        conditions = [
            AssetGroupRow.tenant_id == self._tenant_id,
            AssetGroupRow.deleted_at.is_(None),
            AssetGroupRow.group_type == wanted.filter.group_type,
        ]
        if wanted.filter.group_ids:
            conditions.append(_is_one_of(AssetGroupRow.id, wanted.filter.group_ids))
        if wanted.filter.name:
            conditions.append(_contains(AssetGroupRow.name, wanted.filter.name))
        if wanted.project_name is not None:
            conditions.append(AssetGroupRow.project_name == wanted.project_name)
        query = select(AssetGroupRow).where(*conditions)
        return await self._page(query, _GROUP_SORT[wanted.sort_by], AssetGroupRow.id, wanted)

    async def assets_page(self, wanted: ListAssetsRequest) -> tuple[Sequence[AssetRow], int]:
        """Returns one page of assets and how many there are on all pages."""
        group = (AssetGroupRow.tenant_id == AssetRow.tenant_id) & (AssetGroupRow.id == AssetRow.group_id)
        conditions = [
            AssetRow.tenant_id == self._tenant_id,
            AssetRow.deleted_at.is_(None),
            AssetGroupRow.group_type == wanted.filter.group_type,
        ]
        if wanted.filter.group_ids:
            conditions.append(_is_one_of(AssetRow.group_id, wanted.filter.group_ids))
        if wanted.filter.statuses:
            conditions.append(_is_one_of(AssetRow.status, wanted.filter.statuses))
        if wanted.filter.name:
            conditions.append(_contains(AssetRow.name, wanted.filter.name))
        if wanted.project_name is not None:
            conditions.append(AssetRow.project_name == wanted.project_name)
        query = select(AssetRow).join(AssetGroupRow, group).where(*conditions)
        return await self._page(query, _ASSET_SORT[wanted.sort_by], AssetRow.id, wanted)

    async def has_another(self, row: AssetGroupRow | AssetRow, *, since: datetime) -> bool:
        """Says whether the tenant made an object that is the same in everything but its id, since deleted or not."""
        table, names = (
            (AssetGroupRow, _GROUP_SAMENESS) if isinstance(row, AssetGroupRow) else (AssetRow, _ASSET_SAMENESS)
        )
        alike = [getattr(table, name) == getattr(row, name) for name in names]
        query = select(func.count()).where(
            table.tenant_id == self._tenant_id, table.id != row.id, table.created_at >= since, *alike
        )
        return (await self._session.scalars(query)).one() > 0

    async def delete_group(self, group: AssetGroupRow, *, at: datetime) -> None:
        """Makes a locked group a tombstone, and its assets with it."""
        group.deleted_at = at
        mine = (AssetRow.tenant_id == self._tenant_id) & (AssetRow.group_id == group.id)
        await self._session.execute(
            update(AssetRow).where(mine, AssetRow.deleted_at.is_(None)).values(deleted_at=at, next_look_at=None)
        )

    async def _one(self, query: Select[RowT], *, is_locked: bool) -> RowT | None:
        if is_locked:
            query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        return (await self._session.scalars(query)).one_or_none()

    async def _page(
        self,
        query: Select[RowT],
        sort: InstrumentedAttribute[Any],
        tie_break: InstrumentedAttribute[str],
        wanted: ListAssetGroupsRequest | ListAssetsRequest,
    ) -> tuple[Sequence[RowT], int]:
        counted = select(func.count()).select_from(query.subquery())
        order = [column.desc() if wanted.sort_order == "Desc" else column.asc() for column in (sort, tie_break)]
        offset = (wanted.page_number - 1) * wanted.page_size
        page = query.order_by(*order).limit(wanted.page_size).offset(offset)
        return (await self._session.scalars(page)).all(), (await self._session.scalars(counted)).one()


class AllAssets:
    """Groups and assets of every tenant."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find_group(self, group_id: str) -> AssetGroupRow | None:
        """Returns a group, whoever owns it and even when it is a tombstone."""
        query = select(AssetGroupRow).where(AssetGroupRow.id == group_id).execution_options(populate_existing=True)
        return (await self._session.scalars(query)).one_or_none()

    async def find_groups(self, ids: Sequence[str]) -> dict[str, AssetGroupRow]:
        """Returns those of the groups that there are, by id, whoever owns them and tombstones included."""
        rows = await self._session.scalars(select(AssetGroupRow).where(_is_one_of(AssetGroupRow.id, ids)))
        return {row.id: row for row in rows}

    async def find_owner(self, object_id: str) -> str | None:
        """Returns the tenant that a group or asset id belongs to, tombstones included."""
        groups = select(AssetGroupRow.tenant_id).where(AssetGroupRow.id == object_id)
        assets = select(AssetRow.tenant_id).where(AssetRow.id == object_id)
        return (await self._session.scalars(groups.union(assets))).one_or_none()

    async def find_owned(self, ids: Sequence[str]) -> set[str]:
        """Returns those of the group and asset ids that belong to anyone, tombstones included."""
        groups = select(AssetGroupRow.id).where(_is_one_of(AssetGroupRow.id, ids))
        assets = select(AssetRow.id).where(_is_one_of(AssetRow.id, ids))
        return set((await self._session.scalars(groups.union(assets))).all())

    async def insert_group(self, row: AssetGroupRow) -> bool:
        """Inserts a group unless its id exists already; waits for whoever is inserting it at this moment."""
        return await self._insert(AssetGroupRow, row)

    async def insert_asset(self, row: AssetRow) -> bool:
        """Inserts an asset unless its id exists already; waits for whoever is inserting it at this moment.

        Into a group that was deleted meanwhile it goes as a tombstone, since the upstream deleted it with its group.
        What comes as a tombstone stays one.
        """
        group = select(AssetGroupRow.deleted_at).where(
            AssetGroupRow.tenant_id == row.tenant_id, AssetGroupRow.id == row.group_id
        )
        group_deleted_at = (await self._session.scalars(group.with_for_update(read=True))).one()
        row.deleted_at = row.deleted_at or group_deleted_at
        return await self._insert(AssetRow, row)

    async def claim_due_groups(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[AssetGroupRow]:
        """Returns groups whose look is due; for the time of the ``lease`` nobody else is given them."""
        due = select(AssetGroupRow).where(AssetGroupRow.next_look_at <= now).order_by(AssetGroupRow.next_look_at)
        return await self._claim(due, now + lease, limit)

    async def claim_due_assets(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[AssetRow]:
        """Returns assets whose look is due; for the time of the ``lease`` nobody else is given them."""
        due = select(AssetRow).where(AssetRow.next_look_at <= now).order_by(AssetRow.next_look_at)
        return await self._claim(due, now + lease, limit)

    async def set_next_look(self, row: AssetGroupRow | AssetRow, at: datetime | None) -> None:
        """Writes when to look at an object again, tombstones included."""
        table = type(row)
        mine = (table.tenant_id == row.tenant_id) & (table.id == row.id)
        await self._session.execute(update(table).where(mine).values(next_look_at=at))

    async def _claim(self, due: Select[FollowedRowT], leased_until: datetime, limit: int) -> Sequence[FollowedRowT]:
        rows = (await self._session.scalars(due.limit(limit).with_for_update(skip_locked=True))).all()
        for row in rows:
            row.next_look_at = leased_until
        return rows

    async def _insert(self, table: type[AssetGroupRow | AssetRow], row: AssetGroupRow | AssetRow) -> bool:
        values = {column.key: getattr(row, column.key) for column in table.__mapper__.column_attrs}
        statement = insert(table).values(values).on_conflict_do_nothing().returning(table.id)
        return (await self._session.scalars(statement)).one_or_none() is not None


def _is_one_of(column: InstrumentedAttribute[str], values: Iterable[str]) -> ColumnElement[bool]:
    """One parameter, however many values there are; as many parameters would be parsed and planned one by one."""
    return column == any_(literal(list(values), ARRAY(Text)))


def _contains(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Any-case substring; ``%``, ``_`` and the escape itself mean themselves."""
    return column.icontains(text, autoescape=True)
