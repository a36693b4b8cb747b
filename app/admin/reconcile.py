"""Admin routes of what the upstream holds and the database does not know."""

from collections.abc import AsyncIterator
from datetime import datetime

import structlog
from fastapi import APIRouter
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.admin.adoption import Adopter
from app.admin.documentation import operation
from app.admin.fields import Moment
from app.admin.reconciliation import Reconciliation
from app.admin.reconciliation_schemas import Adopt, AdoptedView, End, FoundObject, ListEnd, Progress
from app.admin.requests import path_id, query_text, read_body
from app.channels.channel import Channel
from app.errors import InvalidParameterError, MissingParameterError
from app.http.openapi import schema_of
from app.http.responses import json_response

NDJSON = "application/x-ndjson"
_ADOPT = "/tenants/{tenant_id}/adopt"
_LINES: tuple[type[BaseModel], ...] = (FoundObject, ListEnd, Progress, End)
_since = TypeAdapter(Moment)

_log = structlog.get_logger()

router = APIRouter(tags=["admin: reconcile"])


@router.get(
    "/reconcile",
    operation_id="admin_reconcile",
    summary="Show what the upstream holds and the database does not know",
    response_model=None,
    openapi_extra=operation(
        answer={"oneOf": [schema_of(line, mode="serialization") for line in _LINES]},
        media_type=NDJSON,
        query={
            "since": {"type": "string", "format": "date-time", "description": "from when on; required"},
            "channel": {"type": "string", "description": "only this channel; name or id"},
        },
    ),
)
async def reconcile(request: Request) -> Response:
    """Lists each upstream account, and answers line by line: objects that no row owns, and how each list ended.

    It takes as long as the account's rates make it: a second and a quarter for 500 tasks. Tasks older than seven days
    are not listed upstream any more. A line of `type` `end` is the last one; an answer without it broke off.
    """
    reconciliation: Reconciliation = request.state.reconciliation
    since = reconciliation.check_since(_read_since(request))
    channels = await reconciliation.channels(query_text(request, "channel"))
    return StreamingResponse(_lines(reconciliation, channels, since), media_type=NDJSON)


@router.post(
    _ADOPT,
    operation_id="admin_adopt",
    summary="Give a tenant upstream objects that nobody owns",
    response_model=None,
    openapi_extra=operation(
        path=["tenant_id"],
        body=Adopt,
        example={"channel": "default", "task_ids": ["cgt-20260131120000-abcde"]},
        answer={
            "type": "object",
            "required": ["data"],
            "properties": {"data": {"type": "array", "items": schema_of(AdoptedView, mode="serialization")}},
        },
        errors=[409],
    ),
)
async def adopt(request: Request) -> Response:
    """Asks the upstream for each object, and makes it the tenant's unless a tenant owns it; cannot be taken back."""
    adopter: Adopter = request.state.adopter
    wanted = await read_body(request, Adopt)
    views = await adopter.adopt(request.state.actor, path_id(request, "tenant_id"), wanted)
    return json_response({"data": [view.model_dump(mode="json") for view in views]})


async def _lines(reconciliation: Reconciliation, channels: list[Channel], since: datetime) -> AsyncIterator[bytes]:
    try:
        async for line in reconciliation.lines(channels, since):
            yield _to_line(line)
    except Exception:  # noqa: BLE001 - the status has been sent: only the missing last line can tell the client
        _log.exception("reconcile_broke_off")
        return
    yield _to_line(End())


def _to_line(line: BaseModel) -> bytes:
    return line.model_dump_json().encode() + b"\n"


def _read_since(request: Request) -> datetime:
    text = query_text(request, "since")
    if text is None:
        raise MissingParameterError("since")
    try:
        return _since.validate_python(text)
    except ValidationError:
        raise InvalidParameterError(
            "since", "The parameter `since` must be an RFC 3339 time with an offset, such as 2030-01-31T12:00:00Z."
        ) from None
