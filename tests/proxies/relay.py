"""A relay between a proxy and the gateway that records what the proxy sends, byte for byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_READ_BYTES = 64 * 1024


class Relay:
    """Passes bytes on in both directions.

    Attributes:
        url: its address.
        connections: the bytes of the proxy, by connection.
    """

    def __init__(self, gateway: str) -> None:
        self.url = ""
        self.connections: list[bytearray] = []
        self._address = urlsplit(gateway)
        self._news = asyncio.Event()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection of the proxy."""
        kept = bytearray()
        self.connections.append(kept)
        back, on = await asyncio.open_connection(self._address.hostname, self._address.port)
        try:
            await asyncio.gather(self._pass(reader, on, kept), self._pass(back, writer, None))
        finally:
            on.close()
            writer.close()

    async def wait_for(self, text: bytes, seconds: float) -> None:
        """Waits until the proxy has sent ``text``, at most ``seconds``: nginx does not pass on unfinished requests."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not any(text in kept for kept in self.connections):
                    self._news.clear()
                    await self._news.wait()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                if kept is not None:
                    kept += data
                    self._news.set()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()


@asynccontextmanager
async def relaying(gateway: str) -> AsyncIterator[Relay]:
    """Runs a relay in front of a gateway."""
    relay = Relay(gateway)
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(relay.take(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
