"""Field types shared by request bodies of the admin API."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from app.http.client_address import parse_network
from app.http.schemas import RequestModel
from app.tenants.permissions import MEANINGS

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_MAX_LIST_LENGTH = 1000
_MAX_METADATA_BYTES = 16 * 1024
_MAX_REQUESTS = 1_000_000


def _check_name(name: str) -> str:
    if not name.strip():
        raise ValueError("it must not be blank")
    return name


def _to_moment(value: object) -> object:
    if not isinstance(value, str) or _MOMENT.fullmatch(value) is None:
        raise ValueError("it must be an RFC 3339 time with an offset, such as 2030-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


def _check_list(values: list[str]) -> list[str]:
    if not values:
        raise ValueError("it must not be empty; null allows everything")
    return list(dict.fromkeys(values))


def _check_network(text: str) -> str:
    try:
        parse_network(text)
    except ValueError:
        raise ValueError("it must be an IP address or a CIDR block") from None
    return text


def _check_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, ensure_ascii=False).encode()) > _MAX_METADATA_BYTES:
        raise ValueError(f"it must not be larger than {_MAX_METADATA_BYTES} bytes")
    return metadata


_Entry = Annotated[str, Field(min_length=1, max_length=200)]
RequestLimit = Annotated[int, Field(ge=1, le=_MAX_REQUESTS)]
"""A largest number of requests."""


TaskLimits = Annotated[dict[_Entry, RequestLimit], Field(min_length=1, max_length=_MAX_LIST_LENGTH)]
"""Largest numbers of tasks by models."""


class Limits(RequestModel):
    """Limits of a tenant or a key; an absent or null member sets none."""

    rps: RequestLimit | None = Field(default=None, description="requests a second")
    rpm: RequestLimit | None = Field(default=None, description="requests a minute")
    create_rpm: RequestLimit | None = Field(default=None, description="creates of video tasks a minute")
    unfinished_tasks: RequestLimit | None = Field(default=None, description="video tasks that have not ended")
    unfinished_tasks_by_model: TaskLimits | None = Field(
        default=None, description="the same of single models, by their names or aliases"
    )

    def stored(self) -> dict[str, Any] | None:
        """Returns the members that limit something, or None."""
        return self.model_dump(exclude_none=True) or None


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_check_name)]
"""A display name."""

Moment = Annotated[
    datetime,
    BeforeValidator(_to_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An RFC 3339 time, converted to UTC."""

AllowList = Annotated[list[_Entry], Field(max_length=_MAX_LIST_LENGTH), AfterValidator(_check_list)]
"""Allowed names. An empty list is refused, because it could mean "nothing" or "everything"."""

ChannelList = Annotated[
    AllowList, Field(description="names or ids of channels; ids are stored and shown, so that a rename changes nothing")
]
"""Allowed channels."""

_NetworkText = Annotated[str, Field(max_length=64), AfterValidator(_check_network)]
NetworkList = Annotated[list[_NetworkText], Field(max_length=_MAX_LIST_LENGTH), AfterValidator(_check_list)]
"""Addresses and CIDR blocks, IPv4 and IPv6."""

PermissionList = Annotated[
    list[Literal["tasks", "assets", "read", "priority", "4k", "flex", "long_expiry"]],
    Field(description="; ".join(f"`{name.value}`: {text}" for name, text in MEANINGS.items())),
    AfterValidator(_check_list),
]
"""Permissions that are left to a tenant or a key."""

Metadata = Annotated[dict[str, Any], AfterValidator(_check_metadata)]
"""Free data of the operator, at most 16 KiB of JSON."""
