"""The statement for one page of a list, whose cost does not grow with the rows that are skipped or filtered out.

With 200,000 rows of one tenant a page took 200 to 1,200 ms when counts and skipped rows were read from the table. From
covering indexes it takes 17 to 31 ms with 100,000, because the rows of all pages are counted exactly.
``tests/db/test_list_statements.py`` checks that no other rows are read.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

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
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.db.base import Base

RowT = TypeVar("RowT", bound=Base)

PLAN_FOR_VALUES = text("SET LOCAL plan_cache_mode = force_custom_plan")
"""Plans the following statements of the transaction for their values instead of for average ones.

For filters of the operator whose best plan depends on the value: rows with a frequent value are soon met when the list
is read in its order; rows with a rare one are found faster through an index on the value.
"""

_ESCAPE = "/"
_SPECIAL = str.maketrans({character: _ESCAPE + character for character in (_ESCAPE, "%", "_")})


def contains(column: Any, text: str | ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a column contains a text in any case; a bound parameter takes ``escape_pattern`` of it."""
    pattern = escape_pattern(text) if isinstance(text, str) else text
    found: ColumnElement[bool] = column.icontains(pattern, escape=_ESCAPE)
    return found


def escape_pattern(text: str) -> str:
    """Returns a text in which the special characters of a pattern stand for themselves."""
    return text.translate(_SPECIAL)


def select_newest(table: type[RowT], conditions: Sequence[ColumnElement[bool]], *, limit: int) -> Select[RowT]:
    """Returns the statement for the newest rows, by ``created_at`` and ``id``, newest first.

    As in ``select_counted_page``, the keys of the rows are found first: an index that covers ``conditions`` is searched
    without reading rows that they exclude.
    """
    primary_key = inspect(table).primary_key
    created_at, row_id = table.created_at, table.id  # type: ignore[attr-defined]  # every table of a list has both
    keys = select(*primary_key).where(*conditions).order_by(created_at.desc(), row_id.desc()).limit(limit).subquery()
    is_row = and_(*(column == key for column, key in zip(primary_key, keys.c, strict=True)))
    # Without the limit, a plan for keys of unknown number might read the whole table for the join.
    found: Any = aliased(table, select(table).where(is_row).limit(literal_column("1")).lateral())
    return select(found).select_from(keys.join(found, true())).order_by(found.created_at.desc(), found.id.desc())


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
