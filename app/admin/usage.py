"""The admin route of usage: sums as JSON, the ledger as CSV or NDJSON."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.catalog.service import ModelCatalog
from app.errors import InvalidParameterError
from app.http.openapi import Responses, schema_of
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import read_query
from app.http.responses import json_response
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
