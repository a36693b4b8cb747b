"""A small TCP proxy: the address for the upstream's callbacks, which stays when a gateway is killed."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHUNK_BYTES = 65536


class Front:
    """Passes connections on to the first gateway that accepts them; closes them when none does."""

    def __init__(self) -> None:
        self._ports: list[int] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def lead_to(self, url: str) -> None:
        """Adds a gateway; the newest is tried first."""
        port = urlsplit(url).port
        assert port is not None
        self._ports = [port, *(other for other in self._ports if other != port)]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            inner = await self._connect()
            if inner is not None:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pump(reader, inner[1]))
                    group.create_task(_pump(inner[0], writer))
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for port in self._ports:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies one direction of a connection until it ends, then closes the other end."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
