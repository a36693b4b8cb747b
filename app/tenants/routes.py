"""The route ``whoami``."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.http.openapi import TENANT_SECURITY, tenant_errors
from app.http.responses import json_response
from app.limits.caps import Cap
from app.limits.counters import RateLimits
from app.tenants.caller import identify
from app.tenants.key_service import KeyService
from app.tenants.key_status import earlier_end
from app.tenants.permissions import Permission
from app.tenants.principal import Principal
from app.tenants.schemas import CallerBudget, CallerCap, CallerKey, CallerLimit, CallerTenant, CallerView

router = APIRouter(tags=["caller"])


class ShownBudget(Protocol):
    """A budget, which is on a floor above."""

    def shown(self) -> Mapping[str, Any]:
        """Returns what is shown of it."""


class CallerBudgets(Protocol):
    """The budgets of callers; the application provides it."""

    async def of_caller(self, tenant_id: str, key_id: str) -> Sequence[ShownBudget]:
        """Returns the budgets in which the creates of a key count."""


class CallerCaps(Protocol):
    """The room in caps on unfinished tasks; the application provides it."""

    async def left(self, principal: Principal, caps: Sequence[Cap]) -> Sequence[int]:
        """Returns how many tasks more each cap of a caller allows, in their order."""


class ModelNames(Protocol):
    """The names of models, which are on a floor above; the application provides it."""

    async def names(self) -> Mapping[str, str]:
        """Returns the name of each model by its name and aliases."""


@router.get(
    "/api/v3/whoami",
    summary="Tenant, key and rights of the caller",
    response_model=CallerView,
    responses=tenant_errors(400, 401, 403, 429, 503),
    openapi_extra={"security": TENANT_SECURITY},
)
async def whoami(request: Request) -> Response:
    """Returns the caller's tenant, its key without the secret, and what it may use; null means everything."""
    principal = await identify(request, None)
    service: KeyService = request.state.keys
    catalog: ModelNames = request.state.catalog
    names = await catalog.names() if principal.allowed_models else {}
    key = await service.own(principal)
    ends_at = earlier_end(key.expires_at, key.grace_ends_at)
    view = CallerView(
        tenant=CallerTenant(id=principal.tenant_id, name=principal.tenant_name),
        key=CallerKey(id=key.id, name=key.name, public_part=key.public_part, expires_at=ends_at),
        allowed_models=_sorted(principal.models(names)),
        allowed_channels=_sorted(principal.allowed_channels),
        permissions=[permission.value for permission in Permission if permission in principal.permissions],
        limits=_limits(request, principal),
        unfinished_tasks=await caps_of(request, principal),
        budgets=await budgets_of(request, principal),
    )
    return json_response(view)


async def budgets_of(request: Request, principal: Principal) -> list[CallerBudget]:
    """Returns the budgets in which a caller's creates count, as it sees them."""
    budgets: CallerBudgets = request.state.budgets
    states = await budgets.of_caller(principal.tenant_id, principal.key_id)
    return [CallerBudget.of_shown(state.shown()) for state in states]


async def caps_of(request: Request, principal: Principal) -> list[CallerCap]:
    """Returns the caps on a caller's unfinished tasks, and what is left of each."""
    room: CallerCaps = request.state.cap_room
    return CallerCap.of_caps(principal.caps, await room.left(principal, principal.caps))


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _limits(request: Request, principal: Principal) -> dict[str, CallerLimit]:
    if principal.quotas is None:
        return {}
    rate_limits: RateLimits = request.state.rate_limits
    limits = {}
    for quota in principal.quotas.all:
        left, seconds = rate_limits.left(quota)
        limits[quota.name] = CallerLimit(
            limit=quota.limit, window_seconds=quota.seconds, left=left, resets_in_seconds=seconds
        )
    return limits
