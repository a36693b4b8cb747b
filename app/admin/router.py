"""The router of the admin API, which checks token and role, and refuses undeclared query parameters."""

from fastapi import APIRouter, Depends
from starlette.requests import Request

from app.admin import admins, assets, audit, budgets, channels, deliveries, keys, models, prices, tasks, tenants, usage
from app.admin.authentication import require_admin
from app.admin.reconcile import routes as reconcile
from app.admin.roles import check_complete
from app.admin.summary import routes as summary
from app.http.openapi import admin_errors
from app.http.query import read_query


async def check_query(request: Request) -> None:
    """Refuses query parameters that the route does not declare.

    Raises:
        InvalidParameterError: 400, see ``read_query``.
    """
    read_query(request)


# In this order: only the operator may learn which parameters there are.
router = APIRouter(
    prefix="/admin/v1",
    dependencies=[Depends(require_admin), Depends(check_query)],
    responses=admin_errors(400, 401, 403, 429, 503),
    generate_unique_id_function=lambda route: f"admin_{route.name}",
)
_PARTS = (
    *(summary, tenants, keys, channels, models, prices, budgets, tasks, assets),
    *(reconcile, deliveries, usage, audit, admins),
)
for part in _PARTS:
    check_complete(part.router.routes)
    router.include_router(part.router)
