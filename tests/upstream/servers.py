"""Loopback servers, scripted byte by byte."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson

from app.upstream.credentials import ArkAccount, OpenApiAccount

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
API_KEY = "secret-api-key-0001"
SECRET_ACCESS_KEY = "SecretAccessKeyOfATest=="
SESSION_TOKEN = "STS.token/of+a-test=="

Script = Callable[["Peer"], Awaitable[None]]


class LoopbackServer:
    """A running server, with its connections and requests so far."""

    def __init__(self) -> None:
        self.port = 0
        self.connection_count = 0
        self.requests: list[bytes] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def account(self) -> ArkAccount:
        return ArkAccount(f"{self.origin}/api/v3", API_KEY)

    @property
    def openapi_account(self) -> OpenApiAccount:
        return OpenApiAccount(self.origin, "AKLTEST", SECRET_ACCESS_KEY, SESSION_TOKEN, "cn-beijing")


class Peer:
    """The server's end of one connection, over the bare socket."""

    def __init__(self, server: LoopbackServer, connection: socket.socket, number: int) -> None:
        self._server = server
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self.number = number

    async def read_request(self) -> bytes:
        """Reads one whole request and records it; returns b"" when the client has closed."""
        while b"\r\n\r\n" not in self._rest:
            if not await self.read_some():
                return b""
        head, _, _ = self._rest.partition(b"\r\n\r\n")
        whole = len(head) + 4 + content_length(head)
        while len(self._rest) < whole:
            if not await self.read_some():
                return b""
        request, self._rest = self._rest[:whole], self._rest[whole:]
        self._server.requests.append(request)
        return request

    async def read_some(self) -> bytes:
        try:
            data = await self._loop.sock_recv(self._socket, 65536)
        except ConnectionError:
            data = b""
        self._rest += data
        return data

    async def wait_for_bytes(self) -> None:
        """Waits until bytes have arrived, and leaves them unread."""
        while True:
            with contextlib.suppress(BlockingIOError):
                self._socket.recv(1, socket.MSG_PEEK)
                return
            await asyncio.sleep(0.005)

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def answer(self, status: int, body: object, *headers: str) -> None:
        await self.send(to_response(status, body, *headers))

    def end(self) -> None:
        """Closes the sending half of the connection."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def to_response(status: int, body: object, *headers: str) -> bytes:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    lines = [f"HTTP/1.1 {status} Status", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def always(status: int, body: object, *headers: str) -> Script:
    """A script that answers every request of a connection alike."""

    async def script(peer: Peer) -> None:
        while await peer.read_request():
            await peer.answer(status, body, *headers)

    return script


def raw(*pieces: bytes) -> Script:
    """A script that reads a request, sends these bytes and closes."""

    async def script(peer: Peer) -> None:
        await peer.read_request()
        for piece in pieces:
            await peer.send(piece)

    return script


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[LoopbackServer]:
    """Runs ``script`` for each connection; the connection is closed when the script ends."""
    server = LoopbackServer()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)  # noqa: FBT003 - positional only
    server.port = listener.getsockname()[1]
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(_accept(listener, server, script))
        try:
            yield server
        finally:
            running.cancel()
    listener.close()


async def _accept(listener: socket.socket, server: LoopbackServer, script: Script) -> None:
    loop = asyncio.get_running_loop()
    scripts: set[asyncio.Task[None]] = set()
    try:
        while True:
            connection, _ = await loop.sock_accept(listener)
            connection.setblocking(False)  # noqa: FBT003 - positional only
            server.connection_count += 1
            scripts.add(asyncio.create_task(_play(script, Peer(server, connection, server.connection_count))))
    finally:
        for task in scripts:
            task.cancel()
        await asyncio.gather(*scripts, return_exceptions=True)


async def _play(script: Script, peer: Peer) -> None:
    try:
        await script(peer)
    except ConnectionError:
        pass  # the client disconnected, as in many of these tests
    finally:
        peer.close()


@asynccontextmanager
async def serving_tls(context: ssl.SSLContext, response: bytes) -> AsyncIterator[int]:
    """Answers every TLS request with ``response``; yields the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(content_length(head))
                writer.write(response)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def unused_port() -> int:
    """A port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
