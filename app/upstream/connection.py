"""One connection to the upstream, carrying one request at a time."""

import asyncio
import contextlib
import select
from collections.abc import Callable
from typing import NamedTuple, cast

from app.upstream.errors import NotSentError, OutcomeUnknownError, UpstreamError
from app.upstream.origins import Origin
from app.upstream.payload import Payload
from app.upstream.wire import ResponseParser, WireResponse

_SLICE_BYTES = 262_144


class WireRequest(NamedTuple):
    """A request ready to be written."""

    head: bytes
    payload: Payload
    is_head: bool


class StaleConnectionError(OutcomeUnknownError):
    """The peer closed the connection before any byte of the answer.

    Usual on a kept connection that the peer had given up. For a create it is as unknown as any other cut.
    """


class _Exchange:
    """One request and the answer to it."""

    __slots__ = ("answer", "has_answer_bytes", "parser")

    def __init__(self, parser: ResponseParser, answer: "asyncio.Future[WireResponse]") -> None:
        self.parser = parser
        self.answer = answer
        self.has_answer_bytes = False

    def succeed(self) -> None:
        """Hands the complete response to whoever waits, or its defect."""
        if self.answer.done():
            return
        try:
            self.answer.set_result(self.parser.response())
        except UpstreamError as error:
            self.answer.set_exception(error)

    def fail(self, error: UpstreamError) -> None:
        """Tells whoever waits that there will be no answer."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def forget(self) -> None:
        """Nobody waits any more; an error that was set counts as seen, or asyncio would log it."""
        if not self.answer.cancel() and not self.answer.cancelled():
            self.answer.exception()


class Connection(asyncio.Protocol):
    """A TCP or TLS connection; asyncio calls the methods after ``send``.

    Attributes:
        origin: whom it leads to.
        is_reused: it was kept from an earlier request; the pool says so.
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
        """Whether it can carry a request, as far as we have heard from the peer."""
        transport = self._transport
        return transport is not None and not self._is_dropped and not transport.is_closing()

    def is_quiet(self) -> bool:
        """Asks the kernel whether nothing has arrived that the event loop has not read: a close, most likely."""
        if self._transport is None:
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN | select.POLLHUP)
        return not poll.poll(0)

    def drop(self) -> None:
        """Closes it at once, whatever is in flight."""
        self._is_dropped = True
        if self._transport is not None:
            self._transport.abort()

    async def send(
        self,
        request: WireRequest,
        *,
        max_body_bytes: int,
        write_timeout_seconds: float | None,
        read_timeout_seconds: float | None,
    ) -> WireResponse:
        """Sends a request and returns the complete response.

        Unless it returns, the connection is dropped. ``is_usable`` tells whether it may be kept.

        Args:
            request: what to write.
            max_body_bytes: larger responses are refused.
            write_timeout_seconds: longest time for the peer to take the request.
            read_timeout_seconds: longest time from the request's last byte to the response's last.

        Raises:
            NotSentError: the connection was closed before anything was written.
            StaleConnectionError: it was closed before any byte of the answer.
            OutcomeUnknownError: there is no usable answer.
        """
        transport = self._transport
        if transport is None or not self.is_usable:
            raise NotSentError("the connection was closed before the request was written")
        loop = asyncio.get_running_loop()
        parser = ResponseParser(is_head=request.is_head, max_body_bytes=max_body_bytes)
        exchange = self._exchange = _Exchange(parser, loop.create_future())
        is_kept = False
        try:
            write_until = None if write_timeout_seconds is None else loop.time() + write_timeout_seconds
            is_written = await self._write(transport, exchange, request, write_until)
            response = await self._read(loop, exchange, read_timeout_seconds)
            is_kept = is_written and parser.is_keep_alive and not transport.get_write_buffer_size()
        finally:
            self._exchange = None
            if not is_kept or parser.has_trailing_bytes:
                self.drop()
            exchange.forget()
        return response

    async def _write(
        self, transport: asyncio.Transport, exchange: _Exchange, request: WireRequest, until: float | None
    ) -> bool:
        """Writes the request, then drops its body; False when the answer came before all of it was written."""
        body = request.payload.data
        if len(body) <= _SLICE_BYTES:
            transport.write(request.head + body)
            await self._wait_until_writable(until)
        else:
            transport.write(request.head)
            for start in range(0, len(body), _SLICE_BYTES):
                if exchange.answer.done():
                    return False
                # A copy: a view of what the peer has not taken yet would keep all of the body.
                transport.write(body[start : start + _SLICE_BYTES])
                await self._wait_until_writable(until)
        request.payload.sent()
        return True

    async def _wait_until_writable(self, until: float | None) -> None:
        if self._may_write is None:
            return
        try:
            async with asyncio.timeout_at(until):
                await self._may_write
        except TimeoutError:
            raise OutcomeUnknownError("timed out while sending the request") from None

    async def _read(
        self, loop: asyncio.AbstractEventLoop, exchange: _Exchange, timeout_seconds: float | None
    ) -> WireResponse:
        if timeout_seconds is None:
            return await exchange.answer
        timer = loop.call_later(timeout_seconds, self._give_up_reading, exchange)
        try:
            return await exchange.answer
        finally:
            timer.cancel()

    @staticmethod
    def _give_up_reading(exchange: _Exchange) -> None:
        exchange.fail(OutcomeUnknownError("timed out waiting for the answer", status=exchange.parser.status))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open, TLS included."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by class
        if self._is_dropped:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer."""
        exchange = self._exchange
        if exchange is None:
            self.drop()  # nobody asked for these
            return
        exchange.has_answer_bytes = True
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
        """The peer has said that it sends no more; a body may end so."""
        exchange = self._exchange
        if exchange is not None and exchange.has_answer_bytes:
            with contextlib.suppress(OutcomeUnknownError):  # connection_lost tells
                exchange.parser.feed_end()
                exchange.succeed()
        self._is_dropped = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The connection is gone."""
        self._is_dropped = True
        exchange = self._exchange
        if exchange is not None:
            if exchange.has_answer_bytes:
                reason = "the connection was cut in the middle of the answer"
                exchange.fail(OutcomeUnknownError(reason, status=exchange.parser.status))
            else:
                exchange.fail(StaleConnectionError("the connection was cut before the answer"))
        self._wake_writer()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """The peer takes no more for now."""
        self._may_write = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The peer takes more again."""
        self._wake_writer()

    def _wake_writer(self) -> None:
        if self._may_write is not None and not self._may_write.done():
            self._may_write.set_result(None)
        self._may_write = None
