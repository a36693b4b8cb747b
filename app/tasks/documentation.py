"""What ``/openapi.json`` says of the task routes."""

from typing import Any

from app.http.openapi import IDEMPOTENCY_HEADERS, TENANT_ERROR, TENANT_SECURITY, json_body, json_content
from app.tasks.schemas import create_body
from app.webhooks.report import CallbackState

_TASK_ID = {"type": "string", "example": "cgt-20260518175249-8x55h"}
_TASK = {
    "type": "object",
    "required": ["id", "model", "status", "error", "created_at", "updated_at"],
    "properties": {
        "id": _TASK_ID,
        "model": {"type": "string"},
        "status": {"type": "string", "enum": ["queued", "running", "succeeded", "failed", "expired", "cancelled"]},
        "error": {"type": ["object", "null"]},
        "created_at": {"type": "integer"},
        "updated_at": {"type": "integer"},
        "content": {
            "type": "object",
            "properties": {
                "video_url": {"type": "string", "description": "serves at most 100 downloads"},
                "last_frame_url": {"type": "string"},
                "expires_at": {
                    "type": "integer",
                    "description": "until when the URLs beside it work, Unix seconds; of the one that ends first",
                },
            },
        },
        "usage": {"type": "object"},
    },
}
_CALLBACK = {
    "type": "object",
    "description": "where a callback_url was given: what became of the newest message there",
    "required": ["state", "last_error"],
    "properties": {
        "state": {"type": "string", "enum": [state.value for state in CallbackState]},
        "last_error": {"type": ["string", "null"], "description": "why the last try failed; null if none has"},
    },
}
_TASK_OF_GET = {**_TASK, "properties": {**_TASK["properties"], "callback": _CALLBACK}}  # type: ignore[dict-item]
_TASK_OF_LIST = {
    **_TASK,
    "properties": {
        **_TASK["properties"],  # type: ignore[dict-item]
        "failure_reason": {"type": ["object", "null"], "description": "of a failed task: the same as `error`"},
    },
}


def _responses(success: dict[str, Any], *errors: int) -> dict[str, Any]:
    told = {
        str(status): json_content("an error", TENANT_ERROR) for status in (400, 401, 403, 404, 429, 502, 503, *errors)
    }
    return {"200": success, **told}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


# Without a `callback_url`: it would be a stranger's server.
_CREATE_EXAMPLES: dict[str, dict[str, Any]] = {
    "text to video": {
        "model": "doubao-seedance-2",
        "content": [{"type": "text", "text": "A kitten stretches in the morning light."}],
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
    },
    "image to video": {
        "model": "doubao-seedance-2",
        "content": [
            {"type": "text", "text": "The kitten wakes and yawns."},
            {
                "type": "image_url",
                "image_url": {"url": "https://example.com/first-frame.png"},
                "role": "first_frame",
            },
        ],
        "duration": 5,
    },
}
_PAGE = {"type": "integer", "minimum": 1, "maximum": 500}
_TASK_ID_PARAMETER = {"name": "task_id", "in": "path", "required": True, "schema": _TASK_ID}

CREATE: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "requestBody": json_body(create_body(), _CREATE_EXAMPLES),
    "parameters": [
        _query("dry_run", {"type": "boolean"}, "validate only: nothing is sent, stored or paid"),
        *IDEMPOTENCY_HEADERS,
    ],
    "responses": _responses(
        json_content("the task was created", {"type": "object", "properties": {"id": _TASK_ID}}), 409, 413, 415
    ),
}
LIST: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "parameters": [
        _query("page_num", _PAGE | {"default": 1}, "page, from 1"),
        _query("page_size", _PAGE | {"default": 10}, "tasks on a page"),
        _query("filter.status", _TASK["properties"]["status"], "only tasks in this state"),  # type: ignore[index]
        _query("filter.model", {"type": "string"}, "a name or alias of a model, or what it is called upstream"),
        _query("filter.service_tier", {"type": "string"}, "only this tier; all tiers unless named"),
        _query(
            "filter.task_ids",
            {"type": "array", "items": {"type": "string"}},
            "any of these; repeated, or joined by commas",
        ),
    ],
    "responses": _responses(
        json_content(
            "one page, newest first",
            {
                "type": "object",
                "properties": {"items": {"type": "array", "items": _TASK_OF_LIST}, "total": {"type": "integer"}},
            },
        )
    ),
}
_STALE = {
    "description": "age in seconds of an answer that is old, or that the upstream was asked about in vain",
    "required": False,
    "schema": {"type": "integer", "minimum": 0},
}
GET: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "parameters": [_TASK_ID_PARAMETER],
    "responses": _responses(json_content("the task", _TASK_OF_GET) | {"headers": {"X-Seedgate-Stale": _STALE}}),
}
DELETE: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "parameters": [_TASK_ID_PARAMETER],
    "responses": _responses(json_content("cancelled or removed", {"type": "object"}), 409),
}
