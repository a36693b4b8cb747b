"""TCP fronts that lose answers on their way to the client, or tell when it has given up or comes again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

_CHUNK_BYTES = 65536
_POLL_SECONDS = 0.02

Call = Callable[[], None]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def _nothing() -> None:
    """What is called when nothing is to be done."""


@asynccontextmanager
async def cutting_front(
    port: int, *, when: Callable[[], bool], on_end: Call = _nothing, on_second: Call = _nothing
) -> AsyncIterator[str]:
    """Yields the address of a front that cuts its first connection on both sides as soon as ``when`` says so.

    Args:
        port: of the gateway.
        when: says it.
        on_end: called afterwards.
        on_second: called when the client has asked again, and at each piece of that.
    """

    async def cut(outer: Stream, inner: Stream) -> None:
        asking = asyncio.create_task(_pump(outer[0], inner[1]))
        while not when():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(_POLL_SECONDS)
        asking.cancel()

    async with _front(port, cut, on_end, on_second) as url:
        yield url


@asynccontextmanager
async def leaving_front(port: int, *, on_end: Call = _nothing, on_second: Call = _nothing) -> AsyncIterator[str]:
    """Yields the address of a front whose first connection brings no answer, and ends when the client ends it.

    Args:
        port: of the gateway.
        on_end: called then.
        on_second: called when the client has asked again, and at each piece of that.
    """

    async def ask(outer: Stream, inner: Stream) -> None:
        await _pump(outer[0], inner[1])

    async with _front(port, ask, on_end, on_second) as url:
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
async def _front(
    port: int, first: Callable[[Stream, Stream], Awaitable[None]], on_end: Call = _nothing, on_second: Call = _nothing
) -> AsyncIterator[str]:
    count = 0

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        is_first = count == 1
        inner = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError):
            if is_first:
                await first((reader, writer), inner)
            else:
                await _exchange((reader, writer), inner, on_second)
        for end in (writer, inner[1]):
            end.close()
        if is_first:
            on_end()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _exchange(outer: Stream, inner: Stream, on_asked: Call) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_pump(outer[0], inner[1], on_asked))
        group.create_task(_pump(inner[0], outer[1]))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_passed: Call = _nothing) -> None:
    """Copies one direction until it ends, and then ends the other; ``on_passed`` is called for each piece."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
            on_passed()
    writer.close()
