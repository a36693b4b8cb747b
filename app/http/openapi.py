"""The parts of ``/openapi.json`` that all routes share: credentials, errors, and schemas of request models."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.core.strict_json import to_json_bytes
from app.http.responses import constant_response

_OPENAPI_PATH = "/openapi.json"

_TEXT = {"type": "string"}
_METADATA_NAMES = ["RequestId", "Action", "Version", "Service", "Region"]
_METADATA_TEXTS: dict[str, Any] = dict.fromkeys(_METADATA_NAMES, _TEXT)
_ERROR_HALF = {
    "type": "object",
    "required": ["code", "message", "param", "type"],
    "properties": {"code": _TEXT, "message": _TEXT, "param": {"type": ["string", "null"]}, "type": _TEXT},
}
_METADATA_ERROR = {"type": "object", "required": ["Code", "Message"], "properties": {"Code": _TEXT, "Message": _TEXT}}

METADATA: dict[str, Any] = {"type": "object", "required": _METADATA_NAMES, "properties": _METADATA_TEXTS}
"""``ResponseMetadata`` of a successful response."""

ADMIN_ERROR: dict[str, Any] = {"type": "object", "required": ["error"], "properties": {"error": _ERROR_HALF}}
"""An error of the admin API."""

TENANT_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error", "ResponseMetadata"],
    "properties": {
        "error": _ERROR_HALF,
        "ResponseMetadata": {**METADATA, "properties": {**_METADATA_TEXTS, "Error": _METADATA_ERROR}},
    },
}
"""An error of every other route, with one part for each family of SDKs (``app.http.errors``)."""

TENANT_SECURITY: list[dict[str, list[str]]] = [{"TenantKey": []}, {"TenantKeyHeader": []}]
"""``security`` of a tenant's operation: either of two headers."""

IDEMPOTENCY_HEADERS: list[dict[str, Any]] = [
    {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": description,
    }
    for name, description in (
        (
            "Idempotency-Key",
            "identifies one create: a second request with the same key and an equal body gets what the first one made",
        ),
        ("X-Idempotency-Key", "the same by another name"),
    )
]
"""Header parameters of a create."""

_KEY_TEXT = "an API key of a tenant, `sg-…`"
_SECURITY_SCHEMES = {
    "TenantKey": {"type": "http", "scheme": "bearer", "description": f"{_KEY_TEXT}, as `Authorization: Bearer <key>`"},
    "TenantKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": f"{_KEY_TEXT}"},
    "AdminToken": {"type": "http", "scheme": "bearer", "description": "the operator's admin token"},
}


def describe_security(app: FastAPI) -> None:
    """Adds to the description of ``app`` how tenants and operators authenticate."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        document.setdefault("components", {})["securitySchemes"] = _SECURITY_SCHEMES
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def serve_description(app: FastAPI) -> None:
    """Serves ``/openapi.json``, which is rendered once, at its first request, in a thread.

    FastAPI's own route renders the 300 KB for every request, and needs no authentication.
    """
    rendered = b""
    lock = asyncio.Lock()

    async def description(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
        nonlocal rendered
        async with lock:
            rendered = rendered or await asyncio.to_thread(lambda: to_json_bytes(app.openapi()))
        return constant_response(rendered, "application/json")

    app.add_route(_OPENAPI_PATH, description, include_in_schema=False)


def json_content(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the description of a JSON response."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def json_body(
    schema: Mapping[str, Any], examples: Mapping[str, Mapping[str, Any]], *, is_required: bool = True
) -> dict[str, Any]:
    """Returns the description of a JSON request body.

    Args:
        schema: of the body.
        examples: valid bodies by the names under which ``/docs`` offers them. The first one fills the form; a body
            generated from the schema would have every optional member, and be refused.
        is_required: whether a request without a body is refused.
    """
    named = {name: {"value": value} for name, value in examples.items()}
    return {"required": is_required, "content": {"application/json": {"schema": schema, "examples": named}}}


def schema_of(model: type[BaseModel], *, mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    """Returns a model's schema with all references expanded: a route's description has no place for definitions."""
    schema = model.model_json_schema(by_alias=True, mode=mode)
    definitions = schema.pop("$defs", {})
    expanded: dict[str, Any] = _expand(schema, definitions)
    return expanded


def _expand(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_expand(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _expand(definitions[value["$ref"].rpartition("/")[2]], definitions)
    return {name: _expand(item, definitions) for name, item in value.items()}
