"""Admin routes of tenants."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.responses import Response

from app.admin.allow_lists import to_stored
from app.admin.deletion_guards import count_unfinished
from app.admin.erasure import KEPT
from app.admin.params import (
    PERIOD_QUERY,
    body_of,
    name_query,
    parse_period,
    path_id,
    query_choice,
    query_flag,
    query_text,
    read_body,
)
from app.admin.schemas import ErasureView, TenantCounts, TenantCreate, TenantPatch, TenantView
from app.admin.tenant_counts import count_of_tenants
from app.creates.idempotency import delete_idempotency_keys
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.money.budgets.service import end_budgets
from app.tenants.models import TenantStatus
from app.tenants.repository import TenantSearch
from app.tenants.service import TenantService

_ALL = "/tenants"
_ONE = _ALL + "/{tenant_id}"
_STATUSES = [status.value for status in TenantStatus]
_BOOLEAN = {"type": "boolean", "default": False}
_ERASE = query_parameter("erase", _BOOLEAN, "whether the tenant's content is removed, too")
_COUNTS = query_parameter("counts", _BOOLEAN, "whether `counts` of keys and unfinished tasks are shown")

router = APIRouter(tags=["admin: tenants"])


@router.post(
    _ALL,
    summary="Create a tenant",
    status_code=201,
    response_model=TenantView,
    responses=admin_errors(413, 415),
    openapi_extra=body_of(TenantCreate, {"name": "studio", "metadata": {"team": "video"}}),
)
async def create_tenant(request: Request) -> Response:
    """Makes a tenant, without keys yet."""
    service: TenantService = request.state.tenants
    members = await to_stored(request, await read_body(request, TenantCreate))
    row = await service.create_tenant(request.state.actor, **members)
    return json_response(TenantView.of_row(row), status=201)


@router.get(
    _ALL,
    summary="List tenants",
    response_model=Page[TenantView],
    openapi_extra={
        "parameters": [
            name_query("the id of a tenant"),
            query_parameter("status", {"type": "string", "enum": _STATUSES}, "only tenants in this state"),
            *PERIOD_QUERY,
            _COUNTS,
            *PAGE_QUERY,
        ]
    },
)
async def list_tenants(request: Request) -> Response:
    """Lists tenants, newest first."""
    service: TenantService = request.state.tenants
    page = parse_page(request)
    status = query_choice(request, "status", _STATUSES)
    wanted = TenantSearch(
        text=query_text(request, "q"),
        status=None if status is None else TenantStatus(status),
        period=parse_period(request),
    )
    rows = await service.list_tenants(page, wanted)
    counts = await _counts(request, [row.id for row in rows])
    return json_response(
        to_page(rows, page, cursor_of=lambda row: row.id, view=lambda row: TenantView.of_row(row, counts.get(row.id)))
    )


@router.get(
    _ONE,
    summary="Show a tenant",
    response_model=TenantView,
    responses=admin_errors(404),
    openapi_extra={"parameters": [_COUNTS]},
)
async def get_tenant(request: Request) -> Response:
    """Shows one tenant."""
    service: TenantService = request.state.tenants
    row = await service.get_tenant(path_id(request, "tenant_id"))
    counts = await _counts(request, [row.id])
    return json_response(TenantView.of_row(row, counts.get(row.id)))


@router.patch(
    _ONE,
    summary="Change a tenant",
    response_model=TenantView,
    responses=admin_errors(404, 413, 415),
    openapi_extra=body_of(TenantPatch, {"name": "studio two"}),
)
async def update_tenant(request: Request) -> Response:
    """Changes the members that are sent; null clears one."""
    service: TenantService = request.state.tenants
    tenant_id = path_id(request, "tenant_id")
    body = await read_body(request, TenantPatch)
    changes = await to_stored(request, body, load=lambda: service.get_tenant(tenant_id))
    return json_response(TenantView.of_row(await service.update_tenant(request.state.actor, tenant_id, changes)))


@router.delete(
    _ONE,
    summary="Delete a tenant",
    status_code=204,
    responses=admin_errors(404, 409) | {202: {"model": ErasureView, "description": "the erasure has begun"}},
    openapi_extra={"parameters": [_ERASE]},
)
async def delete_tenant(request: Request) -> Response:
    """Revokes the tenant's keys and hides it; refused while it has unfinished tasks or creates.

    `erase=true` also removes its tasks, assets and groups, here and upstream, in the background; the audit row
    `tenant.erased` tells the end. It may be asked of a tenant that was deleted before.
    """
    service: TenantService = request.state.tenants
    tenant_id = path_id(request, "tenant_id")
    is_erased = query_flag(request, "erase")
    await service.delete_tenant(
        request.state.actor,
        tenant_id,
        count_unfinished=count_unfinished,
        delete_idempotency_keys=delete_idempotency_keys,
        end_budgets=end_budgets,
        is_erased=is_erased,
    )
    if is_erased:
        return json_response(ErasureView(id=tenant_id, kept=list(KEPT)), status=202)
    return Response(status_code=204)


async def _counts(request: Request, tenant_ids: Sequence[str]) -> dict[str, TenantCounts]:
    """Returns the counts of tenants, if the request asks for them."""
    if not query_flag(request, "counts"):
        return {}
    service: TenantService = request.state.tenants
    sessions: async_sessionmaker[AsyncSession] = request.state.sessions
    async with sessions() as session:
        return await count_of_tenants(session, tenant_ids, now=service.now())
