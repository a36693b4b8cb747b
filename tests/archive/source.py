"""A server of one clip, in place of the upstream's storage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_STEP = 65_536


class Source:
    """Serves a clip; pauses near its end until ``going_on`` is set, or closes the connection there.

    Attributes:
        url: of the server.
        going_on: set: it pauses no more.
        is_cut: it closes the connection instead.
        is_chunked: it does not tell the length.
    """

    def __init__(self, clip: bytes, pause_at: int) -> None:
        self.url = ""
        self.going_on = asyncio.Event()
        self.is_cut = False
        self.is_chunked = False
        self._clip = clip
        self._pause_at = pause_at

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers a request."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            framing = b"Transfer-Encoding: chunked" if self.is_chunked else b"Content-Length: %d" % len(self._clip)
            writer.write(b"HTTP/1.1 200 OK\r\n%b\r\nConnection: close\r\n\r\n" % framing)
            await self._write(writer, self._clip[: self._pause_at])
            if not self.is_cut:
                await self.going_on.wait()
                await self._write(writer, self._clip[self._pause_at :])
                writer.write(b"0\r\n\r\n" if self.is_chunked else b"")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        for start in range(0, len(data), _STEP):
            piece = data[start : start + _STEP]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self.is_chunked else piece)
            await writer.drain()


@asynccontextmanager
async def serving(clip: bytes, *, pause_at: int = 0) -> AsyncIterator[Source]:
    """Runs a server of a clip."""
    source = Source(clip, pause_at)
    server = await asyncio.start_server(source.serve, "127.0.0.1", 0)
    source.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield source
    finally:
        source.going_on.set()
        server.close()
        await server.wait_closed()
