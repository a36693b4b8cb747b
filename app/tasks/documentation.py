"""What ``/openapi.json`` says of the task routes beside their answers: credentials, parameters, a create's body.

The schema of the body is made from the table of parameters. It accepts all that the gateway accepts: null is allowed
wherever a member may be left out, and limits of a model or of the upstream are only in the descriptions.
"""

from typing import Any

from app.create_parameters import CONTENT_TYPES, PARAMETERS, ContentType, Kind, Parameter
from app.creates.sdk_retry_headers import IDEMPOTENCY_HEADERS
from app.http.openapi import TENANT_SECURITY, json_body
from app.tasks.request_params import CREATE_QUERY, LIST_QUERY
from app.tasks.schemas import TASK_ID_EXAMPLE
from app.tasks.validation.media_urls import MEDIA_PAYLOADS
from app.urls import MAX_WEB_URL_LENGTH
from app.webhooks.callback_url_policy import MAX_URL_LENGTH

# A text may be empty beside other items, but not all items may be empty texts.
_SAYS_SOMETHING = {"not": {"required": ["text"], "properties": {"type": {"const": "text"}, "text": {"const": ""}}}}
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


def _create_body() -> dict[str, Any]:
    """Returns the schema: every parameter of the table; other members are passed on to the upstream."""
    properties = {name: _schema_of(parameter) for name, parameter in PARAMETERS.items()}
    properties["model"]["example"] = "doubao-seedance-2"
    properties["content"] |= {
        "minItems": 1,
        "items": {"oneOf": [_item_of(each) for each in CONTENT_TYPES.values()]},
        "contains": _SAYS_SOMETHING,
    }
    properties["tools"]["items"] = _tool()
    properties["callback_url"] |= {"format": "uri", "maxLength": MAX_URL_LENGTH}
    return {
        "type": "object",
        "description": (
            "null means that a member is not given. Members that are not listed are passed on to the upstream; "
            "`dry_run` is refused, it belongs in the query."
        ),
        "required": [name for name, parameter in PARAMETERS.items() if parameter.is_required],
        "properties": properties,
        "additionalProperties": True,
    }


def _schema_of(parameter: Parameter) -> dict[str, Any]:
    """Returns a parameter's schema without its parts."""
    schema: dict[str, Any] = {"description": _description_of(parameter)}
    if parameter.kind is not Kind.ANY:
        schema["type"] = parameter.kind.value if parameter.is_required else [parameter.kind.value, "null"]
    if parameter.kind is Kind.INTEGER:
        schema["format"] = "int64"
    if parameter.kind is Kind.TEXT:
        schema["minLength"] = 1
        if parameter.words:
            schema["examples"] = list(parameter.words)
    found = {
        "minimum": parameter.checked_lowest,
        "maximum": parameter.checked_highest,
        "maxLength": parameter.checked_longest,
        "default": parameter.default,
    }
    return schema | {name: value for name, value in found.items() if value is not None}


def _description_of(parameter: Parameter) -> str:
    """Returns the description of a parameter, a sentence for each of its texts."""
    labelled = (
        ("", parameter.description),
        ("values: ", parameter.values),
        ("models: ", parameter.models_note),
        ("default: ", parameter.default_in_words),
        ("gateway: ", parameter.gateway_note),
    )
    return ". ".join(label + text for label, text in labelled if text)


def _item_of(type_: ContentType) -> dict[str, Any]:
    properties: dict[str, Any] = {"type": {"type": "string", "const": type_.name}}
    if type_.member is None:
        properties[type_.name] = {"type": "string"}
    else:
        member: dict[str, Any] = {"type": "string", "minLength": 1}
        if type_.name in MEDIA_PAYLOADS:
            member["description"] = f"a web URL has at most {MAX_WEB_URL_LENGTH} characters"
        else:
            member["example"] = TASK_ID_EXAMPLE
        payload = {"type": "object", "required": [type_.member], "properties": {type_.member: member}}
        properties[type_.name] = payload
    if type_.roles:
        properties["role"] = {"type": ["string", "null"], "enum": [*type_.roles, None]}
        if type_.role_note:
            properties["role"]["description"] = type_.role_note
    return {
        "title": type_.name,
        "type": "object",
        "description": type_.description,
        "required": ["type", type_.name],
        "properties": properties,
    }


def _tool() -> dict[str, Any]:
    words = list(PARAMETERS["tools"].words)
    return {"type": "object", "required": ["type"], "properties": {"type": {"type": "string", "enum": words}}}


CREATE: dict[str, Any] = {
    "security": TENANT_SECURITY,
    "parameters": [*CREATE_QUERY, *IDEMPOTENCY_HEADERS],
    "requestBody": json_body(_create_body(), _CREATE_EXAMPLES),
}
LIST: dict[str, Any] = {"security": TENANT_SECURITY, "parameters": LIST_QUERY}
ONE: dict[str, Any] = {"security": TENANT_SECURITY, "parameters": [_TASK_ID]}
