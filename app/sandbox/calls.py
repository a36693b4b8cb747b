"""One call of the emulated upstream: which operation a request means, and the error body of its plane."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Scope

from app.sandbox.errors import RefusedError, ark_error_body, openapi_error
from app.sandbox.faults import CONTROL_OPERATIONS
from app.sandbox.ledger import RequestEntry
from app.sandbox.signed_urls import MEDIA_PREFIX

TASKS_PATH = "/api/v3/contents/generations/tasks"
MODELS_PATH = "/api/v3/models"
VERSION = "2024-01-01"
"""``Version`` of the control plane's actions."""

_SERVICE = "ark"
_OPERATIONS = {TASKS_PATH: {"POST": "create_task", "GET": "list_tasks"}, MODELS_PATH: {"GET": "list_models"}}
_UNKNOWN_ACTION = "unknown_action"
_UNKNOWN_ROUTE = "unknown_route"


@dataclass(slots=True, kw_only=True)
class Call:
    """A request in progress, shared by the middleware and the planes.

    Attributes:
        operation: see ``operation_of``.
        request_id: the id that the response carries.
        headers: names in lower case.
        query: decoded pairs.
        raw_path: percent-encoded.
        entry: its entry in the ledger.
        body: the complete body, empty until it was read.
    """

    operation: str
    request_id: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    raw_path: str
    entry: RequestEntry
    body: bytes = field(default=b"", repr=False)


def read_query(scope: Scope) -> list[tuple[str, str]]:
    """Returns the decoded pairs of a query, empty values included."""
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def operation_of(scope: Scope) -> str | None:
    """Returns the operation's name, or None for the H5 page and the control API, which have no faults or ledger.

    ``POST …/tasks/{id}/cancel`` is a create, because the upstream has no such route.
    """
    path, method = scope["path"], scope["method"]
    if path in _OPERATIONS:
        return _OPERATIONS[path].get(method, _UNKNOWN_ROUTE)
    if path.startswith(f"{TASKS_PATH}/"):
        return {"POST": "create_task", "GET": "get_task", "DELETE": "delete_task"}.get(method, _UNKNOWN_ROUTE)
    if path == "/":
        action = dict(read_query(scope)).get("Action", "")
        return action if action in CONTROL_OPERATIONS else _UNKNOWN_ACTION
    if path.startswith(MEDIA_PREFIX):
        return "get_media"
    if path.startswith(("/_sandbox", "/h5")):
        return None
    return _UNKNOWN_ROUTE


def response_metadata(call: Call, region: str) -> dict[str, Any]:
    """Returns ``ResponseMetadata`` of a call on the control plane."""
    query = dict(call.query)
    return {
        "RequestId": call.request_id,
        "Action": query.get("Action", ""),
        "Version": query.get("Version", VERSION),
        "Service": _SERVICE,
        "Region": region,
    }


def error_body(call: Call, error: RefusedError, region: str) -> bytes:
    """Returns the JSON of an error, in the shape of the plane that was called."""
    if call.raw_path == "/":
        return orjson.dumps({"ResponseMetadata": {**response_metadata(call, region), "Error": openapi_error(error)}})
    return orjson.dumps(ark_error_body(error, call.request_id))
