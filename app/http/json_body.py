"""Strict JSON: what two parsers could read in two ways, or a database cannot store, is refused.

A gateway checks a body and somebody else acts on it. A member that appears twice, a number that does not fit
and a string that is no Unicode text are read differently by different parsers, so none of them gets past here.
"""

import json
import math
import re
from typing import Any

import orjson

from app.errors import InvalidParameterError

MAX_DEPTH = 64
MAX_VALUES = 10_000
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_ODD_CHARACTER = re.compile(r"[^A-Za-z0-9_-]")
_SHOWN_NAME_LENGTH = 64


def member_path(parent: str, name: str) -> str:
    """Returns the path of a member: ``content[0]`` and ``text`` give ``content[0].text``.

    Paths are shown to clients, logged and end up in error codes, so of a name only the first 64 characters
    are kept, and ``?`` stands for each one that is no ASCII letter, digit, ``_`` or ``-``.
    """
    shown = _ODD_CHARACTER.sub("?", name[:_SHOWN_NAME_LENGTH]) or "?"
    return f"{parent}.{shown}" if parent else shown


def parse_json_object(data: bytes, *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES) -> dict[str, Any]:
    """Returns the JSON object that ``data`` holds. ``5`` stays an int and ``5.0`` a float.

    Measured with CPython 3.11 on two shared cores, best of seven runs: a body of 550 bytes, one with an ASCII data
    URI of 10 MB, and the same with a Chinese prompt beside it, which doubles the width of the decoded text:

    - ``json.loads`` with the hook below: 10 µs, 9 ms, 15 ms
    - ``orjson.loads``: 3 µs, 12 ms, 12 ms; keeps the last of two equal members in silence
    - ``pydantic_core.from_json``: 4 µs, 2 ms, 2 ms; the same silence
    - this function altogether: 30 µs, 10 ms, 16 ms

    So the standard library parses: only its hook sees members that appear twice.

    Args:
        data: the whole body, UTF-8.
        max_depth: how many objects and arrays may be nested, the outermost counted.
        max_values: roughly how many values there may be; a body of tiny values takes twenty times its
            size in memory.

    Raises:
        InvalidParameterError: 400 with the path of the first offending member, or no path at all when the
            body is not a JSON object, is nested too deep or has too many values.
    """
    _check_size(data, max_values)
    value = _parse(data)
    if isinstance(value, _RepeatedMember):
        _refuse_repeated(value, "")
    if not isinstance(value, dict):
        raise InvalidParameterError(None, "The request body must be a JSON object.")
    _check_members(value, "", max_depth)
    return value


def to_json_bytes(value: Any) -> bytes:
    """Returns ``value`` as compact UTF-8 JSON, members in their order."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # PostgreSQL gives a number such as 1e300 back as an integer of 301 digits, which orjson does not write.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class _RepeatedMember:
    """Stands in the parsed tree where an object has the same member twice."""

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


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_to_object)
    except UnicodeDecodeError:
        raise InvalidParameterError(None, "The request body is not valid UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise InvalidParameterError(None, f"The request body is not valid JSON: {error.msg} at {where}.") from None
    except ValueError:  # an integer of more digits than Python converts
        raise InvalidParameterError(None, "The request body holds a number that is too large.") from None
    except RecursionError:
        raise _too_deep() from None


def _check_size(data: bytes, max_values: int) -> None:
    """Every value follows one of three bytes. Hopping is thirty times faster than ``bytes.count`` on base64."""
    left = max_values
    for mark in (b",", b"[", b"{"):
        position = data.find(mark)
        while position >= 0:
            left -= 1
            if left < 0:
                raise InvalidParameterError(None, "The request body has too many values.")
            position = data.find(mark, position + 1)


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
    """A NUL is no text for PostgreSQL, half a surrogate pair is none for anyone."""
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
