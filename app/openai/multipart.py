"""Reads a multipart form as it arrives (RFC 7578): texts, and pictures as data URIs.

Of a picture only its base64 is kept, which is made of each piece as it comes; at the end of its part it is there twice
for a moment, 40 MiB more, of one picture at a time in a process. Of a video or a sound, which the upstream takes by URL
alone, nothing is kept. Pure: no I/O, no framework.
"""

import base64
import hashlib
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import HeadTooLargeError, InvalidParameterError, RequestTooLargeError, SeedgateError, shown_name
from app.openai.files import PICTURES, SNIFFED_BYTES, UploadedFile, sniff
from app.openai.form_fields import MAX_FIELDS, MAX_NAME_BYTES

MAX_PICTURE_BYTES = 30 * 1024 * 1024
"""A picture must be smaller. The upstream says 30 MB; where it means fewer bytes, it refuses the picture itself.

Source: reference ``upstream.md`` §1.2.
"""

MAX_PICTURES_BYTES = 47 * 1024 * 1024
"""All pictures together: their base64 has 62.7 MiB, and the upstream takes 64."""

_MAX_HEADERS = 8
_MAX_HEADER_BYTES = 2048
_TOO_LARGE_HEAD = "Maximum header "
_PLAIN_ENCODINGS = {"", "7bit", "8bit", "binary"}
_BASE64_STEP = 3
# What JSON writes as an escape, and by how many bytes that is longer at most.
_ESCAPED = bytes(range(32)) + b'"\\'
_ESCAPE_BYTES = 5


class _Text:
    """A part that is a text."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        """Takes the next bytes; returns how many they are in JSON, which is sent upstream and shown by a dry run."""
        self._data += data
        escaped = len(data) - len(data.translate(None, _ESCAPED))
        return len(data) + escaped * _ESCAPE_BYTES

    def finished(self) -> str:
        try:
            return self._data.decode()
        except UnicodeDecodeError:
            raise InvalidParameterError(shown_name(self._name), "A form field is no text in UTF-8.") from None


class _File:
    """A part that is a file.

    Attributes:
        size_bytes: how many bytes of a picture there were so far.
    """

    def __init__(self) -> None:
        self._head = b""
        self._media_type: str | None = None
        self._hash = hashlib.sha256()
        # What is not encoded yet: base64 takes three bytes at a time.
        self._rest = b""
        self._uri = bytearray()
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        """Takes the next bytes; returns by how many bytes of memory the file grew."""
        self._hash.update(data)
        before = len(self._uri)
        if self._media_type is None:
            self._head += data
            if len(self._head) >= SNIFFED_BYTES:
                self._begin()
        elif self._is_picture:
            self._encode(data)
        return len(self._uri) - before

    def finished(self) -> UploadedFile:
        if self._media_type is None:
            self._begin()
        self._uri += base64.b64encode(self._rest)
        data_uri = self._uri.decode("ascii")
        self._uri = bytearray()
        return UploadedFile(self._media_type or "", self._hash.hexdigest(), data_uri)

    @property
    def _is_picture(self) -> bool:
        return self._media_type in PICTURES

    def _begin(self) -> None:
        """Decides what the file is, by its first bytes."""
        self._media_type, head, self._head = sniff(self._head), self._head, b""
        if self._is_picture:
            self._uri += f"data:{self._media_type};base64,".encode("ascii")
            self._encode(head)

    def _encode(self, data: bytes) -> None:
        self.size_bytes += len(data)
        data = self._rest + data
        whole = len(data) // _BASE64_STEP * _BASE64_STEP
        self._uri += base64.b64encode(data[:whole])
        self._rest = data[whole:]


class MultipartReader:
    """Takes the bytes of a multipart form.

    Attributes:
        pairs: names and values of the parts that have ended: texts and ``UploadedFile`` objects.
        delimiters: how many lines began like the boundary.
    """

    def __init__(self, content_type: str) -> None:
        """``content_type`` is the header of the request.

        Raises:
            InvalidParameterError: 400, it names no boundary, or one that is too long.
        """
        self.pairs: list[tuple[str, Any]] = []
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise _malformed("its Content-Type names no boundary")
        self._delimiter = b"\r\n--" + boundary
        self.delimiters = 0
        self._tail = b""
        self._parts = 0
        self._pictures_bytes = 0
        self._grown_bytes = 0
        self._is_complete = False
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[str, bytes] = {}
        self._name = ""
        self._part: _Text | _File | None = None
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_header_name,
                    "on_header_value": self._add_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._begin_data,
                    "on_part_data": self._add_data,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
                max_header_count=_MAX_HEADERS,
                max_header_size=_MAX_HEADER_BYTES,
            )
        except FormParserError:
            raise _malformed("its boundary is too long") from None

    def feed(self, data: bytes) -> int:
        """Takes the next bytes; returns by how many bytes of memory the form grew.

        Raises:
            SeedgateError: 400, they are no such form, or have too many parts; 413, a picture is too large; 431, the
                head of a part is.
        """
        self._grown_bytes = 0
        self._count_delimiters(data)
        try:
            self._parser.write(data)
        except FormParserError as error:
            # The library has one class for all of them.
            if str(error).startswith(_TOO_LARGE_HEAD):
                raise HeadTooLargeError(
                    f"A part of the form has more than {_MAX_HEADERS} header fields, or one of more than "
                    f"{_MAX_HEADER_BYTES} bytes."
                ) from None
            raise _malformed(
                "its parts are not delimited as the boundary says, or their headers are malformed"
            ) from None
        return self._grown_bytes

    def finish(self) -> None:
        """Checks that the form has ended.

        Raises:
            InvalidParameterError: 400, it has not.
        """
        if not self._is_complete:
            raise _malformed("it ends in the middle of a part")

    def _count_delimiters(self, data: bytes) -> None:
        """Refuses many lines that begin like the boundary, which no part may have.

        The parser steps over those that are none byte by byte, a second for each MiB.
        """
        seen = self._tail + data
        self.delimiters += seen.count(self._delimiter)
        self._tail = seen[-len(self._delimiter) + 1 :]
        if self.delimiters > MAX_FIELDS:
            raise _too_many_parts()

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS:
            raise _too_many_parts()
        self._headers = {}

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header_name.decode("latin-1").lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _begin_data(self) -> None:
        disposition, options = parse_options_header(self._headers.get("content-disposition"))
        name = options.get(b"name", b"")
        if disposition.strip(b" \t") != b"form-data" or not name:
            raise _malformed("a part has no name")
        if len(name) > MAX_NAME_BYTES:
            raise _malformed(f"the name of a part has more than {MAX_NAME_BYTES} bytes")
        encoding = self._headers.get("content-transfer-encoding", b"").decode("latin-1").strip(" \t").lower()
        if encoding not in _PLAIN_ENCODINGS:
            raise _malformed("a part has a Content-Transfer-Encoding; send its bytes as they are")
        self._name = name.decode(errors="replace")
        self._part = _File() if b"filename" in options else _Text(self._name)
        self._grown_bytes += len(name)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None  # noqa: S101 - its headers came first
        piece = data[start:end]
        self._grown_bytes += self._part.write(piece)
        if isinstance(self._part, _File):
            self._check_size(self._part)

    def _check_size(self, file: _File) -> None:
        if file.size_bytes >= MAX_PICTURE_BYTES:
            raise _too_large(self._name, f"a picture must have less than {MAX_PICTURE_BYTES} bytes")
        if self._pictures_bytes + file.size_bytes > MAX_PICTURES_BYTES:
            raise _too_large(self._name, f"all pictures together may have {MAX_PICTURES_BYTES} bytes")

    def _end_part(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        if isinstance(part, _File):
            self._pictures_bytes += part.size_bytes
        self.pairs.append((self._name, part.finished()))

    def _end(self) -> None:
        self._is_complete = True


def _malformed(reason: str) -> InvalidParameterError:
    return InvalidParameterError(None, f"The request body is no valid multipart form: {reason}.")


def _too_many_parts() -> InvalidParameterError:
    return InvalidParameterError(None, f"The form has more than {MAX_FIELDS} parts.")


def _too_large(name: str, reason: str) -> SeedgateError:
    error = RequestTooLargeError(MAX_PICTURES_BYTES)
    shown = shown_name(name) or "?"
    error.message = f"The file in `{shown}` is too large: {reason}. Pass a URL or an asset instead."
    error.param = shown
    return error
