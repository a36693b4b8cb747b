"""OpenAPI description of ``whoami``."""

from typing import Any

from app.http.openapi import TENANT_ERROR, TENANT_SECURITY, json_content

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
                "expires_at": {
                    "type": ["string", "null"],
                    "format": "date-time",
                    "description": "when the key stops: at its expiry or at the end of the grace after a rotation",
                },
            },
        },
        "allowed_models": _NAMES,
        "allowed_channels": _NAMES,
        "limits": {"type": "object"},
    },
}

WHOAMI: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "responses": {"200": json_content("who is calling", _WHOAMI)}
    | {status: json_content("an error", TENANT_ERROR) for status in ("400", "401", "403", "429", "503")},
}
