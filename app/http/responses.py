"""JSON answers."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from app.http.json_body import to_json_bytes


def json_response(payload: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Returns ``payload`` as JSON. Integers stay integers, which the Go and Java SDKs insist on."""
    return Response(
        to_json_bytes(payload), status_code=status, headers=dict(headers or {}), media_type="application/json"
    )
