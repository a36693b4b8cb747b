"""Which operation of the upstream a request means."""

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
_OPERATIONS = {TASKS_PATH: {"POST": "create_task", "GET": "list_tasks"}, MODELS_PATH: {"GET": "list_models"}}
SERVICE = "ark"
VERSION = "2024-01-01"
UNKNOWN_ACTION = "unknown_action"
UNKNOWN_ROUTE = "unknown_route"


@dataclass(slots=True, kw_only=True)
class Call:
    """One request under way, shared by the gate and the planes.

    Attributes:
        operation: see ``operation_of``.
        request_id: ours.
        headers: names in lower case.
        query: decoded pairs.
        raw_path: as on the wire.
        entry: its line in the ledger.
        body: complete bytes.
    """

    operation: str
    request_id: str
    headers: dict[str, str]
    query: list[tuple[str, str]]
    raw_path: str
    entry: RequestEntry
    body: bytes = field(default=b"", repr=False)


def read_query(scope: Scope) -> list[tuple[str, str]]:
    """Returns the decoded pairs of a query, empty values kept."""
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def operation_of(scope: Scope) -> str | None:
    """Returns the operation's name, or None for the sandbox's own pages and controls.

    ``POST …/tasks/{id}/cancel`` is no route of the upstream: it falls through to create.
    """
    path, method = scope["path"], scope["method"]
    if path in _OPERATIONS:
        return _OPERATIONS[path].get(method, UNKNOWN_ROUTE)
    if path.startswith(f"{TASKS_PATH}/"):
        return {"POST": "create_task", "GET": "get_task", "DELETE": "delete_task"}.get(method, UNKNOWN_ROUTE)
    if path == "/":
        action = dict(read_query(scope)).get("Action", "")
        return action if action in CONTROL_OPERATIONS else UNKNOWN_ACTION
    if path.startswith(MEDIA_PREFIX):
        return "get_media"
    if path.startswith(("/_sandbox", "/h5")):
        return None
    return UNKNOWN_ROUTE


def envelope(call: Call, region: str) -> dict[str, Any]:
    """Returns the control plane's ``ResponseMetadata`` of a call."""
    query = dict(call.query)
    return {
        "RequestId": call.request_id,
        "Action": query.get("Action", ""),
        "Version": query.get("Version", VERSION),
        "Service": SERVICE,
        "Region": region,
    }


def error_body(call: Call, error: RefusedError, region: str) -> bytes:
    """Returns a refusal as JSON: wrapped on the control plane, flat on all other paths."""
    if call.raw_path == "/":
        return orjson.dumps({"ResponseMetadata": {**envelope(call, region), "Error": openapi_error(error)}})
    return orjson.dumps(ark_error_body(error, call.request_id))
