"""Statements for one page of a list, whose cost does not grow with the rows that are skipped or filtered out."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, inspect, select, text, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.db.base import Base

RowT = TypeVar("RowT", bound=Base)

PLAN_FOR_VALUES = text("SET LOCAL plan_cache_mode = force_custom_plan")
"""Plans the following statements of the transaction for their values instead of for average ones.

For filters of the operator whose best plan depends on the value: rows with a frequent value are soon met when the list
is read in its order; rows with a rare one are found faster through an index on the value.
"""


def select_page(
    table: type[RowT],
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[InstrumentedAttribute[Any]],
    *,
    is_descending: bool,
    limit: int,
    offset: int,
) -> Select[RowT]:
    """Returns the statement for the rows of one page.

    The primary keys of the page are found first, and only their rows are read (a deferred join). When an index covers
    ``conditions`` and ``order``, the skipped entries are read from it alone.

    Args:
        table: the mapped class.
        conditions: the filters of the list, on columns of the table.
        order: columns that identify a row, so that pages do not overlap.
        is_descending: sorts all of them downwards.
        limit: rows of a page.
        offset: rows before the page.
    """
    primary_key = inspect(table).primary_key
    keys = select(*primary_key).where(*conditions).order_by(*_sorted(order, is_descending=is_descending))
    page = keys.limit(limit).offset(offset).subquery()
    is_row = and_(*(column == key for column, key in zip(primary_key, page.c, strict=True)))
    # Without the limit, a plan for pages of unknown size might read the whole table for the join.
    row = aliased(table, select(table).where(is_row).limit(1).lateral())
    columns = [getattr(row, column.key) for column in order]
    return select(row).join_from(page, row, true()).order_by(*_sorted(columns, is_descending=is_descending))


def _sorted(columns: Sequence[InstrumentedAttribute[Any]], *, is_descending: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if is_descending else column.asc() for column in columns]
