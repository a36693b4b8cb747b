"""Rules for the head of a request beyond the parser's, as pure functions over bytes.

llhttp, the parser of httptools, is strict about syntax. These rules decide what it leaves open: the size of a head, the
length of a body (an ambiguous one is refused), and requests to upgrade the protocol.
Source: RFC 9110 section 7.8, RFC 9112 sections 2, 3, 6 and 7.
"""

import re
from collections.abc import Sequence

from app.errors import HeadTooLargeError, InvalidParameterError

MAX_HEAD_BYTES = 64 * 1024
"""Limit of request line and fields together, and of the trailers and chunk extensions of a body."""

MAX_HEADERS = 100

LINE_END = b"\r\n"
HEAD_END = LINE_END + LINE_END

REFUSED_UPGRADE = b"seedgate-refused-upgrade"
"""Name of a field that is not passed to the application."""

CHUNKED = -1
"""The length of a chunked body."""

# The line ends of the request line and of the empty line.
_LINES_BESIDES_FIELDS = 2
_LENGTH = re.compile(rb"[0-9]{1,18}")
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP/1\.[01]\r\n")
_REQUEST_LINE_START = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}(?: |\Z)")
_UPGRADE_FIELD = re.compile(rb"\r\nupgrade:", re.IGNORECASE)

Headers = Sequence[tuple[bytes, bytes]]


class MalformedRequestError(InvalidParameterError):
    """400: the bytes are no HTTP/1.x request, or an ambiguous one."""

    def __init__(self, reason: str) -> None:
        super().__init__(None, f"The request is malformed: {reason}.")


def check_request_line(head: bytes) -> None:
    """Checks the request line; the parser also accepts several blanks, and RTSP instead of HTTP.

    Raises:
        MalformedRequestError: 400, it is not exactly a method, a target and HTTP/1.1 or HTTP/1.0.
    """
    if not _REQUEST_LINE.match(head):
        raise MalformedRequestError("its first line is no request line of HTTP/1.1 or HTTP/1.0")


def check_head_size(head: bytes) -> None:
    """Checks the size of a head, or of the part that has arrived.

    Raises:
        HeadTooLargeError: 431, it has too many bytes or fields.
    """
    if len(head) > MAX_HEAD_BYTES:
        raise HeadTooLargeError(f"The head of the request is larger than {MAX_HEAD_BYTES} bytes.")
    if head.count(b"\r\n") > MAX_HEADERS + _LINES_BESIDES_FIELDS:
        raise HeadTooLargeError(f"The request has more than {MAX_HEADERS} header fields.")


def check_unfinished_head(head: bytes, checked_bytes: int) -> None:
    """Refuses early what cannot become a valid head, such as a TLS handshake or a request of HTTP/0.9.

    Args:
        head: the part that has arrived.
        checked_bytes: how much of it was checked before.

    Raises:
        HeadTooLargeError: 431, it is too large already.
        MalformedRequestError: 400, its request line is complete and not HTTP/1.x, or a line end is not CRLF.
    """
    if len(head) > MAX_HEAD_BYTES or checked_bytes == 0 or head.find(b"\n", checked_bytes) >= 0:
        check_head_size(head)
        _check_lines(head)


def _check_lines(head: bytes) -> None:
    start = without_blank_line(head)
    if b"\n" in start:
        check_request_line(start)
    elif start not in {b"", b"\r"} and not _REQUEST_LINE_START.match(start):
        raise MalformedRequestError("it does not begin with a method")
    if head.count(b"\n") != head.count(LINE_END):
        raise MalformedRequestError("a line of its head does not end in CRLF")


def without_blank_line(head: bytes) -> bytes:
    """Returns a head without the empty line that old clients send after the body of the previous request."""
    return head[2:] if head.startswith(b"\r\n") else head


def without_upgrade(head: bytes) -> bytes:
    """Returns a complete head in which the field ``Upgrade`` is renamed to ``REFUSED_UPGRADE``.

    A server may ignore an upgrade (RFC 9110 section 7.8). The parser does not: it ends the message at its head, so that
    the body would be parsed as the next request. The line stays, so that the parser checks its syntax.
    """
    return _UPGRADE_FIELD.sub(b"\r\n" + REFUSED_UPGRADE + b":", head)


def body_length(headers: Headers, http_version: str) -> int:
    """Returns how many bytes the body has, or ``CHUNKED``.

    Args:
        headers: names in lower case.
        http_version: ``1.1`` or ``1.0``.

    Raises:
        MalformedRequestError: 400, the length is not stated in exactly one way, or ``Host`` is repeated or, in
            HTTP/1.1, absent.
    """
    lengths: list[bytes] = []
    codings: list[bytes] = []
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            codings.append(value)
    if hosts > 1 or (hosts == 0 and http_version != "1.0"):
        raise MalformedRequestError("it must have exactly one Host field")
    if codings:
        return _chunked(codings, lengths, http_version)
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise MalformedRequestError("its Content-Length is not one decimal number")
    return int(lengths[0])


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Splits a request target (a path, an absolute URL or ``*``) into path and query.

    Raises:
        MalformedRequestError: 400, it is none of these.
    """
    if not target.isascii() or b"#" in target:
        raise MalformedRequestError("its target is no path with a query")
    if not target.startswith((b"/", b"*")):
        scheme, separator, rest = target.partition(b"://")
        if not separator or scheme.lower() not in {b"http", b"https"}:
            raise MalformedRequestError("its target is no path with a query")
        authority = re.match(rb"[^/?]+", rest)
        if authority is None:
            raise MalformedRequestError("its target names no host")
        target = rest[authority.end() :]
        if not target.startswith(b"/"):
            target = b"/" + target
    path, _, query = target.partition(b"?")
    if path.startswith(b"*") and target != b"*":
        raise MalformedRequestError("its target is no path with a query")
    return path, query


def _chunked(codings: list[bytes], lengths: list[bytes], http_version: str) -> int:
    if lengths:
        raise MalformedRequestError("it has both a Content-Length and a Transfer-Encoding")
    if len(codings) > 1 or codings[0].strip(b" \t").lower() != b"chunked" or http_version == "1.0":
        raise MalformedRequestError("the one Transfer-Encoding that is read is `chunked`, in HTTP/1.1")
    return CHUNKED
