"""What ``/openapi.json`` says of the task routes beside their answers: credentials, bodies, parameters."""

from typing import Any

from app.http.openapi import IDEMPOTENCY_HEADERS, TENANT_SECURITY, json_body
from app.tasks.request_params import CREATE_QUERY, LIST_QUERY
from app.tasks.schemas import TASK_ID_EXAMPLE, create_body

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
_TASK_ID = {
    "name": "task_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "example": TASK_ID_EXAMPLE},
}

CREATE: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "parameters": [*CREATE_QUERY, *IDEMPOTENCY_HEADERS],
    "requestBody": json_body(create_body(), _CREATE_EXAMPLES),
}
LIST: dict[str, Any] = {"security": TENANT_SECURITY, "parameters": LIST_QUERY}
ONE: dict[str, Any] = {"security": TENANT_SECURITY, "parameters": [_TASK_ID]}
