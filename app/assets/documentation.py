"""The requests of the Assets routes for ``/openapi.json``, derived from the table of actions."""

import json
from functools import reduce
from operator import or_
from typing import Any

from pydantic import BaseModel, Field

from app.assets.actions import ACTIONS, VERSION, Action, KeyUse
from app.creates.sdk_retry_headers import IDEMPOTENCY_HEADERS
from app.http.errors import ResponseMetadata
from app.http.openapi import TENANT_SECURITY, json_body, schema_of
from app.http.query import query_parameter

_VERSION = query_parameter("Version", {"type": "string", "enum": [VERSION], "default": VERSION})
_ACTION_OF_PATH = query_parameter("Action", {"type": "string"}, "the action that the path names; OpenAPI SDKs send it")
_ACTION = {**query_parameter("Action", {"type": "string", "enum": list(ACTIONS)}), "required": True}

OPEN_QUERY: dict[str, Any] = {"parameters": [_ACTION_OF_PATH, _VERSION]}
"""The query parameters of every route that names its action in the path."""

ANY_RESULT: Any = reduce(or_, dict.fromkeys(action.response for action in ACTIONS.values()))
"""The union of the results of all actions."""


class NativeResult(BaseModel):
    """The result of an action in the native OpenAPI form."""

    metadata: ResponseMetadata = Field(serialization_alias="ResponseMetadata")
    result: ANY_RESULT = Field(serialization_alias="Result")


def open_operation(action: Action) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of an action's own route."""
    body = schema_of(action.request, mode="validation")
    return {
        "security": TENANT_SECURITY,
        "parameters": [*OPEN_QUERY["parameters"], *(IDEMPOTENCY_HEADERS if action.key_use is KeyUse.HONOURED else ())],
        "requestBody": json_body(body, {action.name: action.example}, is_required=False),
    }


def query_operation() -> dict[str, Any]:
    """Returns the ``openapi_extra`` of a route whose query names the action."""
    bodies = [schema_of(action.request, mode="validation") for action in ACTIONS.values()]
    distinct = list({json.dumps(body): body for body in bodies}.values())
    examples = {name: action.example for name, action in ACTIONS.items()}
    return {
        "security": TENANT_SECURITY,
        "parameters": [_ACTION, _VERSION, *IDEMPOTENCY_HEADERS],
        "requestBody": json_body({"anyOf": distinct}, examples, is_required=False),
    }
