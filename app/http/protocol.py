"""HTTP/1.1 on a client's connection: one request at a time, with limits on everything.

A subclass of uvicorn's httptools protocol, which is not hardened against untrusted clients: on an upgrade it ends the
message at its head, so that the body is parsed as the next request (Kludex/uvicorn#2722), it has no limits on heads,
pipelined requests or their duration, and it adds the trailers of a body to the headers of the running request.

Here a connection reads one request at a time. Further bytes stay unparsed until the response is sent, and the socket is
not read meanwhile. The parser gets only complete heads within the limits; the end of a body is determined here. A
client that closes its sending side counts as disconnected, as in uvicorn.
"""

import asyncio
from functools import partial
from typing import Any, cast

import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.watched_event import WatchedEvent
from app.db.base import utc_now
from app.errors import RequestTooSlowError, SeedgateError
from app.http.chunked_body import ChunkedBody
from app.http.connections import ConnectionTable
from app.http.errors import render_refusal
from app.http.fast_path import MAX_BODY_BYTES, FastExchange, FastPath, Later
from app.http.head_parser import HeadParser, RequestHead, path_of
from app.http.message_head import CHUNKED, HEAD_END, LINE_END, check_unfinished_head
from app.http.request_cycle import Flow, RequestCycle, ResponseTransport
from app.ids import new_request_id
from app.observability.counters import REQUESTS

_log = structlog.get_logger("access")

# Smaller buffers are not accounted: such a request arrives together with its head.
_MIN_ACCOUNTED_BYTES = 4096
# A body that takes longer is read by the application, with its deadlines and its errors.
_GATHERING_SECONDS = 1.0
# How long a stopping server waits for a client.
_SHUTDOWN_TIMEOUT_SECONDS = 5.0
_NEVER = float("inf")


# The states of a connection. The code compares them: first those between requests, then during one, then at the end.
#
#     NEW ──▶ HEAD ──▶ BODY ──▶ RESPONDING ──▶ IDLE ──▶ HEAD …
#              ├──answered at once──▶ IDLE
#              ├──by the fast path──▶ WAITING ──▶ IDLE | RESPONDING
#              ├──by it, with a body──▶ GATHERING ──▶ WAITING | BODY
#                        ├──early response──▶ DRAINING ──▶ IDLE
#                        └──cannot be read──▶ FAILED
#     any ──refused, or not kept alive──▶ LINGERING | CLOSING ──▶ CLOSED
#
# Plain integers, because they are compared several times per request.
_NEW = 0  # no byte has arrived yet
_IDLE = 1  # between two requests
_HEAD = 2  # a head has begun
_GATHERING = 3  # the head is complete, the body is not, and the fast path will answer
_BODY = 4  # the head is complete, the body is not
_RESPONDING = 5  # the request is complete, the response is not
_FAILED = 6  # the rest of the body cannot be read, which the response will report
_WAITING = 7  # the request is complete, and the fast path will answer it
_DRAINING = 8  # the response is complete, the body is not
_LINGERING = 9  # the response is sent; further input is dropped until the client closes
_CLOSING = 10  # all input is read; the last bytes are being sent
_CLOSED = 11


class HttpProtocol(HttpToolsProtocol):
    """One client connection, created by uvicorn with a table that all connections of the server share."""

    cycle: RequestCycle
    flow: Flow

    def __init__(self, *arguments: Any, table: ConnectionTable, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.table = table
        self._heads = HeadParser()
        self._fast: FastPath | None = self.app_state.get("fast_path")
        self._fast_exchange: FastExchange | None = self.app_state.get("fast_create")
        # The request whose body is awaited for the fast path, and what that needs to answer it.
        self._gathered: tuple[RequestHead, Any] | None = None
        # Set when the client disconnects while the fast path works on its request.
        self._gone: WatchedEvent | None = None
        self.address = ""
        self.port: int | None = None
        self._phase = _NEW
        self._deadline = _NEVER
        # When a part of a body last arrived, and when the client last read something.
        self._progress_at = 0.0
        self._unsent_at = 0.0
        self._unsent_bytes = 0
        self._is_stopping = False
        # Unparsed bytes, and how many of them were already searched for the end of the head.
        self._pending = b""
        self._searched_bytes = 0
        self._held_bytes = 0
        self._response_transport: ResponseTransport | None = None
        # The pending bytes cannot be parsed before more arrive; or parsing continues in a scheduled call.
        self._is_starved = False
        self._next_step: asyncio.Handle | None = None
        # How many bytes of the current request's body have not arrived.
        self._body_left = 0
        self._chunks: ChunkedBody | None = None

    # ---- events of the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts to serve the connection, unless there are too many."""
        super().connection_made(transport)
        self.flow = Flow(transport)
        self.address = self.client[0] if self.client else ""
        self.port = self.server[1] if self.server else None
        if not self.table.admit(self, self.loop):
            self.cut()
            return
        self._deadline = self.loop.time() + self.table.limits.first_byte_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        """Removes the connection; whatever works on its request is told that the client has disconnected."""
        self._leave_to_application()
        if self._gone is not None:
            self._gone.set()
        self._phase = _CLOSED
        self._pending = b""
        self.table.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handles bytes from the client."""
        if self._phase >= _LINGERING:
            return
        self._progress_at = self.loop.time()
        self._pending = self._pending + data if self._pending else data
        self._advance()

    def pause_writing(self) -> None:
        """The write buffer is full: the client reads more slowly than it is sent to."""
        super().pause_writing()
        self._note_unsent(self.loop.time())

    def resume_writing(self) -> None:
        """Continues with the next request, once the client has read the previous response."""
        super().resume_writing()
        self._note_unsent(self.loop.time())
        self._advance()

    def shutdown(self) -> None:
        """Ends the connection because the server stops: at once, or after the current response."""
        self._is_stopping = True
        self._leave_to_application()
        if _BODY <= self._phase <= _FAILED:
            self.cycle.keep_alive = False
            self._advance()
        elif self._phase < _LINGERING and self._phase != _WAITING:
            self._close()

    # ---- called by the table

    def cut(self) -> None:
        """Ends the connection at once, without a response."""
        self._phase = _CLOSED
        self.transport.abort()

    def stalled_since(self) -> float | None:
        """Returns since when the application has waited for more of a body, or None when it does not."""
        if self._phase != _BODY or self.cycle.waiting_since is None:
            return None
        return max(self._progress_at, self.cycle.waiting_since)

    def check(self, now: float) -> None:
        """Ends the connection, or the body that the application waits for, if its deadline has passed."""
        limits = self.table.limits
        if self.transport.get_write_buffer_size() != self._unsent_bytes:
            self._note_unsent(now)
        elif self._unsent_bytes and now - self._unsent_at >= self._timeout(limits.unread_seconds):
            self.cut()
            return
        if self._phase == _LINGERING and self._deadline == _NEVER and not self._unsent_bytes:
            self._deadline = now + limits.linger_seconds
        stalled_since = self.stalled_since()
        if now >= self._deadline:
            self._time_out()
        elif stalled_since is not None and now - stalled_since >= self._timeout(limits.body_seconds):
            self._fail(RequestTooSlowError("The request body did not arrive in time."))

    def _timeout(self, seconds: float) -> float:
        """Returns a timeout, shortened while the server stops, because it waits for all connections."""
        return min(seconds, _SHUTDOWN_TIMEOUT_SECONDS) if self._is_stopping else seconds

    def _note_unsent(self, now: float) -> None:
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._unsent_at = now
        self._account()

    def _time_out(self) -> None:
        if self._phase == _GATHERING:
            self._leave_to_application()
            self._advance()
        elif self._phase == _HEAD:
            self._refuse(self._pending, RequestTooSlowError("The head of the request did not arrive in time."))
        elif self._phase >= _LINGERING:
            self.cut()
        else:
            self._close()

    # ---- reading

    def _advance(self) -> None:
        """Parses the pending bytes, as far as they belong to the current request."""
        if self._next_step is not None:
            self._next_step.cancel()
            self._next_step = None
        self._is_starved = False
        while self._pending and not self._is_starved and self._next_step is None:
            if self._phase <= _HEAD:
                if self.flow.write_paused:
                    break
                self._read_head()
            elif self._phase == _GATHERING:
                self._exchange_fast()
            elif self._phase in (_BODY, _DRAINING):
                self._read_body()
            elif self._phase in (_RESPONDING, _WAITING):
                break
            else:
                self._pending = b""
        self._pause_while_pending()
        self._account()

    def _pause_while_pending(self) -> None:
        """Stops reading from the socket while there are pending bytes that belong to a later request or step."""
        if self._pending and not self._is_starved:
            self.flow.is_held_back = True
            self.flow.pause_reading()
            if self._gone is not None:
                self._gone.is_prompt = False  # the end of the connection is behind the bytes that are not read
        elif self.flow.is_held_back:
            self.flow.is_held_back = False
            if self._phase != _BODY or len(self.cycle.body) <= HIGH_WATER_LIMIT:
                self.flow.resume_reading()

    def _read_head(self) -> None:
        """Parses a head and starts its request, if the head is complete."""
        data = self._pending
        end = data.find(HEAD_END, max(self._searched_bytes - len(HEAD_END) + 1, 0)) + len(HEAD_END)
        if end < len(HEAD_END):
            self._await_head(data)
            return
        head = data if end == len(data) else data[:end]
        self._pending = data[end:]
        self._searched_bytes = 0
        try:
            parsed = self._heads.parse(head)
        except SeedgateError as error:
            self._refuse(head, error)
        else:
            if not self._answer_fast(parsed) and not self._gather(parsed):
                self._start(parsed)

    def _answer_fast(self, head: RequestHead) -> bool:
        """Answers by ``app.http.fast_path``, without a request cycle, an asyncio task or the ASGI application.

        Returns:
            False when the application has to answer.
        """
        if self._fast is None or not head.is_kept_alive or head.is_body_held_back or self._is_stopping:
            return False
        # Negative for a chunked body, which has no known end.
        body_bytes = head.body_bytes
        if body_bytes and not 0 < body_bytes <= min(len(self._pending), MAX_BODY_BYTES):
            return False
        body = self._pending[:body_bytes]
        response = self._fast.answer(
            head,
            body,
            peer=self.address,
            port=self.port,
            default_headers=self.server_state.default_headers,
            respond=partial(self._answer_late, head, body),
        )
        if response is None:
            return False
        self._pending = self._pending[body_bytes:]
        if response is Later.LATER:
            self._await_fast()
        else:
            self._response_transport = None
            self._write_fast(response, self._progress_at)
        return True

    def _gather(self, head: RequestHead) -> bool:
        """Awaits a body if the fast path will answer the request; False when the application has to."""
        if self._fast_exchange is None or head.body_bytes <= 0 or not head.is_kept_alive or self._is_stopping:
            return False
        admitted = self._fast_exchange.admit(
            head,
            peer=self.address,
            port=self.port,
            default_headers=self.server_state.default_headers,
            respond=partial(self._answer_late, head, b""),
        )
        if admitted is None and not self._is_awaited(head):
            return False
        self._gathered = head, admitted
        self._phase = _GATHERING
        self._deadline = self._progress_at + _GATHERING_SECONDS
        self.table.set_idle(self, is_idle=False)
        return True

    def _is_awaited(self, head: RequestHead) -> bool:
        """Whether the fast path may answer once a short body that comes after its head is there."""
        is_short = len(self._pending) < head.body_bytes <= MAX_BODY_BYTES
        return self._fast is not None and is_short and not head.is_body_held_back and self._fast.awaits_body(head)

    def _exchange_fast(self) -> None:
        """Passes the request to the fast path when its body is complete."""
        assert self._fast_exchange is not None  # noqa: S101 - no body is gathered without it
        assert self._gathered is not None  # noqa: S101 - as the phase says
        head, admitted = self._gathered
        if len(self._pending) < head.body_bytes:
            self._is_starved = True
            return
        if admitted is None:
            self._gathered = None
            if not self._answer_fast(head):
                self._start(head)
            return
        body, self._pending = self._pending[: head.body_bytes], self._pending[head.body_bytes :]
        self._gathered = None
        self._await_fast()
        self._gone = WatchedEvent()
        # The server waits for these tasks when it stops, and cancels them in the end.
        task = self.loop.create_task(self._fast_exchange.answer(admitted, body, self._gone))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _leave_to_application(self) -> None:
        """Starts the application on a request whose body the fast path awaits, if there is one."""
        if self._phase == _GATHERING and self._gathered is not None:
            head, _ = self._gathered
            self._gathered = None
            self._start(head)

    def _await_fast(self) -> None:
        """Waits for an answer of the fast path."""
        # So that the application of the previous request can no longer end the connection.
        self._response_transport = None
        self._phase = _WAITING
        self._deadline = _NEVER
        self.table.set_idle(self, is_idle=False)

    def _answer_late(self, head: RequestHead, body: bytes, response: bytes | None) -> None:
        """Sends an answer of the fast path that was not ready at once; None starts the application instead."""
        if self._phase != _WAITING:
            return
        self._gone = None
        if response is None:
            self._pending = body + self._pending
            self._start(head)
            # The server began to stop while the answer was awaited.
            self.cycle.keep_alive = not self._is_stopping
            if body:
                self._advance()
            return
        if not self._is_stopping:
            self._write_fast(response, self.loop.time())
            return
        self._write_fast(response.replace(HEAD_END, b"\r\nconnection: close" + HEAD_END, 1), self.loop.time())
        self._close()

    def _write_fast(self, response: bytes, now: float) -> None:
        self.transport.write(response)
        self.server_state.total_requests += 1
        self._phase = _IDLE
        self._deadline = now + self.timeout_keep_alive
        self.table.touch(self)
        if self._pending:
            # In the next iteration of the loop: many pipelined requests would otherwise be answered in this one.
            self._next_step = self.loop.call_soon(self._advance)

    def _await_head(self, data: bytes) -> None:
        self._is_starved = True
        if self._phase != _HEAD:
            if data in (b"\r", LINE_END):
                # Old clients send an empty line after a body; it does not begin a request.
                return
            self._phase = _HEAD
            self._deadline = self.loop.time() + self.table.limits.head_seconds
        try:
            check_unfinished_head(data, self._searched_bytes)
        except SeedgateError as error:
            self._refuse(data, error)
        self._searched_bytes = len(data)

    def _start(self, head: RequestHead) -> None:
        """Starts the application on a request."""
        self._body_left = head.body_bytes
        self._chunks = ChunkedBody() if head.body_bytes == CHUNKED else None
        self._response_transport = ResponseTransport(self.transport, self._finish_response)
        self.cycle = RequestCycle(
            scope=self._scope_of(head),
            transport=cast("asyncio.Transport", self._response_transport),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=head.is_body_held_back,
            keep_alive=head.is_kept_alive,
            on_response=self.on_response_complete,
        )
        self._deadline = _NEVER
        self.table.set_idle(self, is_idle=False)
        if head.body_bytes:
            self._phase = _BODY
        else:
            self._phase = _RESPONDING
            self.cycle.more_body = False
            self.cycle.message_event.set()
        self._start_asgi_task(self.cycle, self.app)

    def _scope_of(self, head: RequestHead) -> Any:
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": head.version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme or "http",
            "method": head.method,
            "root_path": self.root_path,
            "path": self.root_path + head.path,
            "raw_path": self.root_path.encode("ascii") + head.raw_path,
            "query_string": head.query,
            "headers": list(head.headers),
            "state": self.app_state.copy(),
        }

    def _read_body(self) -> None:
        """Reads the pending bytes up to the end of the body."""
        try:
            if self._chunks is None:
                self._read_counted_body()
            else:
                self._read_chunks(self._chunks)
        except SeedgateError as error:
            self._fail(error)

    def _read_counted_body(self) -> None:
        part, self._pending = self._pending[: self._body_left], self._pending[self._body_left :]
        self._body_left -= len(part)
        self._deliver(part)
        if not self._body_left:
            self._end_message()

    def _read_chunks(self, chunks: ChunkedBody) -> None:
        part, count = chunks.read(self._pending)
        self._pending = self._pending[count:]
        self._deliver(part)
        if chunks.is_complete:
            self._end_message()
        elif chunks.is_starved:
            self._is_starved = True
        else:
            self._next_step = self.loop.call_soon(self._advance)

    def _deliver(self, part: bytes) -> None:
        """Passes a part of the body to the application, or drops it when the response is complete."""
        if not part or self._phase != _BODY or self.cycle.response_complete:
            return
        self.cycle.body += part
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def _end_message(self) -> None:
        if self._phase == _BODY:
            self._phase = _RESPONDING
            self.cycle.more_body = False
            self.cycle.message_event.set()
        elif self._phase == _DRAINING:
            self._become_idle()

    def _account(self) -> None:
        """Reports to the table how many bytes are unparsed, or not read by the client."""
        size = len(self._pending) + self._unsent_bytes
        if size < _MIN_ACCOUNTED_BYTES:
            size = 0
        if size != self._held_bytes:
            self._held_bytes = size
            self.table.hold(self, size)

    # ---- responding

    def on_response_complete(self) -> None:
        """Continues after a response: with the next request, or with the rest of a body that was not read."""
        self.server_state.total_requests += 1
        if self._phase >= _LINGERING or self.transport.is_closing():
            return
        if self._phase == _BODY:
            self._phase = _DRAINING
            self._deadline = self.loop.time() + self.table.limits.linger_seconds
            self.table.set_idle(self, is_idle=True)
        else:
            self._become_idle()
        # A large body may have paused reading.
        self.flow.resume_reading()
        if self._pending:
            self._advance()

    def _become_idle(self) -> None:
        self._phase = _IDLE
        self._deadline = self.loop.time() + self.timeout_keep_alive
        self.table.set_idle(self, is_idle=True)

    def _fail(self, error: SeedgateError) -> None:
        """Ends a body that cannot be read to its end; further input is dropped."""
        self._pending = b""
        if self._phase == _BODY and not self.cycle.response_started:
            self._phase = _FAILED
            self.cycle.fail(error)
            self.flow.resume_reading()
            return
        if self._phase == _BODY:
            self.cycle.abandon()
        self._finish()

    def _refuse(self, head: bytes, error: SeedgateError) -> None:
        """Responds to a head that the application will not see, as far as it arrived, and ends the connection."""
        request_id = new_request_id(utc_now())
        region = self.app_state.get("region", "")
        headers = self.server_state.default_headers
        path = path_of(head)
        self.transport.write(render_refusal(error, path, request_id=request_id, region=region, headers=headers))
        REQUESTS.labels("none", "other", "4xx").inc()
        _log.info("request_refused", request_id=request_id, code=error.code, status=error.status, client=self.address)
        self._finish()

    def _finish_response(self, response_transport: ResponseTransport) -> None:
        """Ends the connection for a request's application, unless the request is over."""
        if response_transport is self._response_transport:
            self._finish()

    def _finish(self) -> None:
        """Ends the connection once everything is sent.

        Closing a socket with unread input resets the connection, and the client would not get the response. While more
        input may arrive, only the sending side is closed, and the input is read and dropped for a few seconds.
        """
        if self._phase >= _LINGERING:
            return
        is_input_complete = self._phase == _RESPONDING and not self._pending
        if is_input_complete or not self.transport.can_write_eof():
            self._close()
            return
        self._pending = b""
        self._phase = _LINGERING
        # ``check`` sets it once everything is sent.
        self._deadline = _NEVER
        self.table.set_idle(self, is_idle=True)
        self.transport.write_eof()
        self.flow.is_held_back = False
        self.flow.resume_reading()

    def _close(self) -> None:
        """Closes the connection once the buffer is sent; the usual deadline for slow readers applies."""
        self._pending = b""
        self._phase = _CLOSING
        self._deadline = _NEVER
        self.table.set_idle(self, is_idle=True)
        self.transport.close()
