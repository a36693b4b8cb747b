"""Admin routes that compare the upstream with the database, and adopt what has no owner."""

from collections.abc import AsyncIterator
from datetime import datetime

import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.admin.params import body_of, path_id, query_moment, query_text, read_body
from app.admin.reconcile.adoption import AdoptionService
from app.admin.reconcile.report import Reconciliation
from app.admin.reconcile.schemas import Adopt, Adopted, End, FoundObject, ListEnd, Progress
from app.channels.channel import Channel
from app.core.leases import Lease
from app.errors import MissingParameterError
from app.http.openapi import Responses, admin_errors, schema_of
from app.http.query import query_parameter
from app.http.responses import json_response

NDJSON = "application/x-ndjson"
_ADOPT = "/tenants/{tenant_id}/adopt"
_LINES: Responses = {
    200: {
        "description": "a JSON object in each line",
        "content": {
            NDJSON: {
                "schema": {
                    "oneOf": [schema_of(line, mode="serialization") for line in (FoundObject, ListEnd, Progress, End)]
                }
            }
        },
    }
}

_log = structlog.get_logger()

router = APIRouter(tags=["admin: reconcile"])


@router.get(
    "/reconcile",
    summary="Show what the upstream holds and the database does not know",
    response_class=StreamingResponse,
    responses=_LINES | admin_errors(409),
    openapi_extra={
        "parameters": [
            query_parameter("since", {"type": "string", "format": "date-time"}, "the start of the period; required"),
            query_parameter("channel", {"type": "string"}, "only this channel; name or id"),
        ]
    },
)
async def reconcile(request: Request) -> Response:
    """Lists each upstream account, and answers line by line: objects without an owner, and the end of each list.

    It takes as long as the account's rate limits require, about two seconds for 500 tasks; for each account one request
    runs at a time. The upstream lists tasks for seven days. The last line has the `type` `end`; without it the answer
    is incomplete.
    """
    reconciliation: Reconciliation = request.state.reconciliation
    since = reconciliation.check_since(_read_since(request))
    channels = await reconciliation.channels(query_text(request, "channel"))
    leases = await reconciliation.begin(channels)
    return StreamingResponse(_lines(reconciliation, channels, since, leases), media_type=NDJSON)


@router.post(
    _ADOPT,
    summary="Give a tenant upstream objects without an owner",
    response_model=Adopted,
    responses=admin_errors(404, 409, 413, 415),
    openapi_extra=body_of(Adopt, {"channel": "default", "task_ids": ["cgt-20260131120000-abcde"]}),
)
async def adopt(request: Request) -> Response:
    """Requests each object from the upstream, and gives it to the tenant unless it has an owner; cannot be undone."""
    service: AdoptionService = request.state.adoption
    wanted = await read_body(request, Adopt)
    adopted = Adopted(data=await service.adopt(request.state.actor, path_id(request, "tenant_id"), wanted))
    return json_response(adopted)


async def _lines(
    reconciliation: Reconciliation, channels: list[Channel], since: datetime, leases: list[Lease]
) -> AsyncIterator[bytes]:
    try:
        async for line in reconciliation.lines(channels, since, leases):
            yield _to_line(line)
    except Exception:  # noqa: BLE001 - the status has been sent, so only the missing last line can tell the client
        _log.exception("reconcile_interrupted")
        return
    yield _to_line(End())


def _to_line(line: BaseModel) -> bytes:
    return line.model_dump_json().encode() + b"\n"


def _read_since(request: Request) -> datetime:
    since = query_moment(request, "since")
    if since is None:
        raise MissingParameterError("since")
    return since
