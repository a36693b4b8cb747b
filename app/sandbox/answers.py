"""Bodies of refusals, in the shape of the plane that was called."""

from typing import Any

import orjson

from app.sandbox.errors import RefusedError, ark_error_body, openapi_error
from app.sandbox.operations import Call

SERVICE = "ark"
VERSION = "2024-01-01"


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
