"""Admin routes of the model catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, TypeAdapter, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from app.admin.params import body_of, read_body
from app.catalog.default_models import DEFAULT_MODELS
from app.catalog.model_list import SpellingTakenError, check_distinct
from app.catalog.model_spec import ModelSpec
from app.catalog.service import ModelCatalog
from app.errors import InvalidParameterError
from app.http.openapi import admin_errors
from app.http.responses import json_response
from app.http.schemas import RequestModel

router = APIRouter(tags=["admin: models"])

_MAX_MODELS = 1000
# Sent unchanged to a new installation, it changes nothing.
_EXAMPLE = {"data": [model.to_json() for model in DEFAULT_MODELS]}
_SPEC_FIELDS = {field.name for field in fields(ModelSpec)}

_Spec = Annotated[dict[str, Any], WithJsonSchema(TypeAdapter(ModelSpec).json_schema())]


class ModelsView(BaseModel):
    """The whole catalog, in the form of a list that has one page."""

    data: list[_Spec]
    has_more: Literal[False] = False
    next_cursor: None = None


class ModelsReplace(RequestModel):
    """Body of ``PUT /models``: the whole catalog, also as ``GET`` shows it."""

    data: Annotated[list[_Spec], Field(max_length=_MAX_MODELS)]
    has_more: Literal[False] = False
    next_cursor: None = None


@router.get("/models", summary="Show the model catalog", response_model=ModelsView)
async def list_models(request: Request) -> Response:
    """Shows all models with their aliases, regions and limits, in the operator's order."""
    catalog: ModelCatalog = request.state.catalog
    return json_response(_view(await catalog.stored()))


@router.put(
    "/models",
    summary="Replace the model catalog",
    response_model=ModelsView,
    responses=admin_errors(413, 415),
    openapi_extra=body_of(ModelsReplace, _EXAMPLE),
)
async def replace_models(request: Request) -> Response:
    """Replaces all models at once. Other models can no longer be used; existing tasks are unchanged.

    An empty list is refused: an empty table is filled from `SEEDGATE_MODELS` at the next start.
    """
    catalog: ModelCatalog = request.state.catalog
    wanted = await read_body(request, ModelsReplace)
    models = _to_models(wanted.data)
    await catalog.replace(request.state.actor, models)
    return json_response(_view(models))


def _to_models(entries: Sequence[Mapping[str, Any]]) -> list[ModelSpec]:
    if not entries:
        raise InvalidParameterError("data", "The parameter `data` is not valid: at least one model is needed.")
    models = [_to_model(entry, f"data[{index}]") for index, entry in enumerate(entries)]
    try:
        check_distinct(models)
    except SpellingTakenError as error:
        path = f"data[{error.index}].{error.field}"
        raise InvalidParameterError(path, f"The parameter `{path}` is not valid: {error.reason}.") from None
    return models


def _to_model(entry: Mapping[str, Any], path: str) -> ModelSpec:
    try:
        return ModelSpec.from_json(entry)
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
    if field.partition(".")[0] in _SPEC_FIELDS:
        path = f"{path}.{field}"
    else:
        reason = f"{field}: {reason}" if reason else field
    raise InvalidParameterError(path, f"The parameter `{path}` is not valid: {reason}.")


def _view(models: Sequence[ModelSpec]) -> ModelsView:
    return ModelsView(data=[model.to_json() for model in models])
