"""Query strings and headers of the task routes. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import InvalidParameterError
from app.tasks.models import TaskStatus
from app.tasks.repository import TaskFilter

MAX_PAGE = 500
_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_DEFAULT_PAGE_SIZE = 10
_MAX_IDEMPOTENCY_KEY_LENGTH = 255
_MAX_FILTER_IDS = 500
# No id or name in the database is as long, so a longer one matches as little when it is cut.
_TOO_LONG = 257
_PUBLIC_STATUSES = sorted({status.public.value for status in TaskStatus})


@dataclass(frozen=True)
class ListQuery:
    """A parsed query of ``GET …/tasks``."""

    page_num: int
    page_size: int
    wanted: TaskFilter


def parse_list(query: Mapping[str, Sequence[str]]) -> ListQuery:
    """Reads a list query as the SDKs send it; an empty value counts as absent.

    Raises:
        InvalidParameterError: 400, a value is out of bounds; ``param`` names it.
    """
    status = _single(query, "filter.status")
    if status is not None and status not in _PUBLIC_STATUSES:
        raise InvalidParameterError("filter.status", f"`filter.status` must be one of {', '.join(_PUBLIC_STATUSES)}.")
    task_ids = tuple(value[:_TOO_LONG] for value in query.get("filter.task_ids", ()) if value)
    if len(task_ids) > _MAX_FILTER_IDS:
        raise InvalidParameterError("filter.task_ids", f"At most {_MAX_FILTER_IDS} `filter.task_ids` are allowed.")
    for name in ("filter.model", "filter.service_tier", "filter.task_ids"):
        if any("\0" in value for value in query.get(name, ())):
            raise InvalidParameterError(name, f"`{name}` holds a NUL character.")
    return ListQuery(
        page_num=_integer(query, "page_num", default=1),
        page_size=_integer(query, "page_size", default=_DEFAULT_PAGE_SIZE),
        wanted=TaskFilter(
            status=TaskStatus(status) if status is not None else None,
            model=_shortened(_single(query, "filter.model")),
            service_tier=_shortened(_single(query, "filter.service_tier")),
            task_ids=task_ids,
        ),
    )


def parse_dry_run(query: Mapping[str, Sequence[str]]) -> bool:
    """Reads ``dry_run``.

    Raises:
        InvalidParameterError: 400, it is neither true nor false; a typo must not spend money.
    """
    value = _single(query, "dry_run")
    if value not in {None, "true", "false"}:
        raise InvalidParameterError("dry_run", "`dry_run` must be `true` or `false`.")
    return value == "true"


def parse_idempotency_key(values: Sequence[str]) -> str | None:
    """Reads the ``Idempotency-Key`` header, 1 to 255 printable characters.

    Raises:
        InvalidParameterError: 400, it is empty, too long, repeated or not printable.
    """
    if not values:
        return None
    key = values[0]
    if len(values) > 1 or not 1 <= len(key) <= _MAX_IDEMPOTENCY_KEY_LENGTH or not key.isprintable():
        raise InvalidParameterError(
            "Idempotency-Key", f"`Idempotency-Key` must be 1 to {_MAX_IDEMPOTENCY_KEY_LENGTH} printable characters."
        )
    return key


def _single(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = [value for value in query.get(name, ()) if value]
    if len(set(values)) > 1:
        raise InvalidParameterError(name, f"`{name}` is given more than once.")
    return values[0] if values else None


def _shortened(text: str | None) -> str | None:
    return None if text is None else text[:_TOO_LONG]


def _integer(query: Mapping[str, Sequence[str]], name: str, *, default: int) -> int:
    text = _single(query, name)
    if text is None:
        return default
    if not _PAGE_NUMBER.fullmatch(text) or int(text) > MAX_PAGE:
        raise InvalidParameterError(name, f"`{name}` must be an integer from 1 to {MAX_PAGE}.")
    return int(text)
