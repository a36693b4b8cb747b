"""Admin routes of budgets."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.admin.budget_schemas import BudgetCreate, BudgetPatch, BudgetView
from app.admin.params import body_of, path_id, query_text, read_body
from app.http.openapi import admin_errors
from app.http.paging import PAGE_QUERY, Page, parse_page, to_page
from app.http.query import query_parameter
from app.http.responses import json_response
from app.money.budgets.service import MAX_BUDGETS_PER_TENANT, BudgetService

_ALL = "/budgets"
_ONE = _ALL + "/{budget_id}"
_EXAMPLE = {
    "tenant_id": "tenant_4fQb0YxT2mKp7RsW9zEa",
    "amount_micros": 500_000_000,
    "currency": "CNY",
    "period": "month",
    "time_zone": "Asia/Shanghai",
}

router = APIRouter(tags=["admin: budgets"])


@router.post(
    _ALL,
    summary="Create a budget",
    description=(
        "Limits what a tenant, or one of its keys, may spend in a day, in a month or in total. A create counts in the "
        "period in which it is created, if its price is in the currency of the budget; what the current period has "
        f"cost so far counts, too. A tenant may have {MAX_BUDGETS_PER_TENANT} budgets; each create is held against all "
        "that apply."
    ),
    status_code=201,
    response_model=BudgetView,
    responses=admin_errors(404, 409, 413, 415),
    openapi_extra=body_of(BudgetCreate, _EXAMPLE),
)
async def create_budget(request: Request) -> Response:
    """Makes a budget."""
    service: BudgetService = request.state.budgets
    wanted = await read_body(request, BudgetCreate)
    state = await service.create(request.state.actor, **wanted.model_dump())
    return json_response(BudgetView.of_state(state), status=201)


@router.get(
    _ALL,
    summary="List budgets",
    response_model=Page[BudgetView],
    openapi_extra={
        "parameters": [
            query_parameter("tenant", {"type": "string"}, "only this tenant's budgets, those of its keys among them"),
            query_parameter("key", {"type": "string"}, "only the budgets of this key"),
            *PAGE_QUERY,
        ]
    },
)
async def list_budgets(request: Request) -> Response:
    """Lists budgets, newest first, with what is used and held of them in their current periods."""
    service: BudgetService = request.state.budgets
    page = parse_page(request)
    states = await service.page(page, tenant_id=query_text(request, "tenant"), key_id=query_text(request, "key"))
    return json_response(to_page(states, page, cursor_of=lambda state: state.row.id, view=BudgetView.of_state))


@router.get(_ONE, summary="Show a budget", response_model=BudgetView, responses=admin_errors(404))
async def get_budget(request: Request) -> Response:
    """Shows one budget, with what is used and held of it in its current period."""
    service: BudgetService = request.state.budgets
    return json_response(BudgetView.of_state(await service.get(path_id(request, "budget_id"))))


@router.patch(
    _ONE,
    summary="Change a budget",
    response_model=BudgetView,
    responses=admin_errors(404, 413, 415),
    openapi_extra=body_of(BudgetPatch, {"amount_micros": 800_000_000}),
)
async def update_budget(request: Request) -> Response:
    """Changes the amount, and whether the budget is hard; what is used and held of it stays.

    The rest cannot be changed: what has been counted would be wrong.
    """
    service: BudgetService = request.state.budgets
    changes = (await read_body(request, BudgetPatch)).sent()
    state = await service.update(request.state.actor, path_id(request, "budget_id"), changes)
    return json_response(BudgetView.of_state(state))


@router.delete(_ONE, summary="Delete a budget", status_code=204, responses=admin_errors(404))
async def delete_budget(request: Request) -> Response:
    """Deletes a budget. Creates are no longer held against it, within a second on every process."""
    service: BudgetService = request.state.budgets
    await service.delete(request.state.actor, path_id(request, "budget_id"))
    return Response(status_code=204)
