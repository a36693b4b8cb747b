"""The route ``whoami``."""

from collections.abc import Mapping
from typing import Any, Protocol

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.http.responses import json_response, to_rfc3339
from app.tenants.caller import identify
from app.tenants.documentation import WHOAMI
from app.tenants.key_status import earlier_end
from app.tenants.models import ApiKeyRow
from app.tenants.principal import Principal
from app.tenants.service import TenantService

router = APIRouter(tags=["caller"])


class ModelNames(Protocol):
    """The names of models, which are on a floor above; the application provides it."""

    async def names(self) -> Mapping[str, str]:
        """Returns the name of each model by its name and aliases."""


@router.get(
    "/api/v3/whoami",
    operation_id="whoami",
    summary="Tenant, key and rights of the caller",
    response_model=None,
    openapi_extra=WHOAMI,
)
async def whoami(request: Request) -> Response:
    """Returns the caller's tenant, its key without the secret, and what it may use; null means everything."""
    principal = await identify(request)
    service: TenantService = request.state.tenants
    catalog: ModelNames = request.state.catalog
    names = await catalog.names() if principal.allowed_models else {}
    return json_response(_render(principal, await service.own_key(principal), names))


def _render(principal: Principal, key: ApiKeyRow, model_names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "tenant": {"id": principal.tenant_id, "name": principal.tenant_name},
        "key": {
            "id": key.id,
            "name": key.name,
            "public_part": key.public_part,
            "expires_at": to_rfc3339(earlier_end(key.expires_at, key.grace_ends_at)),
        },
        "allowed_models": _sorted(principal.models(model_names)),
        "allowed_channels": _sorted(principal.allowed_channels),
        "limits": {},
    }


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
