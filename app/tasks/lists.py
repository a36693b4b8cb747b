"""The list of a tenant's tasks: one prepared statement for each form of a query, and the JSON of its rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Text, any_, bindparam, cast, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.archive.links import ArchiveLinks
from app.core.strict_json import to_json_bytes
from app.db.base import utc_now
from app.db.hot_reads import HotStatement, Reads, compile_hot
from app.db.page import select_counted_page
from app.tasks.archived import show_in_list
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.repository import TaskFilter, has_status

# What ``show_in_list`` reads. The documents are read as text, which is parsed only when the row has changed.
_COLUMNS = (
    "id",
    "upstream_id",
    "upstream_model",
    "service_tier",
    "status",
    "callback_token_hash",
    "is_spare_id_public",
    "created_at",
    "updated_at",
    "finished_at",
)
_DOCUMENTS = ("parameters", "snapshot", "archived")
_QUEUED = [status for status in TaskStatus if status.public is TaskStatus.QUEUED]
# Usual are 700 bytes; longer ones are not kept in memory.
_MAX_KEPT_CHARACTERS = 4096
_MAX_KEPT = 1000


class TaskLists:
    """One tenant's tasks that are not deleted, in pages."""

    def __init__(self, reads: Reads, tenant_id: str) -> None:
        self._reads = reads
        self._tenant_id = tenant_id

    async def page(
        self,
        wanted: TaskFilter,
        *,
        page_num: int,
        page_size: int,
        links: ArchiveLinks | None = None,
        now: datetime | None = None,
    ) -> bytes:
        """Returns the JSON of one page, newest first, with the exact number of all tasks that match.

        ``links`` makes the links to copies, for the moment ``now``.

        Raises:
            app.db.engine.DatabaseUnavailableError: and others, as ``Reads.fetch``.
        """
        filters: dict[str, Any] = {}
        if wanted.models:
            filters["models"] = wanted.models
        if wanted.service_tier is not None:
            filters["service_tier"] = wanted.service_tier
        if wanted.task_ids:
            filters["task_ids"] = wanted.task_ids
        values = {"tenant_id": self._tenant_id, "limit": page_size, "offset": (page_num - 1) * page_size}
        rows = await self._reads.fetch(_statement(wanted.status, frozenset(filters)), {**values, **filters})
        # A page without tasks is one row without them.
        now = now or utc_now()
        items = [self._item(tuple(row)[1:], links, now) for row in rows] if rows[0][1] is not None else []
        return b'{"items":[%b],"total":%d}' % (b",".join(items), rows[0][0])

    def _item(self, values: Sequence[Any], links: ArchiveLinks | None, now: datetime) -> bytes:
        archived = values[-1]
        if links is None or archived is None:
            return _item_of(values, None)
        return _item_of(values, _LinkTime(self._tenant_id, links.half_of(values[0], now), links, now))


@dataclass(frozen=True, slots=True)
class _LinkTime:
    """When the links in a task's JSON are made: it is made anew for each half of their life.

    Attributes:
        tenant_id: whose task it is.
        half: the number of the half.
        links: makes the links.
        now: a moment in that half.
    """

    tenant_id: str
    half: int
    links: ArchiveLinks = field(compare=False)
    now: datetime = field(compare=False)


@lru_cache(maxsize=256)
def _statement(status: TaskStatus | None, filters: frozenset[str]) -> HotStatement:
    conditions = [_is_own(), TaskRow.deleted_at.is_(None)]
    if status is not None:
        conditions.append(has_status(_QUEUED if status is TaskStatus.QUEUED else [status]))
    if "models" in filters:
        conditions.append(or_(*(_is_one_of(column, "models") for column in (TaskRow.model, TaskRow.upstream_model))))
    if "service_tier" in filters:
        conditions.append(TaskRow.service_tier == bindparam("service_tier", type_=Text))
    if "task_ids" in filters:
        conditions.append(TaskRow.id.in_(_spare_ids()))
    columns = [getattr(TaskRow, name) for name in _COLUMNS]
    documents = [cast(getattr(TaskRow, name), Text).label(name) for name in _DOCUMENTS]
    order = TaskRow.created_at, TaskRow.id
    return compile_hot(select_counted_page(TaskRow, [*columns, *documents], conditions, order, is_descending=True))


def _is_own() -> ColumnElement[bool]:
    return TaskRow.tenant_id == bindparam("tenant_id", type_=Text)


def _is_one_of(column: Any, name: str) -> ColumnElement[bool]:
    """Binds all values as one array, so that the statement is the same for any number of them."""
    found: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(Text)))
    return found


def _spare_ids() -> CompoundSelect[Any]:
    """Selects the spare ids of tasks that have one of the ids; each half reads one index."""
    by_id, by_upstream_id = (
        select(TaskRow.id).where(_is_own(), _is_one_of(column, "task_ids"))
        for column in (TaskRow.id, TaskRow.upstream_id)
    )
    return by_id.union(by_upstream_id)


def _item_of(values: Sequence[Any], at: _LinkTime | None) -> bytes:
    """Returns the JSON of a task by the values of its row, from memory if they are those of before."""
    is_kept = all(len(document or "") <= _MAX_KEPT_CHARACTERS for document in values[len(_COLUMNS) :])
    return _kept_item(values, at) if is_kept else _render(values, at)


def _render(values: Sequence[Any], at: _LinkTime | None) -> bytes:
    columns, documents = values[: len(_COLUMNS)], values[len(_COLUMNS) :]
    parsed = [None if document is None else json.loads(document) for document in documents]
    row = TaskRow(**dict(zip((*_COLUMNS, *_DOCUMENTS), (*columns, *parsed), strict=True)))
    if at is None:
        return to_json_bytes(show_in_list(row, None, utc_now()))
    row.tenant_id = at.tenant_id
    return to_json_bytes(show_in_list(row, at.links, at.now))


_kept_item = lru_cache(maxsize=_MAX_KEPT)(_render)
