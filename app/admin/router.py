"""The admin API as one router, which lets only the operator in and refuses query parameters that it does not know."""

from fastapi import APIRouter, Depends
from starlette.requests import Request

from app.admin import audit, channels, deliveries, keys, models, reconcile, tasks, tenants
from app.admin.authentication import require_admin
from app.http.query import read_query


async def check_query(request: Request) -> None:
    """Refuses what the route does not declare, before anything else of the request is looked at.

    Raises:
        InvalidParameterError: 400, see ``read_query``.
    """
    read_query(request)


# In this order, so that only the operator is told which parameters there are.
router = APIRouter(prefix="/admin/v1", dependencies=[Depends(require_admin), Depends(check_query)])
for part in (tenants, keys, channels, models, tasks, reconcile, deliveries, audit):
    router.include_router(part.router)
