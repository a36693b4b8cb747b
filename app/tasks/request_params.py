"""The parameters in the queries and paths of the task routes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import InvalidParameterError
from app.http.query import DeclaredQuery, query_parameter
from app.observability.log_context import add_log_fields
from app.tasks.models import TaskStatus
from app.tasks.repository import TaskFilter
from app.tasks.responses import unknown_task
from app.tasks.schemas import PUBLIC_STATUSES

MAX_PAGE = 500
_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_DEFAULT_PAGE_NUMBER, _DEFAULT_PAGE_SIZE = 1, 10
_MAX_FILTER_IDS = 500
_MAX_ID_LENGTH = 128
# Longer than any id or name in the database, so a text that is cut to it matches nothing either.
_MAX_TEXT_LENGTH = 257
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}
_PAGE = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}

CREATE_QUERY = [
    query_parameter("dry_run", {"type": "boolean"}, "only validate and estimate the cost: nothing is sent or stored")
]
"""The query parameters of a create."""

LIST_QUERY = [
    query_parameter("page_num", {**_PAGE, "default": _DEFAULT_PAGE_NUMBER}, "page, from 1"),
    query_parameter("page_size", {**_PAGE, "default": _DEFAULT_PAGE_SIZE}, "tasks on a page"),
    query_parameter("filter.status", {"type": "string", "enum": PUBLIC_STATUSES}, "only tasks in this state"),
    query_parameter("filter.model", {"type": "string"}, "a name or alias of a model, or what it is called upstream"),
    query_parameter("filter.service_tier", {"type": "string"}, "only this tier; all tiers unless named"),
    query_parameter(
        "filter.task_ids",
        {"type": "array", "items": {"type": "string"}},
        f"any of these, at most {_MAX_FILTER_IDS}; repeated, or joined by commas",
    ),
]
"""The query parameters of a list."""


@dataclass(frozen=True)
class ListQuery:
    """A parsed query of ``GET …/tasks``."""

    page_num: int
    page_size: int
    wanted: TaskFilter


def parse_list(query: DeclaredQuery) -> ListQuery:
    """Reads a list query as the SDKs send it.

    An empty value counts as absent, except for task ids: a client that joins an empty list by commas does not expect
    all tasks.

    Raises:
        InvalidParameterError: 400, a value is out of bounds; ``param`` names it.
    """
    status = _single(query, "filter.status")
    if status is not None and status not in PUBLIC_STATUSES:
        raise InvalidParameterError("filter.status", f"`filter.status` must be one of {', '.join(PUBLIC_STATUSES)}.")
    return ListQuery(
        page_num=_integer(query, "page_num", default=_DEFAULT_PAGE_NUMBER),
        page_size=_integer(query, "page_size", default=_DEFAULT_PAGE_SIZE),
        wanted=TaskFilter(
            status=TaskStatus(status) if status is not None else None,
            models=_models(query),
            service_tier=_text(query, "filter.service_tier"),
            task_ids=_task_ids(query.many("filter.task_ids")),
        ),
    )


def parse_dry_run(query: DeclaredQuery) -> bool:
    """Reads ``dry_run``.

    Raises:
        InvalidParameterError: 400, it is neither true nor false, such as an empty value; a typo must not spend money.
    """
    value = query.one("dry_run")
    if value not in {None, *_TRUE, *_FALSE}:
        raise InvalidParameterError("dry_run", "`dry_run` must be `true`, `false`, `1` or `0`.")
    return value in _TRUE


def checked_task_id(task_id: str) -> str:
    """Returns the id in a path, which is added to the request's log line.

    Raises:
        NotFoundError: 404, no task has such an id.
    """
    add_log_fields(task=task_id[:_MAX_ID_LENGTH])
    if len(task_id) > _MAX_ID_LENGTH or not task_id.isprintable():
        raise unknown_task()
    return task_id


def _single(query: DeclaredQuery, name: str) -> str | None:
    return query.one(name) or None


def _text(query: DeclaredQuery, name: str) -> str | None:
    text = _single(query, name)
    return None if text is None else _searchable(name, text)


def _models(query: DeclaredQuery) -> tuple[str, ...]:
    name = _text(query, "filter.model")
    return () if name is None else (name,)


def _task_ids(values: Sequence[str]) -> tuple[str, ...]:
    """Returns the ids in a parameter that may be repeated, and whose values may be joined by commas."""
    name = "filter.task_ids"
    ids = [task_id for value in values for part in value.split(",") if (task_id := part.strip(" "))]
    if values and not ids:
        raise InvalidParameterError(name, f"`{name}` names no task. Leave it out to list all tasks.")
    if len(ids) > _MAX_FILTER_IDS:
        raise InvalidParameterError(name, f"At most {_MAX_FILTER_IDS} `{name}` are allowed.")
    return tuple(_searchable(name, task_id) for task_id in ids)


def _searchable(name: str, text: str) -> str:
    """Returns a text by which the database can be searched."""
    if "\0" in text:
        raise InvalidParameterError(name, f"`{name}` holds a NUL character.")
    return text[:_MAX_TEXT_LENGTH]


def _integer(query: DeclaredQuery, name: str, *, default: int) -> int:
    text = _single(query, name)
    if text is None:
        return default
    if not _PAGE_NUMBER.fullmatch(text) or int(text) > MAX_PAGE:
        raise InvalidParameterError(name, f"`{name}` must be an integer from 1 to {MAX_PAGE}.")
    return int(text)
