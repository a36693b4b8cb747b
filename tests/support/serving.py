"""Running an ASGI server for as long as a test needs it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from app.main import OwnedServer
from tests.support.timeouts import HANG_SECONDS

_TICK_SECONDS = 0.1


class PromptServer(OwnedServer):
    """A server that stops at once; uvicorn's own loop checks ten times a second whether to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def stop(self) -> None:
        """Ends the server."""
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        """Does what uvicorn does between its start and its end."""
        tick = 0
        while not await self.on_tick(tick):
            tick += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_SECONDS):
                    await self._told.wait()


@asynccontextmanager
async def serving(config: uvicorn.Config, sockets: list[socket.socket] | None = None) -> AsyncIterator[str]:
    """Runs a server on sockets, or on a free port that it is configured to take; yields its (first) address."""
    server = PromptServer(config)
    task = asyncio.create_task(server.serve(sockets))
    async with asyncio.timeout(HANG_SECONDS):
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event to wait for
            await asyncio.sleep(0.01)
    assert server.started, "the server did not start"
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        await task
