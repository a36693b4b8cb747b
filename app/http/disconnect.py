"""Notices when the client of a request disconnects while the request is being worked on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import Receive


@asynccontextmanager
async def client_disconnected(request: Request) -> AsyncIterator[asyncio.Event]:
    """Yields an event that is set when the client disconnects.

    Read the body first, since this would discard it. The event is only meaningful inside the block: ASGI servers report
    a disconnect after the response, too.
    """
    disconnected = asyncio.Event()
    watch = asyncio.create_task(_watch(request.receive, disconnected))
    try:
        yield disconnected
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def _watch(receive: Receive, disconnected: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    disconnected.set()
