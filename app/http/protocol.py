"""HTTP/1.1 on a client's connection: one request in, at most one answer out, and a bound on everything.

A subclass of uvicorn's httptools protocol, which is not meant to stand in front of strangers: it ends a message at its
head when the client wishes to change the protocol, so that the body is taken for the next request
(Kludex/uvicorn#2722), sets no bound on heads, pipelined requests or the time they take, and adds the trailers of a
body to the headers of the running request.

Here a connection reads one request at a time. What has come beyond its end stays unparsed until its answer is sent,
and no more is read from the socket. The parser is given heads only, each whole and within bounds; where a body ends
is decided here. A client that closes its sending half has gone, as uvicorn sees it.
"""

import asyncio
from http import HTTPStatus
from typing import Any, cast

import httptools
import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.db.base import utc_now
from app.errors import MethodNotAllowedError, RequestTooSlowError, SeedgateError
from app.http.chunked_body import ChunkedBody
from app.http.connections import ConnectionTable
from app.http.exact_paths import MAX_PATH_BYTES, unescaped
from app.http.message_head import (
    CHUNKED,
    HEAD_END,
    LINE_END,
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
_METHODS = "DELETE, GET, HEAD, PATCH, POST, PUT"
# A server that stops waits for no client longer than that.
_STOPPING_SECONDS = 5.0
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


class _Outlet:
    """What a cycle needs of a transport. Closing it says all that there is to say first.

    An application that fails after its answer must not end the connection on which the next request runs already.
    """

    __slots__ = ("_protocol", "is_closing", "write")

    def __init__(self, protocol: "HttpProtocol") -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        self._protocol.finish(self)


class HttpProtocol(HttpToolsProtocol):
    """One client connection. Made by uvicorn, with a table that all connections of the server share."""

    cycle: RequestCycle
    flow: _Flow

    def __init__(self, *arguments: Any, table: ConnectionTable, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.table = table
        self.address = ""
        self.port: int | None = None
        self._phase = _NEW
        self._deadline = _NEVER
        # When something last came of a body, and when something was last read of the answers.
        self._progress_at = 0.0
        self._unsent_at = 0.0
        self._unsent_bytes = 0
        self._is_stopping = False
        # What has come and was not parsed; of a head, how much was searched for its end.
        self._pending = b""
        self._searched_bytes = 0
        self._held_bytes = 0
        self._outlet: _Outlet | None = None
        # What is pending cannot be parsed before more of it has come; or will be, in a turn that is scheduled.
        self._is_starved = False
        self._turn: asyncio.Handle | None = None
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
        self.address = self.client[0] if self.client else ""
        self.port = self.server[1] if self.server else None
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
        self._note_unsent(self.loop.time())

    def resume_writing(self) -> None:
        """Goes on with the next request, once the client has read the answer to the one before."""
        super().resume_writing()
        self._note_unsent(self.loop.time())
        self._advance()

    def shutdown(self) -> None:
        """Ends the connection when the server stops: at once, or after the answer that is being made."""
        self._is_stopping = True
        if _BODY <= self._phase <= _FAILED:
            self.cycle.keep_alive = False
        elif self._phase < _LINGERING:
            self._close()

    # ---- what the table asks for

    def cut(self) -> None:
        """Ends the connection at once, without an answer."""
        self._phase = _CLOSED
        self.transport.abort()

    def stalled_since(self) -> float | None:
        """Returns since when the application has been waiting for more of a body; None when it is not."""
        if self._phase != _BODY or self.cycle.waiting_since is None:
            return None
        return max(self._progress_at, self.cycle.waiting_since)

    def check(self, now: float) -> None:
        """Ends the connection, or the body that is waited for, if its time is up."""
        limits = self.table.limits
        if self.transport.get_write_buffer_size() != self._unsent_bytes:
            self._note_unsent(now)
        elif self._unsent_bytes and now - self._unsent_at >= self._patience(limits.unread_seconds):
            self.cut()
            return
        if self._phase == _LINGERING and self._deadline == _NEVER and not self._unsent_bytes:
            self._deadline = now + limits.linger_seconds
        stalled_since = self.stalled_since()
        if now >= self._deadline:
            self._end_what_is_late()
        elif stalled_since is not None and now - stalled_since >= self._patience(limits.body_seconds):
            self._fail(RequestTooSlowError("The request body did not arrive in time."))

    def _patience(self, seconds: float) -> float:
        """Returns how long a client is waited for: less when the server stops, which waits for all connections."""
        return min(seconds, _STOPPING_SECONDS) if self._is_stopping else seconds

    def _note_unsent(self, now: float) -> None:
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._unsent_at = now
        self._account()

    def _end_what_is_late(self) -> None:
        if self._phase == _HEAD:
            self._refuse(RequestTooSlowError("The head of the request did not arrive in time."))
        elif self._phase >= _LINGERING:
            self.cut()
        else:
            self._close()

    # ---- reading

    def _advance(self) -> None:
        """Parses what has come, as far as it belongs to the request that is being read."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._is_starved = False
        while self._pending and not self._is_starved and self._turn is None:
            if self._phase <= _HEAD:
                if self.flow.write_paused:
                    break
                self._take_head()
            elif self._phase in (_BODY, _DRAINING):
                self._take_body()
            elif self._phase == _ANSWERING:
                break
            else:
                self._pending = b""
        self._hold_back()
        self._account()

    def _hold_back(self) -> None:
        """Stops reading from the socket while something waits to be parsed that is all there."""
        if self._pending and not self._is_starved:
            self.flow.is_held_back = True
            self.flow.pause_reading()
        elif self.flow.is_held_back:
            self.flow.is_held_back = False
            if self._phase != _BODY or len(self.cycle.body) <= HIGH_WATER_LIMIT:
                self.flow.resume_reading()

    def _take_head(self) -> None:
        """Parses a head and starts its request, if all of the head is there."""
        data = self._pending
        end = data.find(HEAD_END, max(self._searched_bytes - len(HEAD_END) + 1, 0)) + len(HEAD_END)
        if end < len(HEAD_END):
            self._await_head(data)
            return
        head = data if end == len(data) else data[:end]
        self._pending = data[end:]
        self._reset_message()
        try:
            self._parse_head(head)
        except SeedgateError as error:
            self._refuse(error)
        else:
            self._start()

    def _await_head(self, data: bytes) -> None:
        self._is_starved = True
        if self._phase != _HEAD:
            if data in (b"\r", LINE_END):
                # Old clients send it behind a body; as long as nothing follows, no request has begun.
                return
            self._phase = _HEAD
            self._deadline = self.loop.time() + self.table.limits.head_seconds
        try:
            check_unfinished_head(data, self._searched_bytes)
        except SeedgateError as error:
            self._refuse(error)
        self._searched_bytes = len(data)

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
        self._outlet = _Outlet(self)
        self.cycle = RequestCycle(
            scope=self.scope,
            transport=cast("asyncio.Transport", self._outlet),
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
        """Reads what belongs to the body, but not beyond its end."""
        try:
            if self._chunks is None:
                self._take_counted_body()
            else:
                self._take_chunks(self._chunks)
        except SeedgateError as error:
            self._fail(error)

    def _take_counted_body(self) -> None:
        part, self._pending = self._pending[: self._body_left], self._pending[self._body_left :]
        self._body_left -= len(part)
        self._give(part)
        if not self._body_left:
            self._end_message()

    def _take_chunks(self, chunks: ChunkedBody) -> None:
        part, count = chunks.read(self._pending)
        self._pending = self._pending[count:]
        self._give(part)
        if chunks.is_complete:
            self._end_message()
        elif chunks.is_starved:
            self._is_starved = True
        else:
            self._turn = self.loop.call_soon(self._advance)

    def _give(self, part: bytes) -> None:
        """Gives the application a part of the body; once its answer is complete, the part is dropped."""
        if not part or self._phase != _BODY or self.cycle.response_complete:
            return
        self.cycle.body += part
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def _end_message(self) -> None:
        if self._phase == _BODY:
            self._phase = _ANSWERING
            self.cycle.more_body = False
            self.cycle.message_event.set()
        elif self._phase == _DRAINING:
            self._become_idle()

    def _account(self) -> None:
        """Tells the table how much this connection holds of what was not parsed, or not read by its client."""
        size = len(self._pending) + self._unsent_bytes
        if size < _UNCOUNTED_BYTES:
            size = 0
        if size != self._held_bytes:
            self._held_bytes = size
            self.table.hold(self, size)

    # ---- events of the parser

    def _reset_message(self) -> None:
        """Forgets all about the message before; a parser that waits for a body waits in vain."""
        if self._is_head_complete and not self._is_message_complete:
            self.parser = httptools.HttpRequestParser(self)
        self._is_head_complete = False
        self._is_message_complete = False
        self._refusal = None
        self._searched_bytes = 0
        self._body_left = 0
        self._chunks = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a field of the head."""
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
        # What is too long for any route is only logged, and is not worth decoding.
        text = unescaped(path).decode(errors="replace") if len(path) <= MAX_PATH_BYTES else path.decode("ascii")
        self.scope["method"] = method
        self.scope["http_version"] = version
        self.scope["path"] = self.root_path + text
        self.scope["raw_path"] = self.root_path.encode("ascii") + path
        self.scope["query_string"] = query
        self._is_kept_alive = version == "1.1" and self.parser.should_keep_alive()
        if version == "1.0":
            # It knows of no interim answers.
            self.expect_100_continue = False

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
        if self._phase == _BODY and not self.cycle.response_started:
            self._phase = _FAILED
            self.cycle.fail(error)
            self.flow.resume_reading()
            return
        if self._phase == _BODY:
            self.cycle.give_up()
        self._finish()

    def _refuse(self, error: SeedgateError) -> None:
        """Answers a head that no application will see, and ends the connection."""
        request_id = new_request_id(utc_now())
        state = {"request_id": request_id, "region": self.app_state.get("region", "")}
        response = render_error(error, {"path": "", "state": state})
        if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = _METHODS
        head = [STATUS_LINE[error.status]]
        own = [(b"x-request-id", request_id.encode()), (b"connection", b"close")]
        for name, value in (*self.server_state.default_headers, *response.raw_headers, *own):
            head += [name, b": ", value, b"\r\n"]
        self.transport.write(b"".join([*head, b"\r\n", bytes(response.body)]))
        REQUESTS.labels("none", "other", "4xx").inc()
        _log.info("request_refused", request_id=request_id, code=error.code, status=error.status, client=self.address)
        self._finish()

    def finish(self, outlet: _Outlet) -> None:
        """Ends the connection for the application of the request that has this outlet, if it is not over yet."""
        if outlet is self._outlet:
            self._finish()

    def _finish(self) -> None:
        """Ends the connection once what was said is sent.

        To close a socket on which unread input lies resets the connection, and the client never sees the answer. So
        while more may come, only our own side is closed, and the input is read and dropped for a few seconds.
        """
        if self._phase >= _LINGERING:
            return
        is_input_complete = self._phase == _ANSWERING and not self._pending
        if is_input_complete or not self.transport.can_write_eof():
            self._close()
            return
        self._pending = b""
        self._phase = _LINGERING
        # From when all is sent, as ``check`` sees it.
        self._deadline = _NEVER
        self.table.set_idle(self, is_idle=True)
        self.transport.write_eof()
        self.flow.is_held_back = False
        self.flow.resume_reading()

    def _close(self) -> None:
        """Closes the connection; an answer that is not read is waited for as long as any other."""
        self._pending = b""
        self._phase = _CLOSING
        self._deadline = _NEVER
        self.table.set_idle(self, is_idle=True)
        self.transport.close()
