"""One connection to the upstream, carrying one request at a time."""

import asyncio
import contextlib
import select
from collections.abc import Callable
from typing import cast

from app.upstream.errors import NotSentError, OutcomeUnknownError, UpstreamError
from app.upstream.http.http1 import ResponseParser
from app.upstream.http.messages import HttpRequest, HttpResponse
from app.upstream.origins import Origin

_WRITE_SIZE_BYTES = 262_144


class StaleConnectionError(OutcomeUnknownError):
    """The peer closed the connection before the first byte of the response.

    Common on a kept connection whose peer had timed out. The outcome of a create is as unknown as after any other cut.
    """


class _Exchange:
    """One request and its response."""

    __slots__ = ("has_response_bytes", "parser", "response")

    def __init__(self, parser: ResponseParser, response: "asyncio.Future[HttpResponse]") -> None:
        self.parser = parser
        self.response = response
        self.has_response_bytes = False

    def succeed(self) -> None:
        """Resolves the future with the complete response, or with the error of decoding it."""
        if self.response.done():
            return
        try:
            self.response.set_result(self.parser.response())
        except UpstreamError as error:
            self.response.set_exception(error)

    def fail(self, error: UpstreamError) -> None:
        """Resolves the future with an error."""
        if not self.response.done():
            self.response.set_exception(error)

    def discard(self) -> None:
        """Cancels the future, or retrieves its error: asyncio logs errors that are never retrieved."""
        if not self.response.cancel() and not self.response.cancelled():
            self.response.exception()


class Connection(asyncio.Protocol):
    """A TCP or TLS connection; the public methods from ``connection_made`` on are called by asyncio.

    Attributes:
        origin: the server it leads to.
        is_reused: it was kept from an earlier request; set by the pool.
        idle_since: event-loop time at which it last became idle.
    """

    def __init__(self, origin: Origin, on_lost: "Callable[[Connection], None]") -> None:
        self.origin = origin
        self.is_reused = False
        self.idle_since = 0.0
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._exchange: _Exchange | None = None
        self._may_write: asyncio.Future[None] | None = None
        self._is_dropped = False

    @property
    def is_usable(self) -> bool:
        """Whether it is open, as far as the event loop knows."""
        transport = self._transport
        return transport is not None and not self._is_dropped and not transport.is_closing()

    def is_quiet(self) -> bool:
        """Whether the kernel holds no unread input; there is some when the peer has just closed the connection."""
        if self._transport is None:
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN | select.POLLHUP)
        return not poll.poll(0)

    def drop(self) -> None:
        """Closes it at once, even while a request is in flight."""
        self._is_dropped = True
        if self._transport is not None:
            self._transport.abort()

    async def send(
        self,
        request: HttpRequest,
        *,
        max_body_bytes: int,
        write_timeout_seconds: float,
        read_timeout_seconds: float,
    ) -> HttpResponse:
        """Sends a request and returns the complete response.

        On any error the connection is dropped. Afterwards ``is_usable`` says whether it may be kept.

        Args:
            request: what to write.
            max_body_bytes: larger responses are refused.
            write_timeout_seconds: time for the peer to take the request.
            read_timeout_seconds: time from the request's last byte to the response's last.

        Raises:
            NotSentError: the connection was closed before anything was written.
            StaleConnectionError: it was closed before the first byte of the response.
            OutcomeUnknownError: there is no usable response.
        """
        transport = self._transport
        if transport is None or not self.is_usable:
            raise NotSentError("the connection was closed before the request was written")
        loop = asyncio.get_running_loop()
        parser = ResponseParser(is_head=request.is_head, max_body_bytes=max_body_bytes)
        exchange = self._exchange = _Exchange(parser, loop.create_future())
        is_kept = False
        try:
            is_written = await self._write(transport, exchange, request, loop.time() + write_timeout_seconds)
            response = await self._read(loop, exchange, read_timeout_seconds)
            is_kept = is_written and parser.is_keep_alive and not transport.get_write_buffer_size()
        finally:
            self._exchange = None
            if not is_kept or parser.has_trailing_bytes:
                self.drop()
            exchange.discard()
        return response

    async def _write(
        self, transport: asyncio.Transport, exchange: _Exchange, request: HttpRequest, deadline: float
    ) -> bool:
        """Writes the request, then drops its body; False when the response came before all of it was written."""
        body = request.body.data
        if len(body) <= _WRITE_SIZE_BYTES:
            transport.write(request.head + body)
            await self._wait_until_writable(deadline)
        else:
            transport.write(request.head)
            for start in range(0, len(body), _WRITE_SIZE_BYTES):
                if exchange.response.done():
                    return False
                # A copy: a memoryview in the transport's buffer would keep the whole body in memory.
                transport.write(body[start : start + _WRITE_SIZE_BYTES])
                await self._wait_until_writable(deadline)
        request.body.mark_sent()
        return True

    async def _wait_until_writable(self, deadline: float) -> None:
        if self._may_write is None:
            return
        try:
            async with asyncio.timeout_at(deadline):
                await self._may_write
        except TimeoutError:
            raise OutcomeUnknownError("timed out while sending the request") from None

    async def _read(self, loop: asyncio.AbstractEventLoop, exchange: _Exchange, timeout_seconds: float) -> HttpResponse:
        timer = loop.call_later(timeout_seconds, self._time_out, exchange)
        try:
            return await exchange.response
        finally:
            timer.cancel()

    @staticmethod
    def _time_out(exchange: _Exchange) -> None:
        exchange.fail(OutcomeUnknownError("timed out waiting for the answer", status=exchange.parser.status))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open, TLS included."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's class is no subclass of it
        if self._is_dropped:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        exchange = self._exchange
        if exchange is None:
            self.drop()  # unsolicited
            return
        exchange.has_response_bytes = True
        try:
            exchange.parser.feed(data)
        except OutcomeUnknownError as error:
            exchange.fail(error)
            self.drop()
        else:
            if exchange.parser.is_complete:
                exchange.succeed()
                self._wake_writer()

    def eof_received(self) -> bool:
        """The peer has closed its side, which may be the end of the body."""
        exchange = self._exchange
        if exchange is not None and exchange.has_response_bytes:
            with contextlib.suppress(OutcomeUnknownError):  # connection_lost reports it
                exchange.parser.feed_end()
                exchange.succeed()
        self._is_dropped = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is gone."""
        self._is_dropped = True
        exchange = self._exchange
        if exchange is not None:
            if exchange.has_response_bytes:
                reason = "the connection was cut in the middle of the answer"
                exchange.fail(OutcomeUnknownError(reason, status=exchange.parser.status))
            else:
                exchange.fail(StaleConnectionError("the connection was cut before the answer"))
        self._wake_writer()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """The transport's write buffer is full."""
        self._may_write = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The transport's write buffer has room again."""
        self._wake_writer()

    def _wake_writer(self) -> None:
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        self._may_write = None
