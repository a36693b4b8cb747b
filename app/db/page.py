"""The statement for one page of a list, whose cost does not grow with the rows that are skipped or filtered out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    inspect,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from app.db.base import Base

PLAN_FOR_VALUES = text("SET LOCAL plan_cache_mode = force_custom_plan")
"""Plans the following statements of the transaction for their values instead of for average ones.

For filters of the operator whose best plan depends on the value: rows with a frequent value are soon met when the list
is read in its order; rows with a rare one are found faster through an index on the value.
"""


def select_counted_page(
    table: type[Base],
    columns: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]],
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[InstrumentedAttribute[Any]],
    *,
    is_descending: bool,
) -> Select[Any]:
    """Returns the statement for one page, and for the number of rows on all pages.

    Its rows begin with that number. An empty page is one row whose ``columns`` are NULL.

    The primary keys of the page are found first, and only their rows are read (a deferred join). When an index covers
    ``conditions`` and ``order``, the skipped entries are read and counted from it alone.

    Args:
        table: the mapped class.
        columns: what is read of each row, the columns of ``order`` and of the primary key among them.
        conditions: the filters of the list, on columns of the table.
        order: columns that identify a row, so that pages do not overlap.
        is_descending: sorts all of them downwards.

    Returns:
        A statement whose parameters are those of ``conditions``, and the integers ``limit`` and ``offset``: the rows of
        a page, and before it.
    """
    limit, offset = (bindparam(name, type_=Integer) for name in ("limit", "offset"))
    primary_key = inspect(table).primary_key
    keys = select(*primary_key).where(*conditions).order_by(*_sorted(order, is_descending=is_descending))
    page = keys.limit(limit).offset(offset).subquery()
    is_row = and_(*(column == key for column, key in zip(primary_key, page.c, strict=True)))
    # Without the limit, a plan for pages of unknown size might read the whole table for the join.
    row = select(*columns).where(is_row).limit(literal_column("1")).lateral()
    rows = select(*row.c).select_from(page.join(row, true())).subquery()
    counted = select(func.count().label("total")).select_from(table).where(*conditions).subquery()
    ordered = _sorted([rows.c[column.key] for column in order], is_descending=is_descending)
    return select(counted.c.total, *rows.c).select_from(counted.outerjoin(rows, true())).order_by(*ordered)


def _sorted(columns: Sequence[Any], *, is_descending: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if is_descending else column.asc() for column in columns]
