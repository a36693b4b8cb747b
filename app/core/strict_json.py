"""Strict JSON: documents that parsers read differently, or that a database cannot store, are refused.

The gateway checks a body and the upstream acts on it. Parsers differ about repeated members, numbers beyond 64 bits and
strings that are not valid Unicode, so a body with one of these is refused.
"""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from app.core.large_json import LargeJsonError, load_large
from app.errors import InvalidParameterError, shown_name

BOM = b"\xef\xbb\xbf"
"""The byte order mark with which editors on Windows begin UTF-8 files; ignored as RFC 8259 section 8.1 allows."""

MAX_DEPTH = 64
MAX_VALUES = 10_000
MAX_WHOLE_BYTES = 256 * 1024
"""A larger body is parsed in steps."""

_VALUE_MARKS = (b",", b"[", b"{")
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def member_path(parent: str, name: str) -> str:
    """Returns the path of a member: ``content[0]`` and ``text`` give ``content[0].text``.

    Paths are shown to clients, logged and used in error codes, so names go through ``shown_name``.
    """
    shown = shown_name(name) or "?"
    return f"{parent}.{shown}" if parent else shown


def parse_json_object(data: bytes, *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES) -> dict[str, Any]:
    """Parses a JSON object. ``5`` is parsed as an int and ``5.0`` as a float.

    The standard library parses, because only its hook reports repeated members: ``orjson`` and ``pydantic_core``
    silently keep the last. A body of more than 256 KiB is parsed in steps (``app.core.large_json``), so that in a
    thread no step holds the interpreter lock for long.

    Args:
        data: the whole body, UTF-8, with or without a byte order mark.
        max_depth: how many objects and arrays may be nested, including the outermost.
        max_values: roughly how many values there may be; a body of tiny values takes twenty times its
            size in memory.

    Raises:
        InvalidParameterError: 400 with the path of the first offending member, or without a path when the body is
            not a JSON object, is nested too deep or has too many values.
    """
    if has_more_values(data, max_values):
        raise InvalidParameterError(None, "The request body has too many values.")
    value = _parse(data) if len(data) <= MAX_WHOLE_BYTES else _parse_large(data, max_values)
    if isinstance(value, _RepeatedMember):
        _refuse_repeated(value, "")
    if not isinstance(value, dict):
        raise InvalidParameterError(None, "The request body must be a JSON object.")
    _check_members(value, "", max_depth)
    return value


def to_json_bytes(value: Any) -> bytes:
    """Returns ``value`` as compact UTF-8 JSON; the order of members is kept."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # PostgreSQL returns a number such as 1e300 as an integer of 301 digits, which orjson cannot encode.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def has_more_values(data: bytes, limit: int) -> bool:
    """Whether a JSON document may have more than ``limit`` values, judged before it is parsed.

    Every value follows one of three bytes; those inside strings count, too. Calling ``find`` is thirty times faster
    than ``bytes.count`` on base64.
    """
    left = limit
    for mark in _VALUE_MARKS:
        position = data.find(mark)
        while position >= 0:
            left -= 1
            if left < 0:
                return True
            position = data.find(mark, position + 1)
    return False


class _RepeatedMember:
    """Replaces an object with a repeated member in the parsed tree."""

    def __init__(self, name: str) -> None:
        self.name = name


def _to_object(members: list[tuple[str, Any]]) -> dict[str, Any] | _RepeatedMember:
    found = dict(members)
    if len(found) == len(members):
        return found
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            break
        seen.add(name)
    return _RepeatedMember(name)


# Not ``json.loads``, whose message about a second byte order mark is meant for Python programmers.
_DECODER = json.JSONDecoder(object_pairs_hook=_to_object)


def _parse(data: bytes) -> Any:
    with _parse_errors_as_400(lambda error: f"line {error.lineno} column {error.colno}"):
        return _DECODER.decode(data.removeprefix(BOM).decode())


def _parse_large(data: bytes, max_values: int) -> Any:
    with _parse_errors_as_400(lambda error: f"byte {error.pos}"):
        # Each value may be a string and have a name.
        start = len(BOM) if data.startswith(BOM) else 0
        return load_large(data, start=start, max_strings=2 * max_values + 1, to_object=_to_object)


@contextmanager
def _parse_errors_as_400(place_of: Callable[[json.JSONDecodeError], str]) -> Iterator[None]:
    """Converts the exceptions of both parsers."""
    try:
        yield
    except LargeJsonError as error:
        raise InvalidParameterError(None, f"The request body {error}.") from None
    except UnicodeDecodeError:
        raise InvalidParameterError(None, "The request body is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        text = f"The request body is not valid JSON: {error.msg} at {place_of(error)}."
        raise InvalidParameterError(None, text) from None
    except ValueError:  # an integer with more digits than Python converts
        raise InvalidParameterError(None, "The request body holds a number that is too large.") from None
    except RecursionError:
        raise _too_deep() from None


def _check_members(members: dict[str, Any], path: str, depth_left: int) -> None:
    for name, value in members.items():
        where = member_path(path, name)
        _check_text(name, where)
        _check_value(value, where, depth_left - 1)


def _check_value(value: Any, path: str, depth_left: int) -> None:
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidParameterError(path, "A number must be finite and fit 64 bits.")
    elif isinstance(value, int):
        if not _INT64_MIN <= value <= _INT64_MAX:
            raise InvalidParameterError(path, "An integer must fit 64 bits.")
    elif isinstance(value, _RepeatedMember):
        _refuse_repeated(value, path)
    elif value is not None:
        _check_container(value, path, depth_left)


def _check_container(value: dict[str, Any] | list[Any], path: str, depth_left: int) -> None:
    if depth_left <= 0:
        raise _too_deep()
    if isinstance(value, dict):
        _check_members(value, path, depth_left)
        return
    for index, item in enumerate(value):
        _check_value(item, f"{path}[{index}]", depth_left - 1)


def _check_text(text: str, path: str) -> None:
    """Refuses NUL, which PostgreSQL cannot store, and half of a surrogate pair, which UTF-8 cannot encode."""
    if "\0" in text:
        raise InvalidParameterError(path, "Text must not hold the character U+0000.")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidParameterError(path, "Text must not hold half of a surrogate pair.") from None


def _refuse_repeated(found: _RepeatedMember, path: str) -> None:
    where = member_path(path, found.name)
    raise InvalidParameterError(where, "The request body has an object in which a member appears twice.")


def _too_deep() -> InvalidParameterError:
    return InvalidParameterError(None, "The request body is nested too deep.")
