"""A client whose own work does not grow with its connections, unlike the pools of HTTP libraries."""

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from tests.support.timeouts import HANG_SECONDS

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connections:
    """Connections to a gateway, each with one request at a time.

    Args:
        opened: one for each request in flight.
        key: of the tenant.
    """

    def __init__(self, opened: Sequence[_Connection], key: str) -> None:
        self._opened = opened
        self._key = key

    async def send(self, make: Callable[[], tuple[str, str, str]], *, count: int) -> None:
        """Sends requests over all connections, and checks that each is answered 200.

        Args:
            make: returns method, path and body of a request.
            count: how many in all.
        """
        each = count // len(self._opened)
        async with asyncio.timeout(HANG_SECONDS):
            await asyncio.gather(*(self._send_in_turn(connection, make, each) for connection in self._opened))

    async def _send_in_turn(
        self, connection: _Connection, make: Callable[[], tuple[str, str, str]], count: int
    ) -> None:
        reader, writer = connection
        for _ in range(count):
            method, path, body = make()
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._key}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write((head + body).encode())
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            assert answer.startswith("http/1.1 200 "), answer
            length = next(line for line in answer.split("\r\n") if line.startswith("content-length:"))
            await reader.readexactly(int(length.partition(":")[2]))

    async def close(self) -> None:
        """Closes them."""
        for _, writer in self._opened:
            writer.close()
            await writer.wait_closed()


async def connect(base_url: str, key: str, *, count: int) -> Connections:
    """Opens connections to a gateway."""
    address = urlsplit(base_url)
    return Connections([await asyncio.open_connection(address.hostname, address.port) for _ in range(count)], key)
