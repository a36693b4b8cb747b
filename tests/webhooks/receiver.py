"""A tenant's endpoint on a real socket."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from standardwebhooks import Webhook

from app.addresses import Address
from app.webhooks.callback_url_policy import CallbackUrlPolicy
from tests.support.timeouts import until

LOOPBACK = ip_network("127.0.0.0/8")


class LoopbackAsPublic(CallbackUrlPolicy):
    """The policy for public addresses, applied to loopback, where a test's endpoint is."""

    def is_allowed(self, address: Address) -> bool:
        """Allows loopback, too."""
        return address in LOOPBACK or super().is_allowed(address)

    def is_only_allowed(self, address: Address) -> bool:
        """Treats loopback as public."""
        return address not in LOOPBACK and super().is_only_allowed(address)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """One request as it arrived; header names in lower case."""

    target: str
    headers: dict[str, str]
    body: str

    @property
    def id(self) -> str:
        """The message's id."""
        return self.headers["webhook-id"]

    def verify(self, secret: str) -> Any:
        """Returns the body once its signature was verified the way a receiver does it."""
        return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """Records requests and answers with the given answers in turn, then with ``default``.

    ``by_path`` has the answers of some paths, for tests in which many messages arrive at a time.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self.by_path: dict[str, Answer] = {}
        self.default: Answer = status(200)
        self.url = ""
        self._serving: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handles one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = (await reader.readexactly(int(headers["content-length"]))).decode()
            self.received.append(Received(first.split(" ")[1], headers, body))
            json.loads(body)
            await self._next(self.received[-1])(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender has given up
        finally:
            writer.close()

    def _next(self, received: Received) -> Answer:
        of_path = self.by_path.get(received.target.partition("?")[0])
        if of_path is not None:
            return of_path
        return self.answers.pop(0) if self.answers else self.default

    async def stop(self) -> None:
        """Cancels the requests that are not answered yet."""
        unanswered = list(self._serving)
        for task in unanswered:
            task.cancel()
        await asyncio.gather(*unanswered, return_exceptions=True)

    async def until(self, count: int) -> None:
        """Waits until ``count`` requests have arrived."""
        await until(lambda: len(self.received) >= count)


def status(code: int, *headers: str, body: bytes = b"{}") -> Answer:
    """Returns an answer with a status."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {code} X", f"content-length: {len(body)}", *headers]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return answer


def raw(data: bytes) -> Answer:
    """Returns an answer of these bytes, after which the connection is closed."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def when(released: asyncio.Event, then: Answer) -> Answer:
    """Waits for an event, then answers."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        await released.wait()
        await then(writer)

    return answer


@asynccontextmanager
async def receiving(*, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Runs a receiver on a free port of 127.0.0.1."""
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    found.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?secret=path"
    try:
        yield found
    finally:
        server.close()
        await found.stop()
