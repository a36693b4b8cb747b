"""Parsing of large JSON in short steps.

``json.loads`` holds Python's interpreter lock until it is done, half a second for 60 MB, which blocks other threads,
too. Here the strings are cut out of the document and decoded in steps of at most 256 KiB; the rest is small and parsed
by the standard library. The result is that of ``json.loads``, with two limits that keep memory and time proportional to
the body:

- everything but strings, with a run of blanks counted as one, has at most 1 MiB;
- strings that are not plain have at most 4 Mi characters. A plain string is ASCII without characters that JSON has to
  escape: every data URI, even from a library that escapes slashes.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

STEP_BYTES = 256 * 1024
"""The maximum size of one step."""

MAX_STRUCTURE_BYTES = 1024 * 1024
MAX_RICH_CHARACTERS = 4 * 1024 * 1024

_FIRST_STEP_BYTES = 1024
# A shorter string without escapes stays in the skeleton.
_MAX_INLINE_BYTES = 64
_SURROGATE_ESCAPE_BYTES = 6
_MAX_CHARACTER_BYTES = 4
_MAX_ESCAPE_BYTES = 2 * _SURROGATE_ESCAPE_BYTES
_BLANKS = re.compile(rb"[ \t\r\n]+")
_PLACEHOLDER = "\0"


class LargeJsonError(ValueError):
    """The document exceeds a limit; the text is the predicate of a sentence that begins "The request body"."""


def load_large(
    data: bytes,
    *,
    start: int = 0,
    max_strings: int,
    to_object: Callable[[list[tuple[str, Any]]], Any],
    step_bytes: int = STEP_BYTES,
) -> Any:
    """Parses a document.

    Args:
        data: the whole document.
        start: where it begins in ``data``, after a byte order mark.
        max_strings: how many strings it may have, including names of members.
        to_object: as ``object_pairs_hook`` of ``json.loads``.
        step_bytes: the maximum size of one step; at least 32.

    Raises:
        LargeJsonError: it exceeds a limit.
        UnicodeDecodeError: it is not UTF-8.
        json.JSONDecodeError: it is not JSON; ``pos`` counts bytes, line and column are meaningless.
        ValueError: an integer has more digits than Python converts.
        RecursionError: it is nested too deep.
    """
    cutter = _StringCutter(data, max_strings, step_bytes)
    skeleton, texts = cutter.run(start)

    def to_resolved_object(members: list[tuple[str, Any]]) -> Any:
        return to_object([(_resolved(name, texts), _resolved(value, texts)) for name, value in members])

    try:
        return _resolved(json.JSONDecoder(object_pairs_hook=to_resolved_object).decode(skeleton), texts)
    except json.JSONDecodeError as error:
        raise json.JSONDecodeError(error.msg, "", cutter.position_of(error.pos)) from None


# No inner function: one that calls itself is a cycle, and would keep the texts until the garbage collector runs.
def _resolved(value: Any, texts: list[str]) -> Any:
    """Puts the strings that were cut out back into a value of the skeleton."""
    if isinstance(value, str):
        # A string that stayed in the skeleton has no escapes, and therefore no NUL.
        return texts[int(value[1:])] if value.startswith(_PLACEHOLDER) else value
    return [_resolved(item, texts) for item in value] if isinstance(value, list) else value


class _StringCutter:
    """Replaces the strings of one document; in the skeleton a NUL and the number n stand for the n-th string."""

    def __init__(self, data: bytes, max_strings: int, step_bytes: int) -> None:
        self._data = data
        self._view = memoryview(data)
        self._step_bytes = step_bytes
        self._strings_left = max_strings
        self._structure_left = MAX_STRUCTURE_BYTES
        self._rich_left = MAX_RICH_CHARACTERS
        self._texts: list[str] = []
        self._parts: list[str] = []
        self._length = 0
        # The start of each part in the skeleton and in the document.
        self._starts: list[int] = []
        self._origins: list[int] = []

    def run(self, position: int) -> tuple[str, list[str]]:
        """Returns the skeleton of the document from ``position`` on, and the strings cut out of it."""
        while (quote := self._data.find(b'"', position)) >= 0:
            self._add_structure(position, quote)
            self._strings_left -= 1
            if self._strings_left < 0:
                raise LargeJsonError("has too many values")
            position = self._add_string(quote)
        self._add_structure(position, len(self._data))
        return "".join(self._parts), self._texts

    def position_of(self, skeleton_position: int) -> int:
        """Returns the position in the document for one in the skeleton; exact but for runs of blanks."""
        part = bisect_right(self._starts, skeleton_position) - 1
        return self._origins[part] + skeleton_position - self._starts[part] if part >= 0 else 0

    def _add_structure(self, start: int, end: int) -> None:
        for step in range(start, end, self._step_bytes):
            # Only ASCII is JSON outside of strings. A character of more bytes may be cut in two here; as Latin-1 it
            # stays something that the decoder refuses.
            text = _BLANKS.sub(b" ", self._view[step : min(step + self._step_bytes, end)]).decode("latin-1")
            self._structure_left -= len(text)
            if self._structure_left < 0:
                raise LargeJsonError("has too many values")
            self._add(text, step)

    def _add_string(self, quote: int) -> int:
        """Adds the string that begins at ``quote``; returns the position after its end."""
        start = quote + 1
        end = self._data.find(b'"', start)
        if end < 0:
            raise json.JSONDecodeError("Unterminated string starting at", "", quote)
        if self._data.find(b"\\", start, end) >= 0:
            text, end = self._decode_escaped(start)
        elif end - start <= _MAX_INLINE_BYTES:
            self._add(f'"{str(self._view[start:end], "utf-8")}"', quote)
            return end + 1
        else:
            text = self._decode_verbatim(start, end)
        self._add(f'"\\u0000{len(self._texts)}"', quote)
        self._texts.append(text)
        return end + 1

    def _decode_verbatim(self, start: int, end: int) -> str:
        """Returns a string without escapes; it is checked piece by piece first, and copied only once."""
        if end - start <= self._step_bytes:
            text, _ = self._scan(start, end)
        else:
            position = start
            while position < end:
                stop = min(position + self._step_bytes, end)
                stop = stop if stop == end else self._boundary(position, stop)
                piece, _ = self._scan(position, stop)
                if not piece.isascii() and end - start > self._rich_left * _MAX_CHARACTER_BYTES:
                    raise _too_rich()
                position = stop
            text = str(self._view[start:end], "utf-8")
        if not text.isascii():
            self._count_rich(len(text))
        return text

    def _decode_escaped(self, start: int) -> tuple[str, int]:
        """Returns a string and the position of the quote that ends it."""
        pieces: list[str] = []
        characters = 0
        is_rich = False
        position, step_bytes = start, min(_FIRST_STEP_BYTES, self._step_bytes)
        while True:
            stop = self._boundary(position, min(position + step_bytes, len(self._data)))
            piece, ended_at = self._scan(position, stop)
            if ended_at is None and piece[-1:] and "\ud800" <= piece[-1] <= "\udbff":
                # The second half of a surrogate pair may follow.
                piece, stop = piece[:-1], stop - _SURROGATE_ESCAPE_BYTES
            pieces.append(piece)
            characters += len(piece)
            is_rich = is_rich or _is_rich(piece)
            if is_rich and characters > self._rich_left:
                raise _too_rich()
            if ended_at is not None:
                break
            if stop == len(self._data):
                raise json.JSONDecodeError("Unterminated string starting at", "", start - 1)
            position, step_bytes = stop, min(2 * step_bytes, self._step_bytes)
        if is_rich:
            self._count_rich(characters)
        return "".join(pieces), ended_at

    def _scan(self, start: int, stop: int) -> tuple[str, int | None]:
        """Decodes a piece of a string; returns the text and the position of the closing quote, or None if not in it."""
        text = str(self._view[start:stop], "utf-8")
        try:
            piece, used = scanstring(text + '"', 0)
        except json.JSONDecodeError as error:
            raise json.JSONDecodeError(error.msg, "", start + len(text[: error.pos].encode())) from None
        if used > len(text):
            return piece, None
        return piece, start + (used if text.isascii() else len(text[:used].encode())) - 1

    def _boundary(self, start: int, stop: int) -> int:
        """Returns the last position up to ``stop`` that is not inside a character or an escape."""
        data = self._data
        if stop == len(data):
            return stop
        for _ in range(3):
            if data[stop] & 0xC0 == 0x80:  # noqa: PLR2004 - a UTF-8 continuation byte
                stop -= 1
        backslash = data.rfind(b"\\", max(start, stop - _MAX_ESCAPE_BYTES), stop)
        if backslash < 0:
            return stop
        before = data[start : backslash + 1]
        is_escape = (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
        return backslash if is_escape else stop

    def _count_rich(self, characters: int) -> None:
        self._rich_left -= characters
        if self._rich_left < 0:
            raise _too_rich()

    def _add(self, text: str, origin: int) -> None:
        self._starts.append(self._length)
        self._origins.append(origin)
        self._parts.append(text)
        self._length += len(text)


def _is_rich(piece: str) -> bool:
    return not (piece.isascii() and piece.isprintable()) or '"' in piece or "\\" in piece


def _too_rich() -> LargeJsonError:
    return LargeJsonError(f"has more than {MAX_RICH_CHARACTERS} characters in strings that are not plain ASCII")
