"""The admin API as one router, which lets only the operator in."""

from fastapi import APIRouter, Depends

from app.admin import audit, channels, deliveries, keys, models, tasks, tenants
from app.admin.authentication import require_admin

router = APIRouter(prefix="/admin/v1", dependencies=[Depends(require_admin)])
for part in (tenants, keys, channels, models, tasks, deliveries, audit):
    router.include_router(part.router)
