"""A server that could be an upstream, and remembers every byte that it was sent."""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

TASKS = "/contents/generations/tasks"
_numbers = itertools.count(1)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass
class Listener:
    """What a server was sent.

    Attributes:
        port: on 127.0.0.1.
        redirect_to: where it sends what only asks, instead of answering it.
        requests: whole requests, oldest first.
    """

    port: int = 0
    redirect_to: str | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ark_base_url(self) -> str:
        return f"{self.origin}/api/v3"

    @property
    def received(self) -> str:
        """Everything that it was sent, as text."""
        return b"\n".join(self.requests).decode("latin-1")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection."""
        connection = asyncio.current_task()
        assert connection is not None
        self.connections.add(connection)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = _LENGTH.search(head)
                self.requests.append(head + await reader.readexactly(int(found[1]) if found else 0))
                writer.write(self._answer(*head.decode("latin-1").split(" ", 2)[:2]))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections.discard(connection)
            writer.close()

    def _answer(self, method: str, target: str) -> bytes:
        status, location, body = 200, "", self._body(method, target)
        if self.redirect_to is not None and (method == "GET" or "Action=Create" not in target):
            status, location, body = 307, f"Location: {self.redirect_to}{target}\r\n", {}
        content = json.dumps(body).encode()
        length = f"Content-Type: application/json\r\nContent-Length: {len(content)}"
        return f"HTTP/1.1 {status} S\r\n{location}{length}\r\n\r\n".encode() + content

    def _body(self, method: str, target: str) -> dict[str, Any]:
        path, _, query = target.partition("?")
        if TASKS not in path:
            result = {"Id": f"made-{next(_numbers)}"} if "Action=Create" in query else {"Items": [], "TotalCount": 0}
            return {"ResponseMetadata": {"RequestId": "r"}, "Result": result}
        if method == "POST":
            return {"id": f"cgt-{next(_numbers)}"}
        task_id = path.rpartition(TASKS)[2].strip("/")
        if task_id:
            return {"id": task_id, "model": "m", "status": "queued", "created_at": 1, "updated_at": 1}
        return {"items": [], "total": 0}


@asynccontextmanager
async def listening(*, count: int = 1) -> AsyncIterator[list[Listener]]:
    """Runs ``count`` servers, each on a port of its own."""
    listeners = [Listener() for _ in range(count)]
    servers = [await asyncio.start_server(each.serve, "127.0.0.1", 0) for each in listeners]
    for listener, server in zip(listeners, servers, strict=True):
        listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listeners
    finally:
        for server in servers:
            server.close()
        for connection in [connection for listener in listeners for connection in listener.connections]:
            connection.cancel()
        await asyncio.sleep(0)
