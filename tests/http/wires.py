"""Clients that send exact bytes, in the order of blocking programs."""

import asyncio
import http.client
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from tests.support.timeouts import HANG_SECONDS

MEBIBYTE = 1024 * 1024


async def write_then_read(
    base_url: str, path: str, body: bytes | Iterable[bytes], headers: dict[str, str]
) -> httpx.Response:
    """Posts as a blocking client does: all of the body, chunked unless it is bytes, before it reads anything."""
    return await asyncio.to_thread(_write_then_read, base_url, path, body, headers)


def _write_then_read(
    base_url: str, path: str, body: bytes | Iterable[bytes], headers: dict[str, str]
) -> httpx.Response:
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=HANG_SECONDS)
    try:
        connection.request("POST", path, body=body, headers=headers, encode_chunked=not isinstance(body, bytes))
        answer = connection.getresponse()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    finally:
        connection.close()


def mebibytes(count: int) -> Iterator[bytes]:
    """Yields a body in parts of a mebibyte."""
    for _ in range(count):
        yield b" " * MEBIBYTE


class Wire:
    """A bare connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send_head(self, path: str, *headers: str, method: str = "POST", host: str = "gateway") -> None:
        """Sends the head of a request."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]
        await self.send("\r\n".join(lines).encode("latin-1"))

    async def send(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def read_head(self) -> tuple[int, httpx.Headers]:
        """Reads the head of an answer, which may be an interim one; returns its status and headers."""
        async with asyncio.timeout(HANG_SECONDS):
            lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines[1:] if line]
        return int(lines[0].split()[1]), httpx.Headers([(name, value) for name, value in pairs])

    async def read_answer(self) -> httpx.Response:
        """Reads a whole answer."""
        status, headers = await self.read_head()
        async with asyncio.timeout(HANG_SECONDS):
            content = await self._reader.readexactly(int(headers["content-length"]))
        return httpx.Response(status, headers=headers, content=content)

    async def finish(self) -> bytes:
        """Ends the sending half, and returns what comes until the other side ends too."""
        self._writer.write_eof()
        async with asyncio.timeout(HANG_SECONDS):
            return await self._reader.read()

    async def is_closed_by_peer(self) -> bool:
        """Waits for the next byte; returns whether the connection ended instead."""
        async with asyncio.timeout(HANG_SECONDS):
            try:
                return await self._reader.read(1) == b""
            except ConnectionResetError:
                return True


@asynccontextmanager
async def connected(base_url: str) -> AsyncIterator[Wire]:
    """Opens a bare connection, and closes it when the block ends."""
    address = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
