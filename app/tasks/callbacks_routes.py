"""Where the upstream calls back. Whatever comes is answered alike, so that nobody learns which tokens exist."""

import asyncio

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.http.responses import json_response
from app.tasks.callbacks import CallbackInbox
from app.tasks.correlation import CALLBACK_PATH

_LIMIT_BYTES = 64 * 1024
# A sender that writes first and reads later should see the answer, but not for any length.
_READ_LIMIT_BYTES = 1024 * 1024
_READ_SECONDS = 10.0

router = APIRouter()


# Not in the API's description: nobody but the upstream calls it, at addresses that it was given.
@router.post(CALLBACK_PATH + "{token}", include_in_schema=False)
async def receive(request: Request) -> Response:
    """Takes in a callback of the upstream; always ``200 {}``."""
    body, is_read = await _read(request)
    inbox: CallbackInbox = request.state.callbacks
    await inbox.receive(request.path_params["token"], body)
    return json_response({}, headers={} if is_read else {"Connection": "close"})


async def _read(request: Request) -> tuple[bytes | None, bool]:
    """Returns the body, or None when it is too long or does not arrive, and whether it was read to its end."""
    chunks: list[bytes] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.stream():
                size_bytes += len(chunk)
                if size_bytes > _READ_LIMIT_BYTES:
                    return None, False
                if size_bytes <= _LIMIT_BYTES:
                    chunks.append(chunk)
    except (TimeoutError, ClientDisconnect):
        return None, False
    return b"".join(chunks) if size_bytes <= _LIMIT_BYTES else None, True
