"""A file is read from the store in one request, and read on where that breaks off."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from app.archive.errors import StoreError
from app.archive.store import ArchiveStore
from app.archive.store_settings import StoreSettings

pytestmark = pytest.mark.archive

MIB = 1024 * 1024
FILE = os.urandom(4 * MIB)
NO_RETRIES = {"max_retries": 0, "retry_timeout": timedelta(seconds=0)}


@asynccontextmanager
async def stopping_after(sent_bytes: int, asked: list[int]) -> AsyncIterator[ArchiveStore]:
    """Runs a store whose every answer ends after so many bytes; ``asked`` gets where each range begins."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)\r\nrange: bytes=(\d+)-(\d+)\r\n", head)
        assert found is not None
        first, last = int(found[1]), int(found[2])
        asked.append(first)
        writer.write(
            b"HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\nContent-Range: bytes %d-%d/%d\r\nETag: x\r\n"
            b"Last-Modified: Mon, 30 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n"
            % (last + 1 - first, first, last, len(FILE))
        )
        writer.write(FILE[first : last + 1][:sent_bytes])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = StoreSettings("clips", "kept", f"http://127.0.0.1:{port}", None, "cn-north-1", "key", "secret")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("app.archive.store._RETRY", NO_RETRIES)
            yield ArchiveStore(settings)
    finally:
        server.close()
        await server.wait_closed()


async def read(store: ArchiveStore, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in store.read("clip.mp4", start, end)])


async def test_a_file_is_read_in_one_request() -> None:
    asked: list[int] = []
    async with stopping_after(len(FILE), asked) as store:
        assert await read(store, 5, len(FILE) - 7) == FILE[5:-7]
    assert asked == [5]


async def test_a_file_whose_connection_breaks_off_is_read_on() -> None:
    asked: list[int] = []
    async with stopping_after(MIB * 3 // 2, asked) as store:
        assert await read(store, 5, len(FILE)) == FILE[5:]
    assert asked[0] == 5
    assert 2 < len(asked) < 8
    assert asked == sorted(set(asked))


async def test_a_store_that_sends_less_than_a_piece_is_not_asked_for_ever() -> None:
    asked: list[int] = []
    async with stopping_after(MIB // 2, asked) as store:
        with pytest.raises(StoreError, match=r"^the store failed: [A-Za-z]+$"):
            await read(store, 0, len(FILE))
    assert asked == [0]
