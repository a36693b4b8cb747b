"""The JSON of tasks for clients. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_args

from pydantic import BaseModel

from app.create_parameters import MAX_TIER_LENGTH, PARAMETERS
from app.errors import NotFoundError
from app.tasks.correlation import TAG_FIELD, tag_of
from app.tasks.link_expiry import content_expires_at
from app.tasks.models import TaskRow, TaskStatus
from app.tasks.schemas import Task, ToolUsage, Usage
from app.upstream.error_codes import failure_for_tenant


def _integers_of(model: type[BaseModel]) -> list[str]:
    return [
        name for name, field in model.model_fields.items() if int in (field.annotation, *get_args(field.annotation))
    ]


# The Go and Java SDKs refuse 5.0 and "5" where they expect 5.
_INTEGER_FIELDS = _integers_of(Task)
_COUNTS = [*_integers_of(Usage), *_integers_of(ToolUsage)]
# Only the gateway adds these members. The upstream's ``callback_url`` is ours and contains the token of our route.
_OWN_FIELDS = ("callback", "callback_url")
_EXPIRES_AT = "expires_at"
# The reason of a failure; the upstream's lists use the second name.
_REASONS = ("error", "failure_reason")
_FIRST_FIELDS = ("id", "model", "status", "error", "created_at", "updated_at", "content")
_DEFAULT_EXPIRES_AFTER_SECONDS = PARAMETERS["execution_expires_after"].default
# Times beyond the year 2242 are not in seconds, or wrong.
_MAX_TIME = 2**33
_DIGITS = re.compile(r"-?[0-9]{1,16}")
_MAX_INTEGER = 2**63


def public_id(row: TaskRow) -> str:
    """Returns the id by which the client knows the task: the upstream's, unless the client was given our spare one."""
    return row.id if row.upstream_id is None or row.is_spare_id_public else row.upstream_id


def to_task(row: TaskRow) -> dict[str, Any]:
    """Returns the body of ``GET …/tasks/{id}``: the documented fields and all others that the upstream sent.

    ``content`` has ``expires_at`` beside its links: until when all of them work, in Unix seconds. Integer fields are
    integers, and left out when the upstream's value is none. The reason of a failure is in the upstream's words, unless
    they name the operator's account.

    Source: the spec's "Response Fields"; ``error`` is null unless the task failed.
    """
    body = without_own_fields(row.snapshot) if row.snapshot else _before_first_poll(row)
    body["id"] = public_id(row)
    body["status"] = TaskStatus(row.status).public.value
    tag = body.get(TAG_FIELD)
    if tag is not None and row.callback_token_hash is not None and tag == tag_of(row.callback_token_hash):
        del body[TAG_FIELD]  # ours, not the client's
    if not isinstance(body.get("model"), str):
        body["model"] = row.upstream_model
    body.setdefault("error", None)
    for name in _REASONS:
        if name in body:
            body[name] = _reason_for_tenant(body[name], body["model"])
    _set_integers(body, _INTEGER_FIELDS)
    body.setdefault("created_at", _seconds(row.created_at))
    body.setdefault("updated_at", _seconds(row.updated_at))
    _set_counts(body, "usage")
    _set_counts(body.get("usage", {}), "tool_usage")
    if isinstance(body.get("content"), dict):
        body["content"] = _with_expiry(body["content"], ended_at_of(body, row))
    ordered = {name: body[name] for name in _FIRST_FIELDS if name in body}
    return ordered | body


def to_list_item(row: TaskRow) -> dict[str, Any]:
    """Returns the JSON of a task in a list, from which the Go and Node SDKs read ``failure_reason``."""
    item = to_task(row)
    if row.status == TaskStatus.FAILED.value:
        item["failure_reason"] = item["error"]
    return item


def without_own_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Returns the upstream's JSON of a task without the members that only the gateway adds."""
    return {name: value for name, value in body.items() if name not in _OWN_FIELDS}


def unknown_task() -> NotFoundError:
    """404 for a task that does not exist or is another tenant's."""
    return NotFoundError("The specified content generation task is not found.", field="id", param="id")


def to_tier(value: Any) -> str | None:
    """Returns the service tier that a JSON value of the upstream stands for, or None."""
    return value if isinstance(value, str) and 0 < len(value) <= MAX_TIER_LENGTH else None


def to_integer(value: Any) -> int | None:
    """Returns the 64-bit integer that a JSON value of the upstream stands for, or None.

    Token counts and ``duration`` may be numbers or strings of at most 16 digits, and other numbers may be written
    ``5.0``; the Go and Java SDKs accept only integers. Booleans stand for none.

    Source: reference ``upstream.md`` §11.2.
    """
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if -_MAX_INTEGER <= value < _MAX_INTEGER else None


def _before_first_poll(row: TaskRow) -> dict[str, Any]:
    expires_after = row.parameters.get("execution_expires_after", _DEFAULT_EXPIRES_AFTER_SECONDS)
    return {"service_tier": row.service_tier, "execution_expires_after": expires_after}


def _with_expiry(content: dict[str, Any], ended_at: int) -> dict[str, Any]:
    shown = {name: value for name, value in content.items() if name != _EXPIRES_AT}
    expires_at = content_expires_at(shown, ended_at)
    return shown if expires_at is None else {**shown, _EXPIRES_AT: expires_at}


def ended_at_of(body: dict[str, Any], row: TaskRow) -> int:
    """Returns when a task ended, in Unix seconds: by its ``body`` of ``to_task``, or when it was stored.

    The latter if the time of the body, which is the upstream's, is unusable.
    """
    updated_at: int = body["updated_at"]
    if 0 < updated_at < _MAX_TIME:
        return updated_at
    return _seconds(row.finished_at or row.updated_at)


def _reason_for_tenant(reason: Any, model: str) -> dict[str, str] | None:
    if not reason:
        return None
    error = reason if isinstance(reason, dict) else {"message": reason}
    code, message = (text if isinstance(text := error.get(name), str) else "" for name in ("code", "message"))
    shown_code, shown_message = failure_for_tenant(code, message, model)
    return {"code": shown_code, "message": shown_message}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _set_integers(body: dict[str, Any], names: Iterable[str]) -> None:
    """Makes fields integers; a field that is none is removed, since no SDK requires these fields."""
    for name in names:
        if name not in body:
            continue
        number = to_integer(body[name])
        if number is None:
            del body[name]
        else:
            body[name] = number


def _set_counts(body: dict[str, Any], name: str) -> None:
    """Makes the counts in an object integers; removes it when it is no object."""
    if name not in body:
        return
    if not isinstance(body[name], dict):
        del body[name]
        return
    body[name] = _without_fractions(body[name])
    _set_integers(body[name], _COUNTS)


def _without_fractions(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_fractions(item) for name, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value
