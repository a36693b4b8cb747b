"""TCP fronts that lose answers on their way to the client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_CHUNK_BYTES = 65536
_POLL_SECONDS = 0.02

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def cutting_front(port: int, *, when: Callable[[], bool]) -> AsyncIterator[str]:
    """Yields the address of a front that cuts its first connection on both sides as soon as ``when`` says so."""

    async def cut(outer: Stream, inner: Stream) -> None:
        asking = asyncio.create_task(_pump(outer[0], inner[1]))
        while not when():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(_POLL_SECONDS)
        asking.cancel()

    async with _front(port, cut) as url:
        yield url


@asynccontextmanager
async def losing_front(port: int) -> AsyncIterator[str]:
    """Yields the address of a front that takes the gateway's first answer whole, and never passes it on."""

    async def lose(outer: Stream, inner: Stream) -> None:
        asking = asyncio.create_task(_pump(outer[0], inner[1]))
        await inner[0].read(_CHUNK_BYTES)
        asking.cancel()

    async with _front(port, lose) as url:
        yield url


@asynccontextmanager
async def _front(port: int, first: Callable[[Stream, Stream], Awaitable[None]]) -> AsyncIterator[str]:
    is_first = True

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal is_first
        handle, is_first = (first if is_first else _exchange), False
        inner = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError):
            await handle((reader, writer), inner)
        for end in (writer, inner[1]):
            end.close()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _exchange(outer: Stream, inner: Stream) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_pump(outer[0], inner[1]))
        group.create_task(_pump(inner[0], outer[1]))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies one direction until it ends, and then ends the other."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
