"""What ``/openapi.json`` says of the Assets routes, made from the action table's wire classes."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from app.assets.actions import ACTIONS, VERSION, Action

_TEXT = {"type": "string"}
_METADATA_NAMES = ["RequestId", "Action", "Version", "Service", "Region"]
_METADATA = {"type": "object", "required": _METADATA_NAMES, "properties": dict.fromkeys(_METADATA_NAMES, _TEXT)}
_ERROR = {
    "type": "object",
    "required": ["error", "ResponseMetadata"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "param", "type"],
            "properties": {"code": _TEXT, "message": _TEXT, "param": {"type": ["string", "null"]}, "type": _TEXT},
        },
        "ResponseMetadata": {
            **_METADATA,
            "properties": {
                **dict.fromkeys(_METADATA_NAMES, _TEXT),
                "Error": {
                    "type": "object",
                    "required": ["Code", "Message"],
                    "properties": {"Code": _TEXT, "Message": _TEXT},
                },
            },
        },
    },
}
_ERRORS = (400, 401, 403, 404, 413, 415, 429, 502, 503)
_STALE = {
    "X-Seedgate-Stale": {
        "description": "age in seconds, when the upstream could not be asked and the last known state is shown",
        "schema": {"type": "integer"},
    }
}


def open_operation(action: Action) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of an action's own route."""
    return {
        "parameters": [_version()],
        "requestBody": _body(_schema(action.request, mode="validation")),
        "responses": _responses(_schema(action.answer, mode="serialization"), action.errors),
    }


def query_operation(*, is_wrapped: bool) -> dict[str, Any]:
    """Returns the ``openapi_extra`` of a route whose query names the action.

    Args:
        is_wrapped: the answer is ``{ResponseMetadata, Result}`` instead of the bare result.
    """
    bodies = [_schema(action.request, mode="validation") for action in ACTIONS.values()]
    result: dict[str, Any] = {
        "anyOf": _distinct(_schema(action.answer, mode="serialization") for action in ACTIONS.values())
    }
    if is_wrapped:
        result = {
            "type": "object",
            "required": ["ResponseMetadata", "Result"],
            "properties": {"ResponseMetadata": _METADATA, "Result": result},
        }
    action = {"name": "Action", "in": "query", "required": True, "schema": {"type": "string", "enum": list(ACTIONS)}}
    return {
        "parameters": [action, _version()],
        "requestBody": _body({"anyOf": _distinct(bodies)}),
        "responses": _responses(result, (409,)),
    }


def _version() -> dict[str, Any]:
    schema = {"type": "string", "enum": [VERSION], "default": VERSION}
    return {"name": "Version", "in": "query", "required": False, "schema": schema}


def _body(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"required": False, "content": {"application/json": {"schema": schema}}}


def _responses(result: Mapping[str, Any], errors: Iterable[int]) -> dict[str, Any]:
    success = {"description": "done", "headers": _STALE, "content": {"application/json": {"schema": result}}}
    told = {str(status): _answer("an error", _ERROR) for status in sorted({*_ERRORS, *errors})}
    return {"200": success, **told}


def _answer(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _schema(model: type[BaseModel], *, mode: Any) -> dict[str, Any]:
    """Returns a schema that stands by itself: routes have no place for definitions to refer to."""
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


def _distinct(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for schema in found:
        if schema not in kept:
            kept.append(schema)
    return kept
