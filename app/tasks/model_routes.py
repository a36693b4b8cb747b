"""The lists of models, under the paths of both dialects, which programs also use to check a key."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.errors import ModelNotFoundError, SeedgateError
from app.http.openapi import TENANT_SECURITY, openai_errors, tenant_errors
from app.http.responses import rendered_response
from app.tasks.rendered_models import RenderedModels
from app.tasks.shown_models import ModelPage, ShownModel
from app.tenants.caller import identify

_OPENAI = "/v1/models"
_NATIVE = "/api/v3/models"
_MODEL_ID = {
    "name": "model_id",
    "in": "path",
    "required": True,
    "description": "a name or an alias",
    "schema": {"type": "string", "example": "doubao-seedance-2"},
}
_STATUSES = (400, 401, 403, 429, 503)
_LIST: dict[str, Any] = {
    "summary": "List models",
    "response_model": ModelPage,
    "openapi_extra": {"security": TENANT_SECURITY},
}
_ONE: dict[str, Any] = {
    "summary": "Query a model",
    "response_model": ShownModel,
    "openapi_extra": {"security": TENANT_SECURITY, "parameters": [_MODEL_ID]},
}
# An operator may give a model a name with slashes.
_NAME = "/{model_id:path}"

router = APIRouter(tags=["models"])


@router.get(_OPENAI, name="list_models_of_openai", responses=openai_errors(*_STATUSES), **_LIST)
@router.get(_NATIVE, name="list_models", responses=tenant_errors(*_STATUSES), **_LIST)
async def list_models(request: Request) -> Response:
    """Lists the models that the key may use and that a channel of the key serves."""
    principal = await identify(request, None)
    rendered: RenderedModels = request.state.rendered_models
    return rendered_response(await rendered.page(principal, is_openai=_is_openai(request)))


@router.get(_OPENAI + _NAME, name="get_model_of_openai", responses=openai_errors(*_STATUSES, 404), **_ONE)
@router.get(_NATIVE + _NAME, name="get_model", responses=tenant_errors(*_STATUSES, 404), **_ONE)
async def get_model(request: Request) -> Response:
    """Returns one model that the key may use, by its name or an alias."""
    principal = await identify(request, None)
    rendered: RenderedModels = request.state.rendered_models
    name: str = request.path_params["model_id"]
    found = await rendered.one(principal, name, is_openai=_is_openai(request))
    if found is not None:
        return rendered_response(found)
    unknown = ModelNotFoundError(name)
    if _is_openai(request):
        raise SeedgateError(unknown.message, status=404, code="model_not_found", param="model")
    raise unknown


def _is_openai(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.startswith(_OPENAI)
