"""HTTP/1.1: encoding one request, parsing one response. Pure: no sockets, no clock."""

import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import NoReturn

import httptools

from app.upstream.errors import NotSentError, OutcomeUnknownError
from app.upstream.http.messages import Headers, HttpResponse, header_values

_MAX_HEAD_BYTES = 65_536
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(rb"[\r\n\0]")
_TARGET = re.compile(rb"[\x21-\x7e]+")
_FRAMING_NAMES = frozenset({b"content-length", b"transfer-encoding"})
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_SWITCHING_PROTOCOLS = 101
_BODILESS_STATUSES = frozenset({204, 304})


def encode_head(method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body_bytes: int) -> bytes:
    """Returns the request line and headers; the body is always sent with a ``Content-Length``.

    Args:
        method: upper case.
        target: origin-form, ``/path?query``.
        headers: ``Host`` included; those that frame the body are replaced.
        body_bytes: length of the body.

    Raises:
        NotSentError: a part contains a character that could end a line or a field early.
    """
    if not _TARGET.fullmatch(target) or not method.isalpha():
        raise NotSentError("the request line contains a forbidden character")
    parts = [b"%b %b HTTP/1.1\r\n" % (method.encode(), target)]
    for name, value in headers:
        is_framing = _is_framing(name)
        if _FORBIDDEN.search(value):
            raise NotSentError(f"the header {name.decode()} contains a forbidden character")
        if not is_framing:
            parts += (name, b": ", value, b"\r\n")
    if body_bytes or method in _METHODS_WITH_BODY:
        parts.append(b"Content-Length: %d\r\n" % body_bytes)
    parts.append(b"\r\n")
    return b"".join(parts)


@lru_cache(maxsize=256)  # the names of our own headers: 5 µs less for each head
def _is_framing(name: bytes) -> bool:
    """Whether a header frames the body.

    Raises:
        NotSentError: the name contains a forbidden character.
    """
    if not _NAME.fullmatch(name):
        raise NotSentError("a header's name contains a forbidden character")
    return name.lower() in _FRAMING_NAMES


class ResponseParser:
    """Parses one response from the bytes of a connection; informational ones (1xx) are skipped.

    The ``on_…`` methods are the callbacks of httptools.

    Attributes:
        status: the HTTP status of the final response, or None until its head is complete.
        is_complete: the response is complete.
        has_trailing_bytes: bytes arrived after the end of the response; the connection must be dropped.
        is_keep_alive: the peer keeps the connection open after this response.
    """

    def __init__(self, *, is_head: bool, max_body_bytes: int) -> None:
        self.status: int | None = None
        self.is_complete = False
        self.has_trailing_bytes = False
        self.is_keep_alive = False
        self._is_head = is_head
        self._is_informational = False
        self._ends_with_connection = False
        self._max_body_bytes = max_body_bytes
        self._head_bytes = 0
        self._body_bytes = 0
        self._headers: Headers = []
        self._body: list[bytes] = []
        self._failure: str | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Parses the next bytes.

        Raises:
            OutcomeUnknownError: they are not HTTP, or exceed a limit.
        """
        if self.is_complete or self._parser is None:
            self.has_trailing_bytes = True
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail_parsing()
        if self.status is None:
            self._head_bytes += len(data)
            if self._head_bytes > _MAX_HEAD_BYTES:
                raise OutcomeUnknownError("the answer's head is too large")

    def feed_end(self) -> None:
        """Handles the orderly end of the connection.

        Raises:
            OutcomeUnknownError: the response is not complete.
        """
        if self._ends_with_connection:
            self.is_complete = True
        if not self.is_complete:
            raise OutcomeUnknownError("the connection ended in the middle of the answer", status=self.status)

    def response(self) -> HttpResponse:
        """Returns the complete response and releases the parser.

        Raises:
            OutcomeUnknownError: the body cannot be decoded, or is too large once it is.
        """
        self._parser = None  # breaks a reference cycle, so that no garbage collection is needed
        status = self.status or 0
        return decode_body(HttpResponse(status, self._headers, b"".join(self._body)), self._max_body_bytes)

    def on_message_begin(self) -> None:
        """A response starts; one after the final response counts as trailing bytes."""
        if self.is_complete:
            self.has_trailing_bytes = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        if self.status is None:  # later ones are trailers
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete."""
        parser = self._parser
        if parser is None or self.is_complete:
            return
        status = parser.get_status_code()
        if status == _SWITCHING_PROTOCOLS or status < 100:  # noqa: PLR2004 - HTTP
            self._fail("the answer's status is not a final status of HTTP")
        if status < 200:  # noqa: PLR2004 - HTTP
            self._is_informational = True
            self._headers = []
            return
        self.status = status
        if self._is_head or status in _BODILESS_STATUSES:
            self.is_complete = True
            self.is_keep_alive = parser.should_keep_alive()
            return
        self._check_framing(parser.get_http_version())

    def on_body(self, data: bytes) -> None:
        """A piece of the body, without its framing."""
        if self.is_complete:
            self.has_trailing_bytes = True
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._max_body_bytes:
            self._fail("the answer is too large")
        self._body.append(data)

    def on_message_complete(self) -> None:
        """A response is complete."""
        if self._is_informational:
            self._is_informational = False
        elif self._parser is not None and not self.is_complete:
            self.is_complete = True
            self.is_keep_alive = self._parser.should_keep_alive()

    def _fail_parsing(self) -> None:
        """Raises for bytes that cannot be parsed, unless the response was complete before them."""
        if not self.is_complete:
            raise OutcomeUnknownError(self._failure or "the answer is not HTTP", status=self.status) from None
        self.has_trailing_bytes = True

    def _check_framing(self, version: str) -> None:
        """Determines how the body ends; one that ends with the connection needs ``Connection: close`` or HTTP/1.0."""
        codings = [value.strip().lower() for value in header_values(self._headers, b"transfer-encoding")]
        if codings not in ([], [b"chunked"]):
            self._fail("the answer's transfer coding is not known")
        lengths = header_values(self._headers, b"content-length")
        if codings or lengths:
            return
        tokens = b",".join(header_values(self._headers, b"connection")).lower().split(b",")
        if version != "1.0" and b"close" not in [token.strip() for token in tokens]:
            self._fail("the answer's body has no end")
        self._ends_with_connection = True

    def _fail(self, reason: str) -> NoReturn:
        self._failure = reason
        raise OutcomeUnknownError(reason)


def decode_body(response: HttpResponse, max_body_bytes: int) -> HttpResponse:
    """Returns the response with a gzip body decoded.

    The decoded size is limited: 16 MiB of gzip may decode to 16 GiB.

    Raises:
        OutcomeUnknownError: the coding is another one, the data are broken, or too large once decoded.
    """
    codings = [value.strip().lower() for value in header_values(response.headers, b"content-encoding")]
    codings = [coding for coding in codings if coding != b"identity"]
    if not codings or not response.body:
        return response
    if codings not in ([b"gzip"], [b"x-gzip"]):
        raise OutcomeUnknownError("the answer's content coding is not known", status=response.status)
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = inflater.decompress(response.body, max_body_bytes + 1)
    except zlib.error:
        raise OutcomeUnknownError("the answer's gzip data are broken", status=response.status) from None
    if len(body) > max_body_bytes:
        raise OutcomeUnknownError("the answer is too large", status=response.status)
    if not inflater.eof or inflater.unused_data:
        raise OutcomeUnknownError("the answer's gzip data are broken", status=response.status)
    headers = [(name, value) for name, value in response.headers if name.lower() != b"content-encoding"]
    return HttpResponse(response.status, headers, body)
