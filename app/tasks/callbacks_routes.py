"""The route of the upstream's callbacks. The answer does not show whether a token exists.

It is 503 for a callback that is not written yet, because the upstream then sends it again: what is only in memory is
lost when the process dies.
"""

import asyncio

from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.core.turns import leave_turn
from app.errors import ServiceUnavailableError
from app.http.body import BodyAdmission
from app.http.body_budget import CallbackSender, Holding
from app.http.client_address import network_of
from app.http.responses import json_response
from app.tasks.callbacks import CallbackInbox
from app.tasks.correlation import CALLBACK_PATH

_LIMIT_BYTES = 64 * 1024
# A sender that reads only after writing its whole body gets the answer if the body is no longer than this.
_READ_LIMIT_BYTES = 1024 * 1024
_READ_TIMEOUT_SECONDS = 10.0

router = APIRouter()


# Not in the API's description: only the upstream calls it, at URLs that it was given.
@router.post(CALLBACK_PATH + "{token}", include_in_schema=False)
async def receive(request: Request) -> Response:
    """Takes in a callback of the upstream: ``200 {}``, or 503 when it could not be written within three seconds.

    Its body counts against a pool for callbacks. When that is full, the callback still makes a poll of its task due.
    """
    leave_turn()
    bodies: BodyAdmission = request.state.bodies
    network = network_of(request.state.client_address)
    holding = bodies.open(CallbackSender(network))
    inbox: CallbackInbox = request.state.callbacks
    try:
        body, is_read = await _read(request, holding)
        is_kept = await inbox.receive(request.path_params["token"], body, network)
    finally:
        holding.release()
    if not is_kept:
        raise ServiceUnavailableError("The callback is not stored yet. Please send it again.")
    return json_response({}, headers={} if is_read else {"Connection": "close"})


async def _read(request: Request, holding: Holding) -> tuple[bytes | None, bool]:
    """Returns the body, or None when it is too long or does not arrive, and whether it was read to its end."""
    body = bytearray()  # in a list, a segment of one byte would take a hundred
    size_bytes = 0
    is_kept = True
    try:
        async with asyncio.timeout(_READ_TIMEOUT_SECONDS):
            async for chunk in request.stream():
                size_bytes += len(chunk)
                if size_bytes > _READ_LIMIT_BYTES:
                    return None, False
                is_kept = is_kept and size_bytes <= _LIMIT_BYTES and holding.grow(len(chunk))
                if is_kept:
                    body += chunk
                else:
                    body.clear()
                    holding.release()
    except (TimeoutError, ClientDisconnect):
        return None, False
    return bytes(body) if is_kept else None, True
