"""The gateway's HTTP protocol without a network: each read is one call, and the test moves the clock.

The protocol class is the one of the gateway's configuration; its transport records what is written. The event loop is
asyncio's, extended by a method that runs it until it is idle.
"""

import asyncio
import contextvars
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.server import ServerState

from app.db.base import utc_now
from app.http.head_parser import RequestHead
from app.http.request_scope import RequestScope
from app.main import server_config
from tests.http.strict import Request

_READ_BYTES = 64 * 1024
_DRAIN_LIMIT_BYTES = 1024 * 1024
_PEER, _OWN = ("127.0.0.1", 40_000), ("127.0.0.1", 8080)


class TurnLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only in ``pass_time``."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[dict[str, Any]] = []
        self._time_now = 1000.0
        self._turn_count = 0
        self.set_exception_handler(lambda _loop, context: self.failures.append(context))

    def time(self) -> float:
        """Returns the loop's own time."""
        return self._time_now

    def call_soon(  # type: ignore[override] # any callback, as the loop's own
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Schedules a callback."""
        self._turn_count += 1
        return super().call_soon(callback, *args, context=context)

    def call_at(  # type: ignore[override] # likewise
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Schedules a callback for a time, which may be now."""
        self._turn_count += when <= self._time_now
        return super().call_at(when, callback, *args, context=context)

    def settle(self) -> None:
        """Runs until no callback is ready."""
        while True:
            self._turn_count = 0
            super().call_soon(self.stop)
            self.run_forever()
            if self._turn_count == 0:
                return

    def pass_time(self, seconds: float) -> None:
        """Advances the clock, in steps of at most a second."""
        while seconds > 0:
            step = min(seconds, 1.0)
            self._time_now += step
            seconds -= step
            self.settle()


class Pipe(asyncio.Transport):
    """A transport that records what is written.

    Attributes:
        written: all of it.
        is_ended: no more can be written: the connection is closed, or its sending half.
        is_gone: the connection is closed.
        is_blocked: the peer reads nothing; what is written counts as unsent.
    """

    def __init__(self, loop: TurnLoop) -> None:
        super().__init__({"peername": _PEER, "sockname": _OWN})
        self.written = bytearray()
        self.is_ended = False
        self.is_gone = False
        self.is_blocked = False
        self._loop = loop
        self._protocol: asyncio.Protocol | None = None
        self._is_paused = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol is not None
        return self._protocol

    def is_reading(self) -> bool:
        return not self._is_paused and not self.is_gone

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False

    def write(self, data: Any) -> None:
        if not self.is_gone:
            assert not self.is_ended, "written behind the end"
            self.written += data

    def get_write_buffer_size(self) -> int:
        return len(self.written) if self.is_blocked else 0

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return (16 * 1024, 64 * 1024)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Changes nothing: a test says itself when writing is to pause."""

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.is_ended = True

    def is_closing(self) -> bool:
        return self.is_gone

    def close(self) -> None:
        """Ends the connection, once what was written is read."""
        self.is_ended = True
        if not self.is_blocked:
            self.lose()

    def abort(self) -> None:
        self.lose()

    def lose(self) -> None:
        """Ends the connection."""
        if not self.is_gone:
            self.is_gone = self.is_ended = True
            self._loop.call_soon(self.get_protocol().connection_lost, None)


@dataclass
class Application:
    """An ASGI application that answers every request with 200 and remembers it.

    Attributes:
        is_hasty: it answers before it reads the body, and does not read it.
        is_short: requests whose body has a length are answered by the fast path.
        requests: what has arrived, in order.
        trailing: headers that were added to a request after its head.
    """

    is_hasty: bool = False
    is_short: bool = False
    requests: list[Request] = field(default_factory=list)
    trailing: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        path = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        found = Request(scope["method"], path.decode("latin-1"), list(scope["headers"]))
        self.requests.append(found)
        if self.is_hasty:
            await _answer(send)
            return
        message: Message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            found.body += message.get("body", b"")
        found.is_complete = True
        self.trailing += list(scope["headers"])[len(found.headers) :]
        await _answer(send)


async def _answer(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0"), (b"x-app", b"1")]})
    await send({"type": "http.response.body"})


class ShortWay:
    """A fast path that answers as the application of a server does."""

    def __init__(self, server: "Server") -> None:
        self._server = server

    def admit(
        self, head: RequestHead, *, peer: str, port: int | None, respond: Callable[[bytes | None], None], **_: Any
    ) -> Any | None:
        """Takes every request, if the application says so."""
        assert (peer, port) == (_PEER[0], _OWN[1])
        return (head, respond) if self._server.app.is_short and not head.is_body_held_back else None

    async def answer(self, admitted: Any, body: bytes, _gone: asyncio.Event) -> None:
        """Remembers and answers one request."""
        app = self._server.app
        head, respond = admitted
        path = head.raw_path + (b"?" + head.query if head.query else b"")
        found = Request(head.method, path.decode("latin-1"), list(head.headers), body, is_complete=True)
        app.requests.append(found)
        await asyncio.sleep(0)
        respond(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-app: 1\r\n\r\n")


class Server:
    """The state that the connections of one server share.

    Errors that the application raises are answered as by the gateway.

    Attributes:
        app: the application; a test may replace it.
    """

    def __init__(self, loop: TurnLoop, **options: Any) -> None:
        self.loop = loop
        self.app = Application()
        scoped = RequestScope(self._serve, clock=utc_now, drain_limit_bytes=_DRAIN_LIMIT_BYTES)
        self.config: uvicorn.Config = server_config(scoped, **options)  # type: ignore[arg-type] # any ASGI application
        self.config.load()
        self.state = ServerState()
        self.app_state = {"fast_create": ShortWay(self)}

    def connect(self) -> "Connection":
        """Returns a new connection."""
        return Connection(self)

    def stop(self) -> None:
        """Ends every connection, as a server does when it stops."""
        for connection in list(self.state.connections):
            connection.shutdown()
        self.loop.settle()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Connection:
    """One connection, from the client's side.

    Attributes:
        pipe: the server's transport.
    """

    def __init__(self, server: Server) -> None:
        self.pipe = Pipe(server.loop)
        self._server = server
        self._loop = server.loop
        self._protocol: asyncio.Protocol = server.config.http_protocol_class(  # type: ignore[call-arg]
            config=server.config, server_state=server.state, app_state=server.app_state, _loop=server.loop
        )
        self.pipe.set_protocol(self._protocol)
        self._loop.call_soon(self._protocol.connection_made, self.pipe)
        self._loop.settle()

    def send(self, segments: Iterable[bytes]) -> None:
        """Passes segments to the server one by one, as long as it reads."""
        pending = [part for segment in segments for part in _parts(segment)]
        while pending and not self.pipe.is_gone:
            if not self.pipe.is_reading():
                self._loop.settle()
                if not self.pipe.is_reading():
                    return
            self._loop.call_soon(self._protocol.data_received, pending.pop(0))
            self._loop.settle()

    def end(self) -> None:
        """Ends the client's half, then the connection and the server's tasks for it."""
        if not self.pipe.is_gone:
            self._loop.call_soon(self._protocol.eof_received)
            self._loop.settle()
        self.pipe.lose()
        self._loop.settle()
        for task in list(self._server.state.tasks):
            task.cancel()
        self._loop.settle()


def _parts(segment: bytes) -> list[bytes]:
    return [segment[start : start + _READ_BYTES] for start in range(0, len(segment), _READ_BYTES)]
