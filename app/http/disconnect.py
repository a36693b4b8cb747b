"""Watching whether the client of a request is still there while its work is done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import Receive


@asynccontextmanager
async def watching_client(request: Request) -> AsyncIterator[asyncio.Event]:
    """Yields an event that is set in the moment in which the client disconnects.

    The body must have been read: what is left of it would be swallowed. The watch ends with the block, since a server
    also says "disconnected" once the answer has been sent.
    """
    gone = asyncio.Event()
    watch = asyncio.create_task(_watch(request.receive, gone))
    try:
        yield gone
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def _watch(receive: Receive, gone: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
