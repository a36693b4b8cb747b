"""What ``/openapi.json`` says of the caller's own route."""

from typing import Any

_NAMES = {"type": ["array", "null"], "items": {"type": "string"}}
_TEXT = {"type": "string"}
_WHOAMI = {
    "type": "object",
    "required": ["tenant", "key", "allowed_models", "allowed_channels", "limits"],
    "properties": {
        "tenant": {"type": "object", "properties": {"id": _TEXT, "name": _TEXT}},
        "key": {
            "type": "object",
            "properties": {
                "id": _TEXT,
                "name": _TEXT,
                "public_part": _TEXT,
                "expires_at": {"type": ["string", "null"], "format": "date-time"},
            },
        },
        "allowed_models": _NAMES,
        "allowed_channels": _NAMES,
        "limits": {"type": "object"},
    },
}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "object"}}}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


WHOAMI: dict[str, Any] = {
    "responses": {"200": _json("who is calling", _WHOAMI)}
    | {status: _json("an error", _ERROR) for status in ("401", "403", "503")}
}
