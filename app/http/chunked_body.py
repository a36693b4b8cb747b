"""Keeping the end of a chunked body in sight, and what is in it beside data within bounds."""

from app.errors import HeadTooLargeError
from app.http.message_head import HEAD_END, MAX_HEAD_BYTES, MAX_HEADERS

# What may be parsed before others get their turn: a body of nothing but empty lines comes in a great many parts.
_SLICE_BYTES = 64 * 1024
# What a chunk needs beside its data: a size in hexadecimal and two line ends.
_FRAME_BYTES = 32


class ChunkedBody:
    """One chunked body while it is parsed. Cuts what has come into parts, and counts what the parser finds in them.

    The parser does not tell where in its input a message ends. A chunked one ends nowhere but at an empty line, so a
    part reaches up to the next empty line at most, and none holds bytes of two messages.
    """

    def __init__(self) -> None:
        self._last_bytes = b""
        self._slice_left = _SLICE_BYTES
        self._framing_bytes = 0
        self._part_data_bytes = 0
        self._part_chunks = 0
        self._trailers = 0

    def end_of_part(self, data: bytes, start: int) -> int:
        """Returns up to where the parser may be given ``data`` at once, from ``start`` on."""
        reach = len(HEAD_END) - 1
        border = (self._last_bytes + data[start : start + reach]).find(HEAD_END)
        if border >= 0:
            # The empty line began in the part before.
            end = start + border + len(HEAD_END) - len(self._last_bytes)
        else:
            found = data.find(HEAD_END, start)
            end = found + len(HEAD_END) if found >= 0 else len(data)
        self._last_bytes = (self._last_bytes + data[max(start, end - reach) : end])[-reach:]
        self._slice_left -= end - start
        return end

    def is_slice_used_up(self) -> bool:
        """Says whether others should get their turn now; if so, a new slice begins."""
        if self._slice_left > 0:
            return False
        self._slice_left = _SLICE_BYTES
        return True

    def note_data(self, size_bytes: int) -> None:
        """Counts data that the parser found in the part."""
        self._part_data_bytes += size_bytes

    def note_chunk(self) -> None:
        """Counts a chunk that the parser found in the part."""
        self._part_chunks += 1

    def note_trailer(self) -> None:
        """Counts a trailer, which is not kept."""
        self._trailers += 1

    def check_part(self, size_bytes: int) -> None:
        """Checks what has come beside data, once the parser was given a part: extensions of chunks, and trailers.

        Raises:
            HeadTooLargeError: 431, it is as large as no head may be. Many small chunks alone are no reason.
        """
        grown = self._framing_bytes + size_bytes - self._part_data_bytes - _FRAME_BYTES * self._part_chunks
        self._framing_bytes = max(grown, 0)
        self._part_data_bytes = self._part_chunks = 0
        if self._framing_bytes > MAX_HEAD_BYTES or self._trailers > MAX_HEADERS:
            raise HeadTooLargeError(
                f"The chunk extensions and trailers are larger than {MAX_HEAD_BYTES} bytes, or more than {MAX_HEADERS}."
            )
