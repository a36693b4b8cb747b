"""HTTP/1.1 on a client's connection: one request in, at most one answer out, and a bound on everything.

A subclass of uvicorn's httptools protocol, which is not meant to stand in front of strangers: it ends a message at its
head when the client wishes to change the protocol, so that the body is taken for the next request
(Kludex/uvicorn#2722), sets no bound on heads, pipelined requests or the time they take, and adds the trailers of a
body to the headers of the running request.

Here a connection reads one request at a time. What has come beyond its end stays unparsed until its answer is sent,
and no more is read from the socket. The parser is fed with the head first, whole and within bounds, then with exactly
the bytes of the body, so that it never sees two messages at once.
"""

import asyncio
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httptools
import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.db.base import utc_now
from app.errors import MethodNotAllowedError, RequestTooSlowError, SeedgateError
from app.http.chunked_body import ChunkedBody
from app.http.connections import ConnectionTable
from app.http.message_head import (
    CHUNKED,
    HEAD_END,
    REFUSED_UPGRADE,
    MalformedRequestError,
    body_length,
    check_head_size,
    check_request_line,
    check_unfinished_head,
    split_target,
    without_blank_line,
    without_upgrade,
)
from app.http.rendering import render_error
from app.http.request_cycle import RequestCycle
from app.ids import new_request_id
from app.observability.metrics import REQUESTS

_log = structlog.get_logger("access")

_VERSIONS = ("1.1", "1.0")
# So little of an unread request is not worth counting: it has come in one piece with its head.
_UNCOUNTED_BYTES = 4096
_SHOWN_METHOD_BYTES = 32
_NEVER = float("inf")


# What a connection is doing. The order matters: it is between two requests, at one, or over.
#
#     NEW ──▶ HEAD ──▶ BODY ──▶ ANSWERING ──▶ IDLE ──▶ HEAD …
#                        ├──answered early──▶ DRAINING ──▶ IDLE
#                        └──cannot be read──▶ FAILED
#     any ──refused, or not kept──▶ LINGERING | CLOSING ──▶ CLOSED
#
# Plain numbers, because they are compared several times for each request.
_NEW = 0  # nothing has come yet
_IDLE = 1  # between two requests
_HEAD = 2  # a head has begun
_BODY = 3  # the head is complete, the body is not
_ANSWERING = 4  # the request is complete, its answer is not
_FAILED = 5  # the rest of the body cannot be read, as the answer will say
_DRAINING = 6  # the answer is complete, the body is not
_LINGERING = 7  # all has been said; what still comes is dropped until the client closes
_CLOSING = 8  # all has been said and read; the last bytes are being sent
_CLOSED = 9


class _Flow(FlowControl):
    """Reading and writing of one connection; reading stays paused while it is held back, whoever wants more."""

    is_held_back = False

    def resume_reading(self) -> None:
        if not self.is_held_back:
            super().resume_reading()


class HttpProtocol(HttpToolsProtocol):
    """One client connection. Made by uvicorn, with a table that all connections of the server share."""

    cycle: RequestCycle
    flow: _Flow

    def __init__(self, *arguments: Any, table: ConnectionTable, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.table = table
        self.address = ""
        self._phase = _NEW
        self._deadline = _NEVER
        self._progress_at = 0.0
        self._unsent_bytes = 0
        # What has come and was not parsed; of a head, how much was searched for its end.
        self._pending = b""
        self._searched_bytes = 0
        self._held_bytes = 0
        self._outlet: Any = None
        self._is_scheduled = False
        # Of the message that is being read.
        self._is_head_complete = False
        self._is_message_complete = False
        self._is_kept_alive = False
        self._refusal: SeedgateError | None = None
        self._body_left = 0
        self._chunks: ChunkedBody | None = None

    # ---- events of the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to serve a connection, unless there are too many."""
        super().connection_made(transport)
        self.flow = _Flow(transport)
        # What a cycle needs of a transport, but closing says all that there is to say before it closes.
        self._outlet = SimpleNamespace(write=transport.write, is_closing=transport.is_closing, close=self._finish)
        self.address = self.client[0] if self.client else ""
        if not self.table.admit(self, self.loop):
            self.cut()
            return
        self._deadline = self.loop.time() + self.table.limits.first_byte_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection; the application of a running request learns that its client has gone."""
        self._phase = _CLOSED
        self._pending = b""
        self.table.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes bytes from the client."""
        if self._phase >= _LINGERING:
            return
        self._progress_at = self.loop.time()
        self._pending = self._pending + data if self._pending else data
        self._advance()

    def pause_writing(self) -> None:
        """Notes that the client reads its answers more slowly than they come."""
        super().pause_writing()
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._progress_at = self.loop.time()
        self._account()

    def resume_writing(self) -> None:
        """Goes on with the next request, once the client has read the answer to the one before."""
        super().resume_writing()
        self._account()
        self._advance()

    def shutdown(self) -> None:
        """Ends the connection when the server stops: at once, or after the answer that is being made."""
        if _BODY <= self._phase <= _FAILED:
            self.cycle.keep_alive = False
        else:
            self.transport.close()

    # ---- what the table asks for

    def cut(self) -> None:
        """Ends the connection at once, without an answer."""
        self._phase = _CLOSED
        self.transport.abort()

    def check(self, now: float) -> None:
        """Ends the connection, or the body that is waited for, if its time is up."""
        if self._is_unread_for_too_long(now):
            self.cut()
        elif now >= self._deadline:
            self._end_what_is_late()
        elif self._phase == _BODY and self.cycle.waiting_since is not None:
            since = max(self._progress_at, self.cycle.waiting_since)
            if now - since >= self.table.limits.body_seconds:
                self._fail(RequestTooSlowError("The request body did not arrive in time."))

    def _is_unread_for_too_long(self, now: float) -> bool:
        if not (self.flow.write_paused or self._phase == _CLOSING):
            return False
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent_bytes:
            self._unsent_bytes = unsent
            self._progress_at = now
            self._account()
        return now - self._progress_at >= self.table.limits.unread_seconds

    def _end_what_is_late(self) -> None:
        if self._phase == _HEAD:
            self._refuse(RequestTooSlowError("The head of the request did not arrive in time."))
        elif self._phase >= _LINGERING:
            self.cut()
        else:
            self.transport.close()

    # ---- reading

    def _advance(self) -> None:
        """Parses what has come, as far as it belongs to the request that is being read."""
        self._is_scheduled = False
        while self._pending:
            if self._phase <= _HEAD:
                if self.flow.write_paused or not self._take_head():
                    break
            elif self._phase in (_BODY, _DRAINING):
                self._take_body()
                if self._is_scheduled:
                    break
            else:
                if self._phase != _ANSWERING:
                    self._pending = b""
                break
        self._hold_back()
        self._account()

    def _hold_back(self) -> None:
        """Stops reading from the socket while something waits to be parsed that is no unfinished head."""
        is_waiting = bool(self._pending) and (self._phase != _HEAD or self.flow.write_paused)
        if is_waiting:
            self.flow.is_held_back = True
            self.flow.pause_reading()
        elif self.flow.is_held_back:
            self.flow.is_held_back = False
            if self._phase != _BODY or len(self.cycle.body) <= HIGH_WATER_LIMIT:
                self.flow.resume_reading()

    def _take_head(self) -> bool:
        """Parses a head if all of it is there, and starts its request; says whether there is more to parse now."""
        data = self._pending
        end = data.find(HEAD_END, max(self._searched_bytes - len(HEAD_END) + 1, 0)) + len(HEAD_END)
        if end < len(HEAD_END):
            return self._await_head(data)
        head = data if end == len(data) else data[:end]
        self._pending = data[end:]
        self._reset_message()
        try:
            self._parse_head(head)
        except SeedgateError as error:
            self._refuse(error)
            return False
        self._start()
        return True

    def _await_head(self, data: bytes) -> bool:
        if self._phase != _HEAD:
            self._phase = _HEAD
            self._deadline = self.loop.time() + self.table.limits.head_seconds
        self._searched_bytes = len(data)
        try:
            check_unfinished_head(data)
        except SeedgateError as error:
            self._refuse(error)
        return False

    def _parse_head(self, head: bytes) -> None:
        check_head_size(head)
        head = without_blank_line(head)
        check_request_line(head)
        if b"upgrade" in head.lower():
            head = without_upgrade(head)
        try:
            self.parser.feed_data(head)
        except httptools.HttpParserInvalidMethodError:
            raise MethodNotAllowedError(head.partition(b" ")[0][:_SHOWN_METHOD_BYTES].decode("ascii")) from None
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            raise self._refusal or MalformedRequestError("it is no HTTP/1.1 or HTTP/1.0 request") from None
        if not self._is_head_complete or self._is_message_complete == bool(self._body_left):
            raise MalformedRequestError("it is no HTTP/1.1 or HTTP/1.0 request")

    def _start(self) -> None:
        """Lets the application work on the request whose head was read."""
        self.cycle = RequestCycle(
            scope=self.scope,
            transport=self._outlet,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue and bool(self._body_left),
            keep_alive=self._is_kept_alive,
            on_response=self.on_response_complete,
        )
        self._deadline = _NEVER
        self.table.set_idle(self, is_idle=False)
        if self._is_message_complete:
            self._phase = _ANSWERING
            self.cycle.more_body = False
            self.cycle.message_event.set()
        else:
            self._phase = _BODY
        self._start_asgi_task(self.cycle, self.app)

    def _take_body(self) -> None:
        """Feeds the parser with what belongs to the body, but not beyond its end."""
        try:
            if self._chunks is None:
                self._feed_counted_body()
            else:
                self._feed_chunked_body(self._chunks)
        except SeedgateError as error:
            self._fail(error)
            return
        if self._is_message_complete:
            self._end_message()

    def _feed_counted_body(self) -> None:
        part, self._pending = self._pending[: self._body_left], self._pending[self._body_left :]
        self._feed_body(part)
        self._body_left -= len(part)
        if self._is_message_complete == bool(self._body_left):
            raise MalformedRequestError("its body is not framed as its head says")

    def _feed_chunked_body(self, chunks: ChunkedBody) -> None:
        data, start = self._pending, 0
        try:
            while start < len(data) and not self._is_message_complete:
                if chunks.is_slice_used_up():
                    self._is_scheduled = True
                    self.loop.call_soon(self._advance)
                    return
                end = chunks.end_of_part(data, start)
                self._feed_body(data[start:end])
                chunks.check_part(end - start)
                start = end
        finally:
            self._pending = data[start:]

    def _feed_body(self, part: bytes) -> None:
        try:
            self.parser.feed_data(part)
        except httptools.HttpParserError:
            raise MalformedRequestError("its body is not framed as its head says") from None

    def _end_message(self) -> None:
        if self._phase == _BODY:
            self._phase = _ANSWERING
            self.cycle.more_body = False
            self.cycle.message_event.set()
        elif self._phase == _DRAINING:
            self._become_idle()

    def _account(self) -> None:
        """Tells the table how much of what this connection holds is an unfinished head, or was not read by it."""
        size = len(self._pending)
        if self.flow.write_paused:
            size += self.transport.get_write_buffer_size()
        if size < _UNCOUNTED_BYTES:
            size = 0
        if size != self._held_bytes:
            self._held_bytes = size
            self.table.hold(self, size)

    # ---- events of the parser

    def _reset_message(self) -> None:
        """Forgets all about the message before."""
        self._is_head_complete = False
        self._is_message_complete = False
        self._refusal = None
        self._searched_bytes = 0
        self._body_left = 0
        self._chunks = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a field of the head. Trailers are dropped: they must not become part of a request that runs already."""
        if self._is_head_complete:
            if self._chunks is not None:
                self._chunks.note_trailer()
            return
        name = name.lower()
        if name == REFUSED_UPGRADE:
            return
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        # Blanks behind a value are no part of it (RFC 9112 section 5.1); the parser leaves them there.
        self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Makes the scope of the request from its head.

        Raises:
            SeedgateError: the head is refused; the parser turns it into an error of its own.
        """
        self._is_head_complete = True
        try:
            self._read_head()
        except SeedgateError as error:
            self._refusal = error
            raise

    def _read_head(self) -> None:
        version = self.parser.get_http_version()
        method = self.parser.get_method().decode("ascii")
        if version not in _VERSIONS:
            raise MalformedRequestError("it is no HTTP/1.1 or HTTP/1.0 request")
        if self.parser.should_upgrade():
            # That is CONNECT, whose answer would turn the connection into a tunnel.
            raise MethodNotAllowedError(method)
        self._body_left = body_length(self.headers, version)
        if self._body_left == CHUNKED:
            self._chunks = ChunkedBody()
        path, query = split_target(self.url)
        text = path.decode("ascii")
        self.scope["method"] = method
        self.scope["http_version"] = version
        self.scope["path"] = self.root_path + (unquote(text) if "%" in text else text)
        self.scope["raw_path"] = self.root_path.encode("ascii") + path
        self.scope["query_string"] = query
        self._is_kept_alive = version == "1.1" and self.parser.should_keep_alive()
        if version == "1.0":
            # It knows of no interim answers.
            self.expect_100_continue = False

    def on_body(self, body: bytes) -> None:
        """Takes a part of the body; once the answer is complete, it is dropped."""
        if self._chunks is not None:
            self._chunks.note_data(len(body))
        if self._phase != _BODY or self.cycle.response_complete:
            return
        self.cycle.body += body
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def on_chunk_header(self) -> None:
        """Counts a chunk."""
        if self._chunks is not None:
            self._chunks.note_chunk()

    def on_message_complete(self) -> None:
        """Notes that the parser has seen the end of the message."""
        self._is_message_complete = True

    # ---- answering

    def on_response_complete(self) -> None:
        """Goes on after an answer: to the next request, or to the rest of a body that was not needed."""
        self.server_state.total_requests += 1
        if self._phase >= _LINGERING or self.transport.is_closing():
            return
        if self._phase == _BODY:
            self._phase = _DRAINING
            self._deadline = self.loop.time() + self.table.limits.linger_seconds
            self.table.set_idle(self, is_idle=True)
        else:
            self._become_idle()
        # A large body may have paused it.
        self.flow.resume_reading()
        if self._pending:
            self._advance()

    def _become_idle(self) -> None:
        self._phase = _IDLE
        self._deadline = self.loop.time() + self.timeout_keep_alive
        self.table.set_idle(self, is_idle=True)

    def _fail(self, error: SeedgateError) -> None:
        """Ends a body that cannot be read to its end. What still comes is dropped."""
        self._pending = b""
        if self._phase == _BODY:
            self._phase = _FAILED
            self.cycle.fail(error)
            self.flow.resume_reading()
        else:
            self._finish()

    def _refuse(self, error: SeedgateError) -> None:
        """Answers a head that no application will see, and ends the connection."""
        request_id = new_request_id(utc_now())
        state = {"request_id": request_id, "region": self.app_state.get("region", "")}
        response = render_error(error, {"path": "", "query_string": b"", "state": state})
        head = [STATUS_LINE[error.status]]
        own = [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
        for name, value in (*self.server_state.default_headers, *response.raw_headers, *own):
            head += [name, b": ", value, b"\r\n"]
        self.transport.write(b"".join([*head, b"\r\n", bytes(response.body)]))
        REQUESTS.labels("none", "other", "4xx").inc()
        _log.info("request_refused", request_id=request_id, code=error.code, status=error.status, client=self.address)
        self._finish()

    def _finish(self) -> None:
        """Ends the connection once what was said is sent.

        To close a socket on which unread input lies resets the connection, and the client never sees the answer. So
        while more may come, only our own side is closed, and the input is read and dropped for a few seconds.
        """
        if self._phase >= _LINGERING:
            return
        is_input_complete = self._phase == _ANSWERING and not self._pending
        self._pending = b""
        self._deadline = self.loop.time() + self.table.limits.linger_seconds
        self.table.set_idle(self, is_idle=True)
        if is_input_complete or not self.transport.can_write_eof():
            self._phase = _CLOSING
            self._deadline = _NEVER
            self._unsent_bytes = -1
            self.transport.close()
            return
        self._phase = _LINGERING
        self.transport.write_eof()
        self.flow.is_held_back = False
        self.flow.resume_reading()
