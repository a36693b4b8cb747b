"""Notices when the client of a request disconnects while the request is being worked on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import Receive

from app.core.watched_event import WatchedEvent


@asynccontextmanager
async def client_disconnected(request: Request) -> AsyncIterator[WatchedEvent]:
    """Yields an event that is set when the client disconnects.

    Read the body first, since this would discard it. The event is only meaningful inside the block: ASGI servers report
    a disconnect after the response, too.
    """
    disconnected = WatchedEvent()
    watch = asyncio.create_task(_watch(request.receive, disconnected))
    try:
        yield disconnected
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def _watch(receive: Receive, disconnected: WatchedEvent) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    disconnected.set()
