"""Sums over the ledger, and its rows in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    ColumnElement,
    Row,
    cast,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.models import ChannelRow
from app.db.page import PLAN_FOR_VALUES
from app.http.paging import PageRequest, not_a_cursor
from app.tenants.models import ApiKeyRow, TenantRow
from app.usage.models import LedgerKind, LedgerRow
from app.usage.request_params import GroupBy, UsageFilter
from app.usage.schemas import LedgerEntry

_SEPARATOR = "\n"
_ENTRY_COLUMNS = [getattr(LedgerRow, name) for name in LedgerEntry.model_fields]
_IS_SETTLEMENT = LedgerRow.kind == LedgerKind.SETTLEMENT.value
_IS_UNPRICED = LedgerRow.currency.is_(None) & LedgerRow.total_tokens.is_distinct_from(0)
_TIME_ZONE = text("SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = :name)")
_GROUPS: dict[GroupBy, Any] = {
    GroupBy.TENANT: LedgerRow.tenant_id,
    GroupBy.KEY: LedgerRow.key_id,
    GroupBy.MODEL: LedgerRow.model,
    GroupBy.CHANNEL: func.coalesce(LedgerRow.channel_id, ""),
}
_NAMES: dict[GroupBy, tuple[Any, Any]] = {
    GroupBy.TENANT: (TenantRow.id, TenantRow.name),
    GroupBy.KEY: (ApiKeyRow.id, ApiKeyRow.name),
    GroupBy.CHANNEL: (ChannelRow.id, ChannelRow.name),
}


@dataclass(frozen=True)
class Position:
    """A place in the ledger, in the order of creation."""

    created_at: datetime
    id: int


class AllUsage:
    """The ledger of all tenants; a filter that names a tenant reaches its rows alone."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def has_time_zone(self, name: str) -> bool:
        """Whether the database knows a time zone by exactly this name."""
        return bool(await self._session.scalar(_TIME_ZONE, {"name": name}))

    async def sums(self, group_by: GroupBy, wanted: UsageFilter, page: PageRequest) -> Sequence[Row[Any]]:
        """Returns sums by group and currency, in their order, one more than the page asks for when there are more.

        Raises:
            InvalidParameterError: 400, the cursor is not of this list.
        """
        group = _day(wanted.time_zone) if group_by is GroupBy.DAY else _GROUPS[group_by]
        place = (group, func.coalesce(LedgerRow.currency, ""))
        query = (
            select(
                group.label("group_id"),
                LedgerRow.currency,
                func.coalesce(func.sum(LedgerRow.total_tokens), 0).label("total_tokens"),
                func.count().filter(_IS_SETTLEMENT).label("tasks"),
                func.coalesce(func.sum(LedgerRow.web_searches), 0).label("web_searches"),
                func.sum(LedgerRow.cost_micros).label("cost_micros"),
                func.count().filter(_IS_SETTLEMENT, _IS_UNPRICED).label("unpriced_tasks"),
                func.coalesce(func.sum(LedgerRow.total_tokens).filter(_IS_UNPRICED), 0).label("unpriced_tokens"),
                func.count().filter(_IS_SETTLEMENT, LedgerRow.is_estimated).label("estimated_tasks"),
            )
            .where(*await self._conditions(wanted))
            .group_by(group, LedgerRow.currency)
            .order_by(*place)
            .limit(page.limit + 1)
        )
        if page.after is not None:
            query = query.having(tuple_(*place) > _to_place(page.after))
        await self._session.execute(PLAN_FOR_VALUES)
        return (await self._session.execute(query)).all()

    async def names(self, group_by: GroupBy, ids: Sequence[str]) -> dict[str, str]:
        """Returns the names of tenants, keys or channels by their ids; other groups have none."""
        if group_by not in _NAMES:
            return {}
        key, name = _NAMES[group_by]
        found = await self._session.execute(select(key, name).where(key.in_(ids)))
        return {found_id: found_name for found_id, found_name in found}  # noqa: C416 - a row is no pair to mypy

    async def entries(self, wanted: UsageFilter, *, after: Position | None, limit: int) -> Sequence[Row[Any]]:
        """Returns the next rows in the order of creation, with the members of ``LedgerEntry``."""
        query = select(*_ENTRY_COLUMNS).where(*await self._conditions(wanted))
        if after is not None:
            query = query.where(tuple_(LedgerRow.created_at, LedgerRow.id) > (after.created_at, after.id))
        await self._session.execute(PLAN_FOR_VALUES)
        return (await self._session.execute(query.order_by(LedgerRow.created_at, LedgerRow.id).limit(limit))).all()

    async def _conditions(self, wanted: UsageFilter) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if wanted.tenant_id is not None:
            conditions.append(LedgerRow.tenant_id == wanted.tenant_id)
        if wanted.begins_at is not None:
            conditions.append(LedgerRow.created_at >= _moment(wanted.begins_at, wanted.time_zone))
        if wanted.ends_at is not None:
            conditions.append(LedgerRow.created_at < _moment(wanted.ends_at, wanted.time_zone))
        if wanted.key_id is not None:
            conditions.append(LedgerRow.key_id == wanted.key_id)
        if wanted.models:
            conditions.append(LedgerRow.model.in_(wanted.models))
        if wanted.channel is not None:
            named = select(ChannelRow.id).where(ChannelRow.name == wanted.channel)
            ids = (await self._session.scalars(named)).all()
            conditions.append(LedgerRow.channel_id.in_([wanted.channel, *ids]))
        return conditions


def sum_cursor(found: Row[Any]) -> str:
    """Returns the cursor after a sum."""
    return _SEPARATOR.join((found.group_id, found.currency or ""))


def _to_place(cursor: str) -> tuple[str, str]:
    group_id, separator, currency = cursor.rpartition(_SEPARATOR)
    if not separator:
        raise not_a_cursor()
    return group_id, currency


def _day(time_zone: str) -> ColumnElement[str]:
    # The zone is a constant of the statement: grouping by a parameter would make two expressions of it.
    return func.to_char(func.timezone(literal(time_zone, literal_execute=True), LedgerRow.created_at), "YYYY-MM-DD")


def _moment(moment: datetime, time_zone: str) -> Any:
    if moment.tzinfo is not None:
        return moment
    return func.timezone(time_zone, cast(moment, TIMESTAMP(timezone=False)))
