"""Upstreams of a proxy that record requests, and can leave them unanswered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Upstream:
    """A server that answers ``ok`` to every request, or closes the connection.

    Attributes:
        url: its address.
        heads: the request line and headers of each request, as received.
        answers_left: number of requests that are still answered; the connection of any later one is closed.
        is_silent: it neither answers nor closes.
    """

    url: str = ""
    heads: list[str] = field(default_factory=list)
    answers_left: int = 1000
    is_silent: bool = False

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection; bodies need a ``Content-Length``."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lengths = [
                    line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")
                ]
                await reader.readexactly(int(lengths[0]) if lengths else 0)
                self.heads.append(head)
                if self.is_silent:
                    continue
                if self.answers_left == 0:
                    break
                self.answers_left -= 1
                writer.write(_ANSWER)
        writer.close()


@asynccontextmanager
async def upstream(*, is_silent: bool = False) -> AsyncIterator[Upstream]:
    """Runs an upstream."""
    opened = Upstream(is_silent=is_silent)
    server = await asyncio.start_server(opened.take, "127.0.0.1", 0)
    opened.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield opened
    finally:
        server.close()
