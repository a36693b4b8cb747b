"""What FastAPI cannot derive of ``/openapi.json``.

Answers and errors are derived from the models of a route (``response_model``, ``responses``). Its query and its body
are read after authentication, by the route itself, and so are declared in ``openapi_extra``.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from app.core.strict_json import to_json_bytes
from app.http.errors import AdminErrorBody, TenantErrorBody
from app.http.responses import STALE_HEADER, constant_response

Responses = dict[int | str, dict[str, Any]]

_OPENAPI_PATH = "/openapi.json"
_ADMIN_PREFIX = "/admin/"
_REFERENCE = "#/components/schemas/{model}"
_PATH_PARAMETER = re.compile(r"{(\w+)}")

TENANT_SECURITY: list[dict[str, list[str]]] = [{"TenantKey": []}, {"TenantKeyHeader": []}]
"""``security`` of a tenant's operation: either of two headers."""

ADMIN_SECURITY: list[dict[str, list[str]]] = [{"AdminToken": []}]
"""``security`` of an operator's operation."""

_KEY_TEXT = "an API key of a tenant, `sg-…`"
_SECURITY_SCHEMES = {
    "TenantKey": {"type": "http", "scheme": "bearer", "description": f"{_KEY_TEXT}, as `Authorization: Bearer <key>`"},
    "TenantKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": f"{_KEY_TEXT}"},
    "AdminToken": {"type": "http", "scheme": "bearer", "description": "the operator's admin token"},
}

STALE_RESPONSE: Responses = {
    200: {
        "headers": {
            STALE_HEADER: {
                "description": "age in seconds, when the upstream could not be asked and the last known state is shown",
                "schema": {"type": "integer", "minimum": 0},
            }
        }
    }
}
"""``responses`` of a route that may show a state from before."""


def complete_description(app: FastAPI) -> None:
    """Adds to the description of ``app`` the schemas of errors, how clients authenticate, and parameters in paths."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        components = document.setdefault("components", {})
        components["securitySchemes"] = _SECURITY_SCHEMES
        _, errors = models_json_schema(
            [(TenantErrorBody, "serialization"), (AdminErrorBody, "serialization")], ref_template=_REFERENCE
        )
        components["schemas"] |= errors["$defs"]
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _add_path_parameters(path, operation)
                if path.startswith(_ADMIN_PREFIX):
                    operation["security"] = ADMIN_SECURITY
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def serve_description(app: FastAPI) -> None:
    """Serves ``/openapi.json``, which is rendered once, at its first request, in a thread.

    FastAPI's own route renders the 200 KB for every request, and needs no authentication.
    """
    rendered = b""
    lock = asyncio.Lock()

    async def description(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
        nonlocal rendered
        async with lock:
            rendered = rendered or await asyncio.to_thread(lambda: to_json_bytes(app.openapi()))
        return constant_response(rendered, "application/json")

    app.add_route(_OPENAPI_PATH, description, include_in_schema=False)


def tenant_errors(*statuses: int) -> Responses:
    """Returns the ``responses`` of tenants' routes with these statuses."""
    return _errors(TenantErrorBody, statuses)


def admin_errors(*statuses: int) -> Responses:
    """Returns the ``responses`` of routes of the admin API with these statuses."""
    return _errors(AdminErrorBody, statuses)


def openai_errors(*statuses: int) -> Responses:
    """Returns the ``responses`` of routes of OpenAI's dialect with these statuses."""
    return _errors(AdminErrorBody, statuses)


def json_body(
    schema: Mapping[str, Any], examples: Mapping[str, Mapping[str, Any]], *, is_required: bool = True
) -> dict[str, Any]:
    """Returns the ``requestBody`` of a route that reads JSON.

    Args:
        schema: the JSON Schema of the body.
        examples: valid bodies by the names under which ``/docs`` offers them. The first one fills the form; a body
            generated from the schema would have every optional member, and be refused.
        is_required: whether a request without a body is refused.
    """
    named = {name: {"value": value} for name, value in examples.items()}
    return {"required": is_required, "content": {"application/json": {"schema": schema, "examples": named}}}


def schema_of(model: type[BaseModel], *, mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    """Returns a model's schema with all references expanded: ``openapi_extra`` has no place for definitions."""
    schema = model.model_json_schema(by_alias=True, mode=mode)
    definitions = schema.pop("$defs", {})
    expanded: dict[str, Any] = _expand(schema, definitions)
    return expanded


def _errors(model: type[BaseModel], statuses: Iterable[int]) -> Responses:
    # A reference, because FastAPI would validate a ``model`` again for each status of each route: 0.3 s at the start.
    schema = {"$ref": _REFERENCE.format(model=model.__name__)}
    return {status: {"content": {"application/json": {"schema": schema}}} for status in statuses}


def _add_path_parameters(path: str, operation: dict[str, Any]) -> None:
    parameters = operation.get("parameters", [])
    declared = {each["name"] for each in parameters if each["in"] == "path"}
    missing = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(path)
        if name not in declared
    ]
    if missing:
        operation["parameters"] = [*missing, *parameters]


def _expand(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_expand(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _expand(definitions[value["$ref"].rpartition("/")[2]], definitions)
    return {name: _expand(item, definitions) for name, item in value.items()}
