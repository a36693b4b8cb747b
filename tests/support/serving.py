"""Running an ASGI server for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from tests.support.patience import HANG_SECONDS


@asynccontextmanager
async def serving(server: uvicorn.Server) -> AsyncIterator[str]:
    """Runs a server that was told to take a free port; yields its address."""
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(HANG_SECONDS):
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.01)
    assert server.started, "the server did not start"
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
