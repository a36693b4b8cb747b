"""Cursor paging of the admin API's lists."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from app.db.base import Base
from app.db.page import PLAN_FOR_VALUES, select_newest
from app.errors import InvalidParameterError
from app.http.query import query_parameter, read_query

_DEFAULT_LIMIT = 20
_MAX_LIMIT = 100

PAGE_QUERY = [
    query_parameter("limit", {"type": "integer", "minimum": 1, "maximum": _MAX_LIMIT, "default": _DEFAULT_LIMIT}),
    query_parameter("after", {"type": "string"}, "`next_cursor` of the previous page"),
]
"""The query parameters of a list."""

RowT = TypeVar("RowT")
ItemT = TypeVar("ItemT")
TableT = TypeVar("TableT", bound=Base)


class Page(BaseModel, Generic[ItemT]):
    """One page of a list."""

    data: list[ItemT]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True)
class Period:
    """From when and until when the rows of a list are; None means no end.

    Attributes:
        begins_at: the first moment.
        ends_at: the first moment that is not wanted.
    """

    begins_at: datetime | None = None
    ends_at: datetime | None = None

    def conditions(self, column: Any) -> list[ColumnElement[bool]]:
        """Returns the conditions that a time is in the period."""
        begins = [] if self.begins_at is None else [column >= self.begins_at]
        return begins + ([] if self.ends_at is None else [column < self.ends_at])


ALWAYS = Period()
"""The period without ends."""


@dataclass(frozen=True)
class PageRequest:
    """The size of a page, and the cursor after which it begins."""

    limit: int
    after: str | None


def parse_page(request: Request) -> PageRequest:
    """Reads ``limit`` (1 to 100, default 20) and ``after`` from the query.

    Raises:
        InvalidParameterError: 400, one of them is malformed.
    """
    query = read_query(request)
    limit = query.one("limit")
    text = str(_DEFAULT_LIMIT) if limit is None else limit
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_LIMIT))
    if not is_number or not 1 <= int(text) <= _MAX_LIMIT:
        raise InvalidParameterError("limit", f"The parameter `limit` must be an integer from 1 to {_MAX_LIMIT}.")
    after = query.one("after")
    return PageRequest(limit=int(text), after=None if after is None else _decode(after))


async def newest_first(
    session: AsyncSession, row: type[TableT], conditions: Sequence[ColumnElement[bool]], page: PageRequest
) -> Sequence[TableT]:
    """Returns rows newest first, one more than the page asks for when there are more; the cursor is the last row's id.

    Args:
        session: the session of the query.
        row: the table, with ``created_at`` and a unique ``id``.
        conditions: what the rows of all pages have in common.
        page: the one that is wanted.

    Raises:
        InvalidParameterError: 400, the cursor is not of this list.
    """
    table: Any = row
    wanted = list(conditions)
    if page.after is not None:
        created_at = await session.scalar(select(table.created_at).where(table.id == page.after))
        if created_at is None:
            raise not_a_cursor()
        wanted.append(tuple_(table.created_at, table.id) < (created_at, page.after))
    await session.execute(PLAN_FOR_VALUES)
    return (await session.scalars(select_newest(row, wanted, limit=page.limit + 1))).all()


def not_a_cursor() -> InvalidParameterError:
    """Returns the error for an ``after`` that no page of this list has given."""
    return InvalidParameterError("after", "The parameter `after` is not a cursor of this list.")


def to_page(
    rows: Sequence[RowT], page: PageRequest, *, cursor_of: Callable[[RowT], str], view: Callable[[RowT], ItemT]
) -> Page[ItemT]:
    """Returns one page; ``rows`` has one more than the limit when there are more."""
    shown = rows[: page.limit]
    has_more = len(rows) > page.limit
    cursor = _encode(cursor_of(shown[-1])) if has_more else None
    return Page(data=[view(row) for row in shown], has_more=has_more, next_cursor=cursor)


def _encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise not_a_cursor() from error
    if "\0" in text:
        raise not_a_cursor()
    return text
