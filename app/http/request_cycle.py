"""One request and its response, on a connection of ``app.http.protocol``."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.errors import ResponseCutError, SeedgateError


class Flow(FlowControl):
    """Flow control of one connection; while it is held back, reading stays paused."""

    is_held_back = False

    def resume_reading(self) -> None:
        """Resumes reading, unless the connection is held back."""
        if not self.is_held_back:
            super().resume_reading()


class ResponseTransport:
    """The transport that one request's cycle writes to.

    Closing it calls ``on_close`` with it, so that the protocol can ignore a request that is no longer the current one:
    an application that fails after its response must not end the connection under the next request.
    """

    __slots__ = ("_on_close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, on_close: "Callable[[ResponseTransport], None]") -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self._on_close = on_close

    def close(self) -> None:
        """Ends the connection once the response is sent."""
        self._on_close(self)


class RequestCycle(RequestResponseCycle):
    """uvicorn's cycle, extended by bodies that turn out to be malformed, too large or too slow.

    ``receive`` raises the error in the application, which renders it like any other; the protocol never adds a second
    response.

    Attributes:
        waiting_since: loop time at which the application began to wait for more of the body; None when it does not.
    """

    waiting_since: float | None = None
    _failure: SeedgateError | None = None

    def fail(self, error: SeedgateError) -> None:
        """Ends the body with an error, and the connection after the response."""
        self._failure = error
        self.keep_alive = False
        self.message_event.set()

    def abandon(self) -> None:
        """Reports a disconnect to the application, because the response that has begun cannot be completed."""
        self.disconnected = True
        self.message_event.set()

    async def run_asgi(self, app: Any) -> None:
        """Runs the application; one that cuts its response ends the connection, and the server does not log it."""
        await super().run_asgi(partial(self._run, app))

    async def _run(self, app: Any, scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except ResponseCutError:
            if not self.response_started:
                raise
            self.disconnected = True
            self.transport.close()

    async def receive(self) -> Any:
        """Returns the next ASGI event: a part of the body, or a disconnect.

        Raises:
            SeedgateError: the body cannot be read to its end, and no response has begun.
        """
        if self._failure is None:
            if self.more_body:
                self.waiting_since = asyncio.get_running_loop().time()
            try:
                message = await super().receive()
            finally:
                self.waiting_since = None
        if self._failure is None:
            return message
        if self.disconnected or self.response_started:
            return {"type": "http.disconnect"}
        raise self._failure

    async def send(self, message: Any) -> None:
        """Sends an ASGI event of the response.

        A client that waited for ``100 Continue`` and gets a final response may still send the body or not (RFC 9110
        section 10.1.1). Its next bytes are ambiguous, so the connection ends.
        """
        if self.waiting_for_100_continue and self.more_body and not self.response_started:
            self.keep_alive = False
        await super().send(message)
