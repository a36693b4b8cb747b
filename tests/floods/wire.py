"""The flooding end of a connection, with as little work for each request as possible."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

SOURCE = "127.0.0.2"
"""The address of the floods; the other tenant uses 127.0.0.1."""

_PIECE_BYTES = 256 * 1024


def head_of(method: str, path: str, headers: dict[str, str]) -> bytes:
    """Returns the head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: gateway", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        for start in range(0, len(data), _PIECE_BYTES):
            self.writer.write(data[start : start + _PIECE_BYTES])
            await self.writer.drain()

    async def status(self) -> int:
        """Reads an answer to its end and returns its status."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
        await self.reader.readexactly(int(length or 0))
        if b"connection: close" in head:
            raise EOFError(int(head[9:12]))
        return int(head[9:12])


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Line]:
    """Opens a connection from the address of the floods."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, local_addr=(SOURCE, 0), limit=2**20)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


async def asking(url: str, counts: Counter[str], requests: AsyncIterator[bytes]) -> None:
    """Sends requests one after another, over a new connection whenever one has ended."""
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            async with connected(url) as line:
                try:
                    async for request in requests:
                        await line.send(request)
                        counts[str(await line.status())] += 1
                except EOFError as closed:
                    counts[str(closed.args[0] if closed.args else "cut")] += 1
        await asyncio.sleep(0.01)
