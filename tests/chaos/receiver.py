"""The server behind a tenant's ``callback_url``."""

import asyncio
import json
from types import TracebackType
from typing import Self

_HEAD_END = b"\r\n\r\n"


class Receiver:
    """Answers every delivery with 204 and records it.

    Attributes:
        received: task id and status of each delivery.
    """

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/told"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._listen, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(_HEAD_END)).decode("latin-1").lower()
            length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length:"))
            message = json.loads(await reader.readexactly(length))
            self.received.append((message["id"], message["status"]))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # its sender was killed
        writer.close()
