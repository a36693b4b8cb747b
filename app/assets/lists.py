"""The lists of a tenant's groups and assets: one prepared statement for each form of a request."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from app.assets.models import AssetGroupRow, AssetRow
from app.assets.responses import AssetPage, GroupPage, ListedPage, columns_of, to_page
from app.assets.schemas import ListAssetGroupsRequest, ListAssetsRequest
from app.db.hot_reads import HotStatement, Reads, compile_hot
from app.db.page import contains, escape_pattern, select_counted_page


class _Kind(NamedTuple):
    """One of the two lists."""

    table: type[AssetGroupRow | AssetRow]
    page: type[GroupPage | AssetPage]
    group_id: InstrumentedAttribute[str]
    sorts: Mapping[str, InstrumentedAttribute[Any]]


_GROUPS = _Kind(
    AssetGroupRow,
    GroupPage,
    AssetGroupRow.id,
    {"CreateTime": AssetGroupRow.created_at, "UpdateTime": AssetGroupRow.updated_at},
)
_ASSETS = _Kind(
    AssetRow,
    AssetPage,
    AssetRow.group_id,
    {"CreateTime": AssetRow.created_at, "UpdateTime": AssetRow.updated_at, "GroupId": AssetRow.group_id},
)


class AssetLists:
    """One tenant's groups and assets that are not deleted, in pages."""

    def __init__(self, reads: Reads, tenant_id: str) -> None:
        self._reads = reads
        self._tenant_id = tenant_id

    async def groups(self, request: ListAssetGroupsRequest) -> ListedPage:
        """Returns one page of groups, and how many there are on all pages.

        Raises:
            app.db.engine.DatabaseUnavailableError: and others, as ``Reads.fetch``.
        """
        return await self._page(_GROUPS, request, {})

    async def assets(self, request: ListAssetsRequest) -> ListedPage:
        """Returns one page of assets, and how many there are on all pages.

        Raises:
            app.db.engine.DatabaseUnavailableError: and others, as ``Reads.fetch``.
        """
        statuses = request.filter.statuses
        return await self._page(_ASSETS, request, {"statuses": statuses} if statuses else {})

    async def _page(
        self, kind: _Kind, request: ListAssetGroupsRequest | ListAssetsRequest, filters: dict[str, Any]
    ) -> ListedPage:
        if request.filter.group_ids:
            filters["group_ids"] = request.filter.group_ids
        if request.filter.name:
            filters["name"] = escape_pattern(request.filter.name)
        if request.project_name is not None:
            filters["project_name"] = request.project_name
        statement = _statement(kind is _ASSETS, request.sort_by, request.sort_order == "Desc", frozenset(filters))
        values = {
            "tenant_id": self._tenant_id,
            "group_type": request.filter.group_type,
            "limit": request.page_size,
            "offset": (request.page_number - 1) * request.page_size,
            **filters,
        }
        rows = await self._reads.fetch(statement, values)
        return to_page(kind.page, rows, page_number=request.page_number, page_size=request.page_size)


@lru_cache(maxsize=256)
def _statement(is_of_assets: bool, sort_by: str, is_descending: bool, filters: frozenset[str]) -> HotStatement:  # noqa: FBT001 - the key of a cache
    kind = _ASSETS if is_of_assets else _GROUPS
    table = kind.table
    conditions = [
        table.tenant_id == _text("tenant_id"),
        table.deleted_at.is_(None),
        table.group_type == _text("group_type"),
    ]
    if "group_ids" in filters:
        conditions.append(_is_one_of(kind.group_id, "group_ids"))
    if "name" in filters:
        conditions.append(contains(table.name, _text("name")))
    if "project_name" in filters:
        conditions.append(table.project_name == _text("project_name"))
    if "statuses" in filters:
        conditions.append(_is_one_of(AssetRow.status, "statuses"))
    columns = [getattr(table, name) for name in columns_of(kind.page)]
    order = kind.sorts[sort_by], table.id
    return compile_hot(select_counted_page(table, columns, conditions, order, is_descending=is_descending))


def _text(name: str) -> ColumnElement[str]:
    return bindparam(name, type_=Text)


def _is_one_of(column: Any, name: str) -> ColumnElement[bool]:
    """Binds all values as one array, so that the statement is the same for any number of them."""
    found: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(Text)))
    return found
