"""Parser for chunked bodies, strict by RFC 9112 section 7.1. Pure.

httptools does not report where in its input a message ends, so it is only used for heads.
"""

import re

from app.errors import HeadTooLargeError
from app.http.message_head import LINE_END, MAX_HEAD_BYTES, MAX_HEADERS, MalformedRequestError

# After this many chunks the event loop runs other work: with one byte each, they take about a millisecond.
_MAX_CHUNKS_PER_STEP = 500
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;" + _TEXT + rb")?")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:" + _TEXT)
_UNFINISHED = re.compile(_TEXT + rb"\r?")


class ChunkedBody:
    """One chunked body while it arrives.

    Attributes:
        is_complete: its last line has been read.
        is_starved: the next step needs more bytes.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self.is_starved = False
        self._left_bytes = 0
        self._is_line_end_due = False
        self._is_in_trailers = False
        # Bytes of the unfinished line, and of all extensions and trailers.
        self._searched_bytes = 0
        self._framing_bytes = 0
        self._trailers = 0

    def read(self, data: bytes) -> tuple[bytes, int]:
        """Parses bytes, up to a limited number of chunks.

        Args:
            data: the bytes left over by the last call, followed by new ones.

        Returns:
            The data of the chunks, and how many bytes were parsed.

        Raises:
            MalformedRequestError: 400, it is no chunked body.
            HeadTooLargeError: 431, extensions and trailers exceed the limits of a head.
        """
        self.is_starved = False
        found: list[bytes] = []
        position = 0
        for _ in range(_MAX_CHUNKS_PER_STEP):
            position = self._read_data(data, position, found)
            if not self.is_starved:
                position = self._read_line(data, position)
            if self.is_starved or self.is_complete:
                break
        return b"".join(found), position

    def _read_data(self, data: bytes, position: int, found: list[bytes]) -> int:
        if self._left_bytes:
            part = data[position : position + self._left_bytes]
            found.append(part)
            position += len(part)
            self._left_bytes -= len(part)
            self.is_starved = self._left_bytes > 0
            self._is_line_end_due = not self.is_starved
        if self._is_line_end_due:
            end = data[position : position + len(LINE_END)]
            if not LINE_END.startswith(end):
                raise _malformed()
            self._is_line_end_due = self.is_starved = len(end) < len(LINE_END)
            if not self.is_starved:
                position += len(LINE_END)
        return position

    def _read_line(self, data: bytes, position: int) -> int:
        end = data.find(LINE_END, position + max(self._searched_bytes - 1, 0))
        if end < 0:
            self._await_line(data, position)
            return position
        self._searched_bytes = 0
        line = data[position:end]
        if self._is_in_trailers:
            self._take_trailer(line)
        else:
            self._take_size(line)
        return end + len(LINE_END)

    def _await_line(self, data: bytes, position: int) -> None:
        self.is_starved = True
        # A CR at the end is checked again together with the byte after it.
        start = position + max(self._searched_bytes - 1, 0)
        if not _UNFINISHED.fullmatch(data, start):
            raise _malformed()
        self._searched_bytes = len(data) - position
        self._check_framing(self._searched_bytes)

    def _take_size(self, line: bytes) -> None:
        size = _SIZE.fullmatch(line)
        if size is None:
            raise _malformed()
        self._framing_bytes += len(line) - size.end(1)
        self._check_framing(0)
        self._left_bytes = int(size[1], 16)
        self._is_in_trailers = self._left_bytes == 0

    def _take_trailer(self, line: bytes) -> None:
        """Checks a trailer and drops it, because the application already has the request's head."""
        if not line:
            self.is_complete = True
            return
        if not _TRAILER.fullmatch(line):
            raise _malformed()
        self._trailers += 1
        self._framing_bytes += len(line)
        self._check_framing(0)

    def _check_framing(self, unfinished_bytes: int) -> None:
        if self._framing_bytes + unfinished_bytes > MAX_HEAD_BYTES or self._trailers > MAX_HEADERS:
            raise HeadTooLargeError(
                f"The chunk extensions and trailers are larger than {MAX_HEAD_BYTES} bytes, or more than {MAX_HEADERS}."
            )


def _malformed() -> MalformedRequestError:
    return MalformedRequestError("its body is not framed as its head says")
