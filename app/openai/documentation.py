"""What ``/openapi.json`` says of ``/v1/videos`` beside the answers: credentials, parameters, the body of a create."""

from typing import Any

from app.create_parameters import PARAMETERS, Kind
from app.creates.sdk_retry_headers import IDEMPOTENCY_HEADERS
from app.http.openapi import TENANT_SECURITY
from app.openai.create_request import ALIASES, DEFAULT_SECONDS, NATIVE_FIELDS
from app.openai.references import MEDIA_FIELDS, MODES
from app.openai.request_params import CONTENT_QUERY, LIST_QUERY
from app.tasks.request_params import CREATE_QUERY
from app.tasks.schemas import TASK_ID_EXAMPLE

_VIDEO_ID = {
    "name": "video_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "example": TASK_ID_EXAMPLE},
}
_EXAMPLES = {
    "text to video": {
        "value": {
            "model": "doubao-seedance-2",
            "prompt": "A kitten stretches in the morning light.",
            "seconds": "5",
            "size": "1280x720",
        }
    },
    "image to video": {
        "value": {
            "model": "doubao-seedance-2",
            "prompt": "The kitten wakes and yawns.",
            "input_reference": "https://example.com/first-frame.png",
        }
    },
}
_OBJECT = {"description": "an object of further parameters, as if they stood beside it; may be a text of JSON"}
_MEDIA = {
    "description": (
        "a URL, a data URI, `asset://<id>`, `{image_url}`, `{file_id}` with the id of an asset, or a list of them; "
        "in a multipart form also a file, which must be a picture"
    )
}


def _properties() -> dict[str, Any]:
    natives = {name: _native(name) for name in NATIVE_FIELDS}
    aliases = {name: {"description": f"another name of `{native}`"} for name, native in ALIASES.items()}
    return {
        "model": {"type": "string", "description": PARAMETERS["model"].description, "example": "doubao-seedance-2"},
        "prompt": {"type": ["string", "null"], "description": "required unless pictures, videos or sounds are given"},
        **aliases,
        "seconds": {
            "description": f"length of the video; {DEFAULT_SECONDS} by default, or the nearest of the model's",
            "example": "5",
        },
        "size": {"type": ["string", "null"], "description": "pixels, `720p`, `16:9` or `16:9_720p`"},
        **dict.fromkeys(MEDIA_FIELDS, _MEDIA),
        "mode": {"enum": [*MODES, None], "description": "whether pictures are frames or references"},
        **natives,
        "n": {"description": "1"},
        "stream": {"description": "false"},
        "response_format": {"type": "null", "description": "not supported"},
        "metadata": _OBJECT,
        "extra_body": _OBJECT,
    }


def _native(name: str) -> dict[str, Any]:
    parameter = PARAMETERS[name]
    texts = (parameter.description, f"values: {parameter.values}" if parameter.values else "")
    # In a form everything is a text.
    types = [parameter.kind.value, "string", "null"] if parameter.kind is not Kind.TEXT else ["string", "null"]
    return {"type": types, "description": ". ".join(text for text in texts if text)}


_SCHEMA = {
    "type": "object",
    "description": "A field that is not listed is refused. In a form a list is written `x`, `x[]` or `x[0]`, repeated.",
    "required": ["model"],
    "properties": _properties(),
    "additionalProperties": False,
}
CREATE: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "parameters": [*CREATE_QUERY, *IDEMPOTENCY_HEADERS],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _SCHEMA, "examples": _EXAMPLES},
            "multipart/form-data": {"schema": _SCHEMA},
            "application/x-www-form-urlencoded": {"schema": _SCHEMA},
        },
    },
}
LIST: dict[str, Any] = {"security": TENANT_SECURITY, "parameters": LIST_QUERY}
ONE: dict[str, Any] = {"security": TENANT_SECURITY, "parameters": [_VIDEO_ID]}
CONTENT: dict[str, Any] = {"security": TENANT_SECURITY, "parameters": [_VIDEO_ID, *CONTENT_QUERY]}
REFUSED: dict[str, Any] = {"security": TENANT_SECURITY}
