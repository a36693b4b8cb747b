"""Parses the head of a request: httptools for the syntax, ``app.http.message_head`` for what it leaves open. Pure."""

from dataclasses import dataclass, field
from typing import Any

import httptools

from app.errors import MethodNotAllowedError
from app.http.exact_paths import MAX_PATH_BYTES, unescaped
from app.http.message_head import (
    REFUSED_UPGRADE,
    MalformedRequestError,
    body_length,
    check_head_size,
    check_request_line,
    split_target,
    without_blank_line,
    without_upgrade,
)

_VERSIONS = ("1.1", "1.0")
_SHOWN_METHOD_BYTES = 32
_NO_REQUEST = "it is no HTTP/1.1 or HTTP/1.0 request"


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A head without faults.

    Attributes:
        method: in upper case.
        version: ``1.1`` or ``1.0``.
        path: decoded.
        raw_path: as received.
        query: as received, without the question mark.
        headers: names in lower case.
        body_bytes: the length of the body, or ``CHUNKED``.
        is_kept_alive: the client may send another request on the connection.
        is_body_held_back: the client waits for ``100 Continue`` before it sends the body.
    """

    method: str
    version: str
    path: str
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body_bytes: int
    is_kept_alive: bool
    is_body_held_back: bool


def parse_head(data: bytes) -> RequestHead:
    """Parses a complete head, which ends with an empty line.

    Raises:
        HeadTooLargeError: 431, it has too many bytes or fields.
        MethodNotAllowedError: 405, the method is unknown or would open a tunnel.
        MalformedRequestError: 400, it is not the head of an HTTP/1.x request, or an ambiguous one.
    """
    check_head_size(data)
    data = without_blank_line(data)
    check_request_line(data)
    if b"upgrade" in data.lower():
        data = without_upgrade(data)
    message = _Message()
    parser = httptools.HttpRequestParser(message)
    message.parser = parser
    is_accepted = True
    try:
        parser.feed_data(data)
    except httptools.HttpParserInvalidMethodError:
        raise MethodNotAllowedError(data.partition(b" ")[0][:_SHOWN_METHOD_BYTES].decode("ascii")) from None
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        is_accepted = False
    if message.is_head_complete:
        # Also of a head that the parser has refused, because these errors name the fault.
        head = message.to_head()
        if is_accepted and message.is_complete != bool(head.body_bytes):
            return head
    raise MalformedRequestError(_NO_REQUEST)


@dataclass(slots=True)
class _Message:
    """What the parser reports of one head. It says more only while ``on_headers_complete`` runs."""

    parser: Any = None
    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    method: str = ""
    version: str = ""
    is_upgrade: bool = False
    is_kept_alive: bool = False
    is_body_held_back: bool = False
    is_head_complete: bool = False
    is_complete: bool = False

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == REFUSED_UPGRADE:
            return
        if name == b"expect" and value.lower() == b"100-continue":
            self.is_body_held_back = True
        # Trailing blanks do not belong to the value (RFC 9112 section 5.1); the parser does not remove them.
        self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.is_head_complete = True
        self.version = self.parser.get_http_version()
        self.method = self.parser.get_method().decode("ascii")
        self.is_upgrade = self.parser.should_upgrade()
        self.is_kept_alive = self.parser.should_keep_alive()

    def on_message_complete(self) -> None:
        self.is_complete = True

    def to_head(self) -> RequestHead:
        if self.version not in _VERSIONS:
            raise MalformedRequestError(_NO_REQUEST)
        if self.is_upgrade:
            # Only CONNECT is left, whose success would make the connection a tunnel.
            raise MethodNotAllowedError(self.method)
        body_bytes = body_length(self.headers, self.version)
        path, query = split_target(self.target)
        return RequestHead(
            method=self.method,
            version=self.version,
            # A path that is too long for any route is only logged, so it is not decoded.
            path=unescaped(path).decode(errors="replace") if len(path) <= MAX_PATH_BYTES else path.decode("ascii"),
            raw_path=path,
            query=query,
            headers=self.headers,
            body_bytes=body_bytes,
            # HTTP/1.0 has no interim responses, and is not kept alive here.
            is_kept_alive=self.is_kept_alive and self.version == "1.1",
            is_body_held_back=self.is_body_held_back and self.version == "1.1" and body_bytes != 0,
        )
