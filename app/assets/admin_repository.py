"""Queries of the operator for groups, assets and face verifications of all tenants; deleted ones are not shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.assets.models import AssetGroupRow, AssetRow, AssetStatus, GroupType, ValidationSessionRow
from app.db.page import PLAN_FOR_VALUES, contains
from app.http.paging import ALWAYS, PageRequest, Period, newest_first, not_a_cursor

_SEPARATOR = " "


@dataclass(frozen=True)
class GroupSearch:
    """Filter of groups; None means all.

    Attributes:
        tenant_id: the owner.
        group_type: what they hold.
        text: part of the name in any case, or the id.
        period: when the group was made.
    """

    tenant_id: str | None = None
    group_type: GroupType | None = None
    text: str | None = None
    period: Period = ALWAYS


@dataclass(frozen=True)
class AssetSearch(GroupSearch):
    """Filter of assets; None means all.

    Attributes:
        group_id: the group that has them.
        status: as last known.
        asset_type: such as ``Image``.
    """

    group_id: str | None = None
    status: AssetStatus | None = None
    asset_type: str | None = None


class AdminAssetRepository:
    """The groups, assets and face verifications of all tenants."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def find_asset(self, asset_id: str) -> AssetRow | None:
        """Returns an asset that is not deleted, or None."""
        query = select(AssetRow).where(AssetRow.id == asset_id, AssetRow.deleted_at.is_(None))
        found: AssetRow | None = await self._session.scalar(query)
        return found

    async def groups(self, page: PageRequest, wanted: GroupSearch) -> Sequence[AssetGroupRow]:
        """Returns groups newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        return await newest_first(self._session, AssetGroupRow, _conditions(AssetGroupRow, wanted), page)

    async def assets(self, page: PageRequest, wanted: AssetSearch) -> Sequence[AssetRow]:
        """Returns assets newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        conditions = _conditions(AssetRow, wanted)
        if wanted.group_id is not None:
            conditions.append(AssetRow.group_id == wanted.group_id)
        if wanted.status is not None:
            conditions.append(AssetRow.status == wanted.status.value)
        if wanted.asset_type is not None:
            conditions.append(AssetRow.asset_type == wanted.asset_type)
        return await newest_first(self._session, AssetRow, conditions, page)

    async def verifications(
        self, page: PageRequest, *, tenant_id: str | None, period: Period
    ) -> Sequence[ValidationSessionRow]:
        """Returns face verifications newest first, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        place = (ValidationSessionRow.created_at, ValidationSessionRow.token_hash)
        conditions = period.conditions(ValidationSessionRow.created_at)
        if tenant_id is not None:
            conditions.append(ValidationSessionRow.tenant_id == tenant_id)
        if page.after is not None:
            conditions.append(tuple_(*place) < _to_place(page.after))
        query = select(ValidationSessionRow).where(*conditions).order_by(*(column.desc() for column in place))
        await self._session.execute(PLAN_FOR_VALUES)
        return (await self._session.scalars(query.limit(page.limit + 1))).all()


def verification_cursor(row: ValidationSessionRow) -> str:
    """Returns the cursor after a face verification; the hash of its token says nothing about the token."""
    return _SEPARATOR.join((row.created_at.isoformat(), row.token_hash.hex()))


def _conditions(table: type[AssetGroupRow | AssetRow], wanted: GroupSearch) -> list[ColumnElement[bool]]:
    conditions = [table.deleted_at.is_(None), *wanted.period.conditions(table.created_at)]
    if wanted.tenant_id is not None:
        conditions.append(table.tenant_id == wanted.tenant_id)
    if wanted.group_type is not None:
        conditions.append(table.group_type == wanted.group_type.value)
    if wanted.text is not None:
        conditions.append(or_(contains(table.name, wanted.text), table.id == wanted.text))
    return conditions


def _to_place(cursor: str) -> tuple[datetime, bytes]:
    moment, _, digits = cursor.partition(_SEPARATOR)
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), bytes.fromhex(digits)
    except (ValueError, OverflowError):
        raise not_a_cursor() from None
