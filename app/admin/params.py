"""Reads path, query and body of admin requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from app.admin.authentication import require_admin
from app.admin.fields import Moment
from app.core.strict_json import parse_json_object
from app.errors import InvalidParameterError
from app.http.body import BodyAdmission
from app.http.body_budget import OperatorSender
from app.http.openapi import json_body, schema_of
from app.http.paging import Period
from app.http.query import query_parameter, read_query
from app.http.schemas import parse_model

ModelT = TypeVar("ModelT", bound=BaseModel)

_MAX_TEXT_LENGTH = 200
_moment = TypeAdapter(Moment)
# No example: ``/docs`` fills examples in, and both ends of a period would be the same.
_TIME = {"type": "string", "format": "date-time"}

PERIOD_QUERY = [
    query_parameter("from", _TIME, "made then or later, such as 2030-01-31T12:00:00Z"),
    query_parameter("to", _TIME, "made before"),
]
"""The query parameters of a list of what was made in a period."""


def name_query(what: str) -> dict[str, Any]:
    """Returns the declaration of ``q``, a search for what has a text in its name."""
    return query_parameter("q", {"type": "string"}, f"part of the name in any case, or {what}")


def body_of(model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of a route that calls ``read_body``; ``example`` is a valid body."""
    return {"requestBody": json_body(schema_of(model, mode="validation"), {"example": example})}


async def read_body(request: Request, model: type[ModelT]) -> ModelT:
    """Returns the request's body as an instance of ``model``.

    Token and role are checked again when it has arrived: a body may take minutes, and the token may end meanwhile.

    Raises:
        SeedgateError: as ``require_admin``.
        InvalidParameterError: 400, it is not a JSON object, or a member is wrong or unknown.
        MissingParameterError: 400, a required member is absent.
        RequestTooLargeError: 413. UnsupportedMediaTypeError: 415. ServiceUnavailableError: 503, too many large bodies.
    """
    bodies: BodyAdmission = request.state.bodies
    async with bodies.read(request, OperatorSender()) as body:
        await require_admin(request)
        return parse_model(model, parse_json_object(body.data))


def path_id(request: Request, name: str) -> str:
    """Returns an id from the path; a text that cannot be an id becomes ``""``, so that the answer is 404."""
    text: str = request.path_params[name]
    return text if _is_plain(text) else ""


def query_text(request: Request, name: str) -> str | None:
    """Returns a query parameter, or None when it is absent.

    Raises:
        InvalidParameterError: 400, it is empty, too long or not printable.
    """
    text = read_query(request).one(name)
    if text is not None and not _is_plain(text):
        raise InvalidParameterError(
            name, f"The parameter `{name}` must be 1 to {_MAX_TEXT_LENGTH} printable characters."
        )
    return text


def query_moment(request: Request, name: str) -> datetime | None:
    """Returns a query parameter that must be a time, in UTC, or None when it is absent.

    Raises:
        InvalidParameterError: 400, it is no time, or one without an offset.
    """
    text = query_text(request, name)
    if text is None:
        return None
    try:
        return _moment.validate_python(text)
    except ValidationError:
        reason = "must be an RFC 3339 time with an offset, such as 2030-01-31T12:00:00Z"
        raise InvalidParameterError(name, f"The parameter `{name}` {reason}.") from None


def parse_period(request: Request) -> Period:
    """Reads ``from`` and ``to``, as ``PERIOD_QUERY`` declares them.

    Raises:
        InvalidParameterError: 400, one of them is no time, or ``to`` is not later than ``from``.
    """
    period = Period(query_moment(request, "from"), query_moment(request, "to"))
    if period.begins_at is not None and period.ends_at is not None and period.begins_at >= period.ends_at:
        raise InvalidParameterError("to", "The parameter `to` must be later than `from`; `to` itself is left out.")
    return period


def query_choice(request: Request, name: str, choices: Sequence[str]) -> str | None:
    """Returns a query parameter that must be one of ``choices``, or None when it is absent.

    Raises:
        InvalidParameterError: 400, it is none of them.
    """
    text = query_text(request, name)
    if text is not None and text not in choices:
        raise InvalidParameterError(name, f"The parameter `{name}` must be one of {', '.join(choices)}.")
    return text


def query_flag(request: Request, name: str) -> bool:
    """Returns a query parameter that must be ``true`` or ``false``; absent, it is false.

    Raises:
        InvalidParameterError: 400, it is neither.
    """
    return query_choice(request, name, ("true", "false")) == "true"


def _is_plain(text: str) -> bool:
    return 1 <= len(text) <= _MAX_TEXT_LENGTH and text.isprintable()
