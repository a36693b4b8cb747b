"""Clients that send too much, too slowly or read nothing, and measurements of the gateway meanwhile."""

import asyncio
import contextlib
import fcntl
import re
import socket
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.process import GatewayProcess

MEBIBYTE = 1024 * 1024
HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST /callbacks/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
_PIECE_BYTES = 64 * 1024
_READ_SECONDS = 30.0
_LEAST_PROBES = 3
_PROBE = Path(__file__).with_name("probe.py")


class Client:
    """A bare connection to a gateway's Unix socket, with no buffers of its own."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes, *, seconds: float = 60.0) -> int:
        """Sends as much as the gateway accepts in ``seconds``; returns the number of bytes."""
        sent = 0
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(seconds):
                while sent < len(data):
                    piece = data[sent : sent + _PIECE_BYTES]
                    await self._loop.sock_sendall(self._socket, piece)
                    sent += len(piece)
        return sent

    async def until_read(self) -> None:
        """Waits until the gateway has read everything, so that it receives the next bytes in another read."""
        async with asyncio.timeout(_READ_SECONDS):
            while fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4)) != bytes(4):  # noqa: ASYNC110 - the kernel's
                await asyncio.sleep(0)

    async def read(self, *, seconds: float = 30.0, answers: int = 1_000_000) -> bytes:
        """Returns what the gateway sends until the connection ends, ``answers`` have begun, or time is up."""
        found = b""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(seconds):
                while found.count(b"HTTP/1.1 ") - found.count(b"HTTP/1.1 100 ") < answers:
                    data = await self._loop.sock_recv(self._socket, _PIECE_BYTES)
                    if not data:
                        break
                    found += data
        return found


@asynccontextmanager
async def clients(gateway: GatewayProcess, count: int = 1) -> AsyncIterator[list[Client]]:
    """Opens connections, which are closed afterwards."""
    opened: list[socket.socket] = []
    try:
        for _ in range(count):
            one = socket.socket(socket.AF_UNIX)
            opened.append(one)
            # A blocking connect waits while the gateway's queue of new connections is full.
            await asyncio.to_thread(one.connect, str(gateway.socket))
            one.settimeout(0)
        yield [Client(one) for one in opened]
    finally:
        for one in opened:
            one.close()


@dataclass
class Watch:
    """Measurements of a gateway.

    Attributes:
        grown_bytes: growth of its memory, at most.
        slowest_seconds: the longest response time of ``/healthz`` on a new connection.
        probes: number of requests to it.
    """

    grown_bytes: int = 0
    slowest_seconds: float = 0.0
    probes: int = 0


@asynccontextmanager
async def watching(gateway: GatewayProcess) -> AsyncIterator[Watch]:
    """Measures a gateway from another process; the figures are complete when the block ends."""
    watch, before = Watch(), _resident_bytes(gateway, "VmRSS")
    _forget_peak(gateway)
    command = (sys.executable, str(_PROBE), str(gateway.socket), str(gateway.process.pid))
    probe = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert probe.stdin is not None
    assert probe.stdout is not None

    async def follow(told: asyncio.StreamReader) -> None:
        while line := await told.readline():
            watch.probes += 1
            watch.slowest_seconds = max(watch.slowest_seconds, float(line))
            watch.grown_bytes = _resident_bytes(gateway, "VmHWM") - before

    await probe.stdout.readline()
    following = asyncio.create_task(follow(probe.stdout))
    try:
        yield watch
        while watch.probes < _LEAST_PROBES and not following.done():  # noqa: ASYNC110 - a line of a program is awaited
            await asyncio.sleep(0.05)
    finally:
        probe.stdin.close()
        await following
        assert await probe.wait() == 0


def _resident_bytes(gateway: GatewayProcess, figure: str) -> int:
    status = Path(f"/proc/{gateway.process.pid}/status").read_text(encoding="ascii")
    found = re.search(rf"{figure}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def _forget_peak(gateway: GatewayProcess) -> None:
    """Resets the peak memory (``VmHWM``) of the gateway."""
    Path(f"/proc/{gateway.process.pid}/clear_refs").write_text("5", encoding="ascii")


def many_lines(size_bytes: int) -> Iterator[bytes]:
    """Yields header lines of some bytes in all."""
    line = b"X-A: " + b"a" * 1000 + b"\r\n"
    for _ in range(size_bytes // (len(line) * 64)):
        yield line * 64
