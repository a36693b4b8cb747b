"""The OpenAPI operations of the Assets routes, derived from the request and response classes of the action table."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.assets.actions import ACTIONS, VERSION, Action, KeyUse
from app.http.openapi import (
    IDEMPOTENCY_HEADERS,
    METADATA,
    TENANT_ERROR,
    TENANT_SECURITY,
    json_body,
    json_content,
    schema_of,
)

_ERRORS = (400, 401, 403, 404, 413, 415, 429, 502, 503)
_STALE = {
    "X-Seedgate-Stale": {
        "description": "age in seconds, when the upstream could not be asked and the last known state is shown",
        "schema": {"type": "integer"},
    }
}
_ACTION: dict[str, Any] = {"name": "Action", "in": "query", "required": False, "schema": {"type": "string"}}
_VERSION: dict[str, Any] = {
    "name": "Version",
    "in": "query",
    "required": False,
    "schema": {"type": "string", "enum": [VERSION], "default": VERSION},
}

OPEN_QUERY: dict[str, Any] = {
    "parameters": [{**_ACTION, "description": "what the path names; OpenAPI SDKs send it"}, _VERSION]
}
"""The query parameters of every route that names its action in the path."""


def open_operation(action: Action) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of an action's own route."""
    return {
        "security": TENANT_SECURITY,
        "parameters": [*OPEN_QUERY["parameters"], *(IDEMPOTENCY_HEADERS if action.key_use is KeyUse.HONOURED else ())],
        "requestBody": json_body(
            schema_of(action.request, mode="validation"), {action.name: action.example}, is_required=False
        ),
        "responses": _responses(schema_of(action.response, mode="serialization"), action.errors),
    }


def query_operation(*, is_wrapped: bool) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of a route whose query names the action.

    Args:
        is_wrapped: the response is ``{ResponseMetadata, Result}`` instead of the bare result.
    """
    bodies = [schema_of(action.request, mode="validation") for action in ACTIONS.values()]
    result: dict[str, Any] = {
        "anyOf": _distinct(schema_of(action.response, mode="serialization") for action in ACTIONS.values())
    }
    if is_wrapped:
        result = {
            "type": "object",
            "required": ["ResponseMetadata", "Result"],
            "properties": {"ResponseMetadata": METADATA, "Result": result},
        }
    return {
        "security": TENANT_SECURITY,
        "parameters": [
            {**_ACTION, "required": True, "schema": {"type": "string", "enum": list(ACTIONS)}},
            _VERSION,
            *IDEMPOTENCY_HEADERS,
        ],
        "requestBody": json_body(
            {"anyOf": _distinct(bodies)}, {name: action.example for name, action in ACTIONS.items()}, is_required=False
        ),
        "responses": _responses(result, (409,)),
    }


def _responses(result: Mapping[str, Any], errors: Iterable[int]) -> dict[str, Any]:
    success = {"description": "done", "headers": _STALE, "content": {"application/json": {"schema": result}}}
    errors_by_status = {str(status): json_content("an error", TENANT_ERROR) for status in sorted({*_ERRORS, *errors})}
    return {"200": success, **errors_by_status}


def _distinct(schemas: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({json.dumps(schema): schema for schema in schemas}.values())
