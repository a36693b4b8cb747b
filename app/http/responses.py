"""Responses: JSON, and large constant ones."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from app.core.strict_json import to_json_bytes

STALE_HEADER = "X-Seedgate-Stale"
_PIECE_BYTES = 64 * 1024


def json_response(payload: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Returns a model or a JSON value as JSON. Integers stay integers, as the Go and Java SDKs require."""
    is_model = isinstance(payload, BaseModel)
    data = payload.model_dump_json(by_alias=True).encode() if is_model else to_json_bytes(payload)
    return rendered_response(data, status=status, headers=headers)


def rendered_response(data: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Returns JSON that is rendered already."""
    return Response(data, status_code=status, headers=dict(headers or {}), media_type="application/json")


def stale_header(age_seconds: int | None) -> dict[str, str]:
    """Returns the header of an answer from before; no header for None."""
    return {} if age_seconds is None else {STALE_HEADER: str(age_seconds)}


def constant_response(
    data: bytes, media_type: str, headers: Mapping[str, str] | None = None, *, status: int = 200
) -> Response:
    """Returns a response whose body all requests share, such as a file.

    It is sent in pieces and without a copy, so that a client that does not read it costs only a piece or two of memory.
    """
    own = {"Content-Type": media_type, "Content-Length": str(len(data))}
    return StreamingResponse(_in_pieces(data), status, headers={**(headers or {}), **own})


async def _in_pieces(data: bytes) -> AsyncIterator[memoryview]:
    view = memoryview(data)
    for start in range(0, len(data), _PIECE_BYTES):
        yield view[start : start + _PIECE_BYTES]
