"""The query parameters of usage. Pure."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from app.errors import InvalidParameterError
from app.http.query import DeclaredQuery, query_parameter

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_TIME_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", re.ASCII)
_MAX_TEXT_LENGTH = 200
_DEFAULT_TIME_ZONE = "UTC"
# No example: ``/docs`` fills examples in, and both ends of a period would be the same.
_TIME: dict[str, Any] = {"type": "string"}


class GroupBy(StrEnum):
    """By what usage is summed."""

    TENANT = "tenant"
    KEY = "key"
    MODEL = "model"
    CHANNEL = "channel"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class UsageFilter:
    """Which rows of the ledger are wanted; None or empty means all.

    Attributes:
        begins_at: the first moment of creation; without an offset it is local to ``time_zone``.
        ends_at: the first moment that is not wanted; the same.
        time_zone: an IANA name.
        tenant_id: the tenant.
        key_id: the API key.
        models: names of models.
        channel: name or id.
    """

    begins_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str = _DEFAULT_TIME_ZONE
    tenant_id: str | None = None
    key_id: str | None = None
    models: tuple[str, ...] = ()
    channel: str | None = None

    def of_tenant(self, tenant_id: str) -> "UsageFilter":
        """Returns the same filter for one tenant alone."""
        return replace(self, tenant_id=tenant_id)

    def of_models(self, models: Sequence[str]) -> "UsageFilter":
        """Returns the same filter for models with any of these names."""
        return replace(self, models=tuple(models))


PERIOD_QUERY = [
    query_parameter(
        "from", _TIME, "tasks created then or later: a time with an offset, or a day, which begins at its midnight"
    ),
    query_parameter("to", _TIME, "tasks created before: a time with an offset, or a day, which is itself left out"),
    query_parameter(
        "time_zone",
        {"type": "string", "default": _DEFAULT_TIME_ZONE, "example": "Asia/Shanghai"},
        "IANA name, of the days in `from`, `to` and `group_by`",
    ),
]
"""The query parameters of a period."""

KEY_AND_MODEL_QUERY = [
    query_parameter("key", {"type": "string"}, "only the tasks of this API key"),
    query_parameter("model", {"type": "string"}, "only the tasks of this model, by any of its names"),
]
"""Filters that tenants have, too."""

OPERATOR_QUERY = [
    query_parameter("tenant", {"type": "string"}, "only this tenant's tasks"),
    *KEY_AND_MODEL_QUERY,
    query_parameter("channel", {"type": "string"}, "only the tasks of this channel; name or id"),
]
"""The operator's filters."""


def group_query(choices: Sequence[GroupBy]) -> dict[str, Any]:
    """Returns the declaration of ``group_by``, whose first choice is the default."""
    values = [choice.value for choice in choices]
    return query_parameter("group_by", {"type": "string", "enum": values, "default": values[0]}, "one sum for each")


def parse_group(query: DeclaredQuery, choices: Sequence[GroupBy]) -> GroupBy:
    """Reads ``group_by``.

    Raises:
        InvalidParameterError: 400, it is none of ``choices``.
    """
    text = query.one("group_by")
    if text is None:
        return choices[0]
    if text not in choices:
        names = ", ".join(choice.value for choice in choices)
        raise InvalidParameterError("group_by", f"The parameter `group_by` must be one of {names}.")
    return GroupBy(text)


def parse_filter(query: DeclaredQuery, *, names: Collection[str]) -> UsageFilter:
    """Reads the period, and those of ``tenant``, ``key``, ``model`` and ``channel`` that are in ``names``.

    Raises:
        InvalidParameterError: 400, a value is malformed; ``param`` names it.
    """
    begins_at, ends_at = (_parse_time(query, name) for name in ("from", "to"))
    is_comparable = begins_at is not None and ends_at is not None and bool(begins_at.tzinfo) is bool(ends_at.tzinfo)
    if is_comparable and begins_at >= ends_at:  # type: ignore[operator]  # neither is None
        raise InvalidParameterError("to", "The parameter `to` must be later than `from`; `to` itself is left out.")
    model = _text(query, "model") if "model" in names else None
    return UsageFilter(
        begins_at=begins_at,
        ends_at=ends_at,
        time_zone=_parse_time_zone(query),
        tenant_id=_text(query, "tenant") if "tenant" in names else None,
        key_id=_text(query, "key") if "key" in names else None,
        models=() if model is None else (model,),
        channel=_text(query, "channel") if "channel" in names else None,
    )


def no_time_zone(name: str) -> InvalidParameterError:
    """400 for a time zone that does not exist."""
    return InvalidParameterError(
        "time_zone", f"The parameter `time_zone` must be an IANA name such as Asia/Shanghai; there is no {name}."
    )


def _parse_time_zone(query: DeclaredQuery) -> str:
    name = query.one("time_zone")
    if name is None:
        return _DEFAULT_TIME_ZONE
    if len(name) > _MAX_TEXT_LENGTH or _TIME_ZONE.fullmatch(name) is None:
        raise InvalidParameterError(
            "time_zone", "The parameter `time_zone` must be an IANA name such as Asia/Shanghai."
        )
    return name


def _parse_time(query: DeclaredQuery, name: str) -> datetime | None:
    text = query.one(name)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text)
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidParameterError(
        name, f"The parameter `{name}` must be a day such as 2030-01-31, or an RFC 3339 time with an offset."
    )


def _text(query: DeclaredQuery, name: str) -> str | None:
    text = query.one(name)
    if text is not None and not (1 <= len(text) <= _MAX_TEXT_LENGTH and text.isprintable()):
        raise InvalidParameterError(
            name, f"The parameter `{name}` must be 1 to {_MAX_TEXT_LENGTH} printable characters."
        )
    return text
