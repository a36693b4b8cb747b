"""The admin route of usage: sums as JSON, the ledger as CSV or NDJSON."""

from collections.abc import AsyncIterator
from typing import get_args

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.admin.params import body_of, query_text, read_body
from app.admin.reconcile.schemas import End
from app.admin.usage_check import CheckLine, UsageCheck
from app.admin.usage_schemas import RebuiltSums, UsageCorrect
from app.catalog.service import ModelCatalog
from app.channels.channel import Channel
from app.core.leases import Lease
from app.errors import InvalidParameterError
from app.http.openapi import Responses, admin_errors, schema_of
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter, read_query
from app.http.responses import json_response
from app.usage.corrections import UsageCorrections
from app.usage.export import ExportFormat, head_of, to_bytes, wanted_format
from app.usage.repository import sum_cursor
from app.usage.request_params import (
    OPERATOR_QUERY,
    PERIOD_QUERY,
    GroupBy,
    UsageFilter,
    group_query,
    parse_filter,
    parse_group,
)
from app.usage.routes import with_spellings
from app.usage.schemas import LedgerEntry, UsageSum
from app.usage.service import UsageService

_GROUPS = tuple(GroupBy)
_FILTERS = frozenset({"tenant", "key", "model", "channel"})
_ONLY_OF_SUMS = ("group_by", "limit", "after")
_FILE_NAMES = {ExportFormat.CSV: "usage.csv", ExportFormat.NDJSON: "usage.ndjson"}
_EXPORTS: Responses = {
    200: {
        "content": {
            ExportFormat.CSV.value: {"schema": {"type": "string"}},
            ExportFormat.NDJSON.value: {"schema": schema_of(LedgerEntry, mode="serialization")},
        }
    }
}
_LINES: Responses = {
    200: {
        "description": "a JSON object in each line",
        "content": {
            ExportFormat.NDJSON.value: {
                "schema": {"oneOf": [schema_of(line, mode="serialization") for line in (*get_args(CheckLine), End)]}
            }
        },
    }
}

_log = structlog.get_logger()

router = APIRouter(tags=["admin: usage"])


@router.get(
    "/usage",
    summary="Sum or export what tasks used and cost",
    response_model=Page[UsageSum],
    responses=_EXPORTS,
    openapi_extra={"parameters": [group_query(_GROUPS), *PERIOD_QUERY, *OPERATOR_QUERY, *PAGE_QUERY]},
)
async def get_usage(request: Request) -> Response:
    """Sums the tasks that have ended, one row for each group and currency; tasks count when they were created.

    With `Accept: text/csv` or `application/x-ndjson` it exports the rows of the ledger instead, of any number, in the
    order in which their tasks were created.
    """
    service: UsageService = request.state.usage
    catalog: ModelCatalog = request.state.catalog
    query, page = read_query(request), parse_page(request)
    group_by = parse_group(query, _GROUPS)
    wanted = await with_spellings(catalog, parse_filter(query, names=_FILTERS))
    export_format = wanted_format(request.headers.get("accept"))
    if export_format is None:
        rows = await service.sums(group_by, wanted, page)
        return json_response(
            to_page(rows, page, cursor_of=lambda found: sum_cursor(found[0]), view=lambda found: found[1])
        )
    for name in _ONLY_OF_SUMS:
        if query.one(name) is not None:
            raise InvalidParameterError(name, f"The parameter `{name}` is not for an export, which has every row.")
    await service.check(wanted)
    service.begin_export()
    return _Export(service, wanted, export_format)


@router.post(
    "/usage/corrections",
    summary="Correct what the ledger says of a task",
    status_code=201,
    response_model=LedgerEntry,
    responses=admin_errors(404, 409, 413, 415),
    openapi_extra=body_of(
        UsageCorrect,
        {"task_id": "cgt-20260131120000-abcde", "total_tokens": 108900, "note": "as on the bill of January"},
    ),
)
async def correct_usage(request: Request) -> Response:
    """Adds a row to the ledger, after which the rows of the task add up to its tokens, at the price of its creation."""
    corrections: UsageCorrections = request.state.usage_corrections
    wanted = await read_body(request, UsageCorrect)
    row = await corrections.correct(
        request.state.actor, wanted.task_id, total_tokens=wanted.total_tokens, note=wanted.note
    )
    return json_response(LedgerEntry.model_validate(row), status=201)


@router.post("/usage/rebuild", summary="Compute the sums of budgets again", response_model=RebuiltSums)
async def rebuild_sums(request: Request) -> Response:
    """Computes what is used and held of every budget from the ledger and the holds, while creates go on."""
    corrections: UsageCorrections = request.state.usage_corrections
    return json_response(RebuiltSums(periods=await corrections.rebuild_budgets(request.state.actor)))


@router.get(
    "/usage/check",
    summary="Compare the ledger with the tasks and with the upstream's lists",
    response_class=StreamingResponse,
    responses=_LINES | admin_errors(409),
    openapi_extra={"parameters": [query_parameter("channel", {"type": "string"}, "only this channel; name or id")]},
)
async def check_usage(request: Request) -> Response:
    """Lists each upstream account, and answers line by line: what differs, upstream tasks without an owner, sums.

    It takes as long as the account's rate limits require, about two seconds for 500 tasks; for each account one request
    runs at a time. The upstream lists tasks for seven days. The last line has the `type` `end`; without it the answer
    is incomplete.
    """
    check: UsageCheck = request.state.usage_check
    channels, leases = await check.begin(query_text(request, "channel"))
    return StreamingResponse(_check_lines(check, channels, leases), media_type=ExportFormat.NDJSON.value)


async def _check_lines(check: UsageCheck, channels: list[Channel], leases: list[Lease]) -> AsyncIterator[bytes]:
    try:
        async for line in check.lines(channels, leases):
            yield line.model_dump_json().encode() + b"\n"
    except Exception:  # noqa: BLE001 - the status has been sent, so only the missing last line can tell the client
        _log.exception("usage_check_interrupted")
        return
    yield End().model_dump_json().encode() + b"\n"


class _Export(StreamingResponse):
    """Streams the ledger, and gives up the place of its export when it has ended, however it does."""

    def __init__(self, service: UsageService, wanted: UsageFilter, export_format: ExportFormat) -> None:
        """The place is taken by the caller, while the answer can still be 429."""
        name = _FILE_NAMES[export_format]
        super().__init__(
            _pieces(service, wanted, export_format),
            media_type=export_format.value,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``StreamingResponse``."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._service.end_export()


async def _pieces(service: UsageService, wanted: UsageFilter, export_format: ExportFormat) -> AsyncIterator[bytes]:
    yield head_of(export_format)
    async for rows in service.entries(wanted):
        yield to_bytes(export_format, rows)
