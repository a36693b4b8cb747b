"""What the tests of this dialect share: multipart forms by their bytes, and errors."""

import secrets
from collections.abc import Sequence
from typing import Any

import httpx

from tests.support.gateway import MODEL, Tenant

VIDEOS = "/v1/videos"
PROMPT = {"model": MODEL, "prompt": "a kitten"}
Part = tuple[str, str | bytes]
"""A name and a value; bytes are a file."""


def multipart(parts: Sequence[Part], *, boundary: str | None = None) -> tuple[bytes, dict[str, str]]:
    """Returns the body of a form and its header; each one has a boundary of its own, as SDKs make it."""
    boundary = boundary or f"--------{secrets.token_hex(12)}"
    pieces: list[bytes] = []
    for name, value in parts:
        is_file = isinstance(value, bytes)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        head += '; filename="x"\r\nContent-Type: application/octet-stream' if is_file else ""
        pieces += [f"{head}\r\n\r\n".encode(), value if isinstance(value, bytes) else value.encode(), b"\r\n"]
    body = b"".join([*pieces, f"--{boundary}--\r\n".encode()])
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


async def post_form(tenant: Tenant, parts: Sequence[Part], **headers: str) -> httpx.Response:
    """Sends a create as a multipart form."""
    body, type_ = multipart(parts)
    return await tenant.http.post(VIDEOS, content=body, headers={**type_, **headers})


async def new_video(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    """Creates a video that must be accepted."""
    answer = await tenant.http.post(VIDEOS, json={**PROMPT, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def check_refused(answer: httpx.Response, status: int, code: str, param: str | None = None) -> None:
    """Checks an error of OpenAI's form."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert (body["error"]["code"], body["error"]["param"]) == (code, param), answer.text
    types = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    assert body["error"]["type"] == types.get(status, fallback)
