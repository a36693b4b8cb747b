"""The route of a tenant's own usage."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalog.service import ModelCatalog
from app.http.openapi import TENANT_SECURITY, tenant_errors
from app.http.paging import PAGE_QUERY, parse_page, to_page
from app.http.query import read_query
from app.http.responses import json_response
from app.tenants.caller import identify
from app.tenants.permissions import Permission
from app.tenants.routes import budgets_of, caps_of
from app.usage.repository import sum_cursor
from app.usage.request_params import (
    KEY_AND_MODEL_QUERY,
    PERIOD_QUERY,
    GroupBy,
    UsageFilter,
    group_query,
    parse_filter,
    parse_group,
)
from app.usage.schemas import OwnUsage
from app.usage.service import UsageService

_GROUPS = (GroupBy.DAY, GroupBy.KEY, GroupBy.MODEL)

router = APIRouter(tags=["caller"])


@router.get(
    "/api/v3/usage",
    summary="Tokens and cost of the caller's tenant",
    response_model=OwnUsage,
    responses=tenant_errors(400, 401, 403, 429, 503),
    openapi_extra={
        "security": TENANT_SECURITY,
        "parameters": [group_query(_GROUPS), *PERIOD_QUERY, *KEY_AND_MODEL_QUERY, *PAGE_QUERY],
    },
)
async def own_usage(request: Request) -> Response:
    """Sums the tenant's tasks that have ended, of all its keys, one row for each group and currency.

    `budgets` and `unfinished_tasks` are what limits the caller now, on every page.
    """
    principal = await identify(request, Permission.READ)
    service: UsageService = request.state.usage
    catalog: ModelCatalog = request.state.catalog
    query, page = read_query(request), parse_page(request)
    group_by = parse_group(query, _GROUPS)
    wanted = await with_spellings(catalog, parse_filter(query, names={"key", "model"}))
    rows = await service.sums(group_by, wanted.of_tenant(principal.tenant_id), page)
    sums = to_page(rows, page, cursor_of=lambda found: sum_cursor(found[0]), view=lambda found: found[1])
    view = OwnUsage(
        data=sums.data,
        has_more=sums.has_more,
        next_cursor=sums.next_cursor,
        budgets=await budgets_of(request, principal),
        unfinished_tasks=await caps_of(request, principal),
    )
    return json_response(view)


async def with_spellings(catalog: ModelCatalog, wanted: UsageFilter) -> UsageFilter:
    """Returns a filter with every name of the model that it names."""
    return wanted.of_models((await catalog.index()).spellings_of_all(wanted.models)) if wanted.models else wanted
