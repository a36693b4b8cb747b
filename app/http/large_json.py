"""Parsing of large JSON without any long step.

``json.loads`` keeps Python's interpreter lock for as long as it takes, half a second for 60 MB, so that not even a
thread of its own lets others run. Here strings are cut out of the document and decoded in steps of at most 256 KiB;
what is left is small, and the standard library's parser judges it. What ``json.loads`` accepts is accepted with the
same result, but for two bounds, which keep memory and time in proportion to the body:

- beside strings, and with a run of blanks counted as one, there is at most 1 MiB;
- the strings that are not plain have at most 4 Mi characters. A plain one is ASCII of which JSON escapes nothing: every
  data URI, even when the client's library writes its slashes with a backslash.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

STEP_BYTES = 256 * 1024
"""The most that one step works on."""

MAX_STRUCTURE_BYTES = 1024 * 1024
MAX_RICH_CHARACTERS = 4 * 1024 * 1024

_FIRST_STEP_BYTES = 1024
# A shorter string without escapes stays where it is.
_MAX_LEFT_BYTES = 64
_SURROGATE_ESCAPE_BYTES = 6
_MAX_CHARACTER_BYTES = 4
_MAX_ESCAPE_BYTES = 2 * _SURROGATE_ESCAPE_BYTES
_BLANKS = re.compile(rb"[ \t\r\n]+")
_STAND_IN = "\0"


class LargeJsonError(ValueError):
    """The document passes a bound; the text says which, as the end of a sentence that begins "The request body"."""


def load_large(
    data: bytes,
    *,
    start: int = 0,
    max_strings: int,
    to_object: Callable[[list[tuple[str, Any]]], Any],
    step_bytes: int = STEP_BYTES,
) -> Any:
    """Returns the value that ``data`` holds.

    Args:
        data: the whole document.
        start: where it begins in ``data``, behind a byte order mark.
        max_strings: how many strings it may have, names of members counted.
        to_object: makes an object of its members, as ``object_pairs_hook`` of ``json.loads`` does.
        step_bytes: the most that one step works on; at least 32.

    Raises:
        LargeJsonError: it passes a bound.
        UnicodeDecodeError: it is not UTF-8.
        json.JSONDecodeError: it is no JSON; ``pos`` counts bytes, and line and column mean nothing.
        ValueError: an integer has more digits than Python converts.
        RecursionError: it is nested too deep.
    """
    cut = _Cut(data, max_strings, step_bytes)
    skeleton, texts = cut.run(start)

    def resolved(value: Any) -> Any:
        if isinstance(value, str):
            # A string that was left where it is has no escapes, and so no NUL.
            return texts[int(value[1:])] if value.startswith(_STAND_IN) else value
        return [resolved(item) for item in value] if isinstance(value, list) else value

    def to_resolved_object(members: list[tuple[str, Any]]) -> Any:
        return to_object([(resolved(name), resolved(value)) for name, value in members])

    try:
        return resolved(json.JSONDecoder(object_pairs_hook=to_resolved_object).decode(skeleton))
    except json.JSONDecodeError as error:
        raise json.JSONDecodeError(error.msg, "", cut.position_of(error.pos)) from None


class _Cut:
    """One document on its way to a skeleton, in which a NUL and the number n stand for the n-th string."""

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
        # Where the parts begin, in the skeleton and in the document.
        self._starts: list[int] = []
        self._origins: list[int] = []

    def run(self, position: int) -> tuple[str, list[str]]:
        """Returns the skeleton of what begins at a position, and the strings that were cut out."""
        while (quote := self._data.find(b'"', position)) >= 0:
            self._add_structure(position, quote)
            self._strings_left -= 1
            if self._strings_left < 0:
                raise LargeJsonError("has too many values")
            position = self._add_string(quote)
        self._add_structure(position, len(self._data))
        return "".join(self._parts), self._texts

    def position_of(self, skeleton_position: int) -> int:
        """Returns where in the document a place of the skeleton is, to the blank."""
        part = bisect_right(self._starts, skeleton_position) - 1
        return self._origins[part] + skeleton_position - self._starts[part] if part >= 0 else 0

    def _add_structure(self, start: int, end: int) -> None:
        for step in range(start, end, self._step_bytes):
            text = _BLANKS.sub(b" ", self._view[step : min(step + self._step_bytes, end)]).decode()
            self._structure_left -= len(text)
            if self._structure_left < 0:
                raise LargeJsonError("has too many values")
            self._add(text, step)

    def _add_string(self, quote: int) -> int:
        """Adds the string that begins at a quote; returns the position behind its end."""
        start = quote + 1
        end = self._data.find(b'"', start)
        if end < 0:
            raise json.JSONDecodeError("Unterminated string starting at", "", quote)
        if self._data.find(b"\\", start, end) >= 0:
            text, end = self._decode_escaped(start)
        elif end - start <= _MAX_LEFT_BYTES:
            self._add(f'"{str(self._view[start:end], "utf-8")}"', quote)
            return end + 1
        else:
            text = self._decode_verbatim(start, end)
        self._add(f'"\\u0000{len(self._texts)}"', quote)
        self._texts.append(text)
        return end + 1

    def _decode_verbatim(self, start: int, end: int) -> str:
        """Returns a string without escapes. Of the one that makes most of the body no second copy is held."""
        if end - start <= self._step_bytes:
            text, _ = self._scan(start, end)
        else:
            position = start
            while position < end:
                stop = min(position + self._step_bytes, end)
                stop = stop if stop == end else self._whole(position, stop)
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
            stop = self._whole(position, min(position + step_bytes, len(self._data)))
            piece, ended_at = self._scan(position, stop)
            if ended_at is None and piece[-1:] and "\ud800" <= piece[-1] <= "\udbff":
                # The other half of a surrogate pair may follow.
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
        """Returns what a piece of a string says, up to the quote that ends it, and where that is; None: further on."""
        text = str(self._view[start:stop], "utf-8")
        try:
            piece, used = scanstring(text + '"', 0)
        except json.JSONDecodeError as error:
            raise json.JSONDecodeError(error.msg, "", start + len(text[: error.pos].encode())) from None
        if used > len(text):
            return piece, None
        return piece, start + (used if text.isascii() else len(text[:used].encode())) - 1

    def _whole(self, start: int, stop: int) -> int:
        """Returns the last position up to ``stop`` at which neither a character nor an escape is cut in two."""
        data = self._data
        if stop == len(data):
            return stop
        for _ in range(3):
            if data[stop] & 0xC0 == 0x80:  # noqa: PLR2004 - a byte of UTF-8 that continues a character
                stop -= 1
        backslash = data.rfind(b"\\", max(start, stop - _MAX_ESCAPE_BYTES), stop)
        if backslash < 0:
            return stop
        before = data[start : backslash + 1]
        is_beginning = (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
        return backslash if is_beginning else stop

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
