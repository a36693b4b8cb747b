"""Values of a request as the types that the native API has. Pure.

SDKs send this dialect as a form, in which everything is a text; callers of JSON write numbers as texts, too. A text
that stands for no value of the type is left as it is: the native check refuses it in the same words as ever.
"""

import re
from typing import Any

from app.core.strict_json import parse_json_object
from app.create_parameters import PARAMETERS, Kind
from app.errors import InvalidParameterError
from app.openai.files import UploadedFile
from app.tasks.validation.errors import not_valid

_INTEGER = re.compile(r"(-?[0-9]{1,15})(?:\.0+)?")
_SWITCHES = {"true": True, "false": False, "1": True, "0": False}
_MAX_JSON_TEXT = 64 * 1024
_MAX_BLANKS = 64
_MAX_WORD = 16
_CASELESS = ("size", "resolution")


def to_kind(name: str, value: Any, path: str) -> Any:
    """Returns a value as the type of a native parameter.

    Raises:
        InvalidParameterError: 400, it is a file, or a text that looks like JSON and is none.
    """
    if isinstance(value, UploadedFile):
        raise not_valid(path, "expected a value, not a file")
    match PARAMETERS[name].kind:
        case Kind.INTEGER:
            return to_integer(value)
        case Kind.SWITCH:
            return _SWITCHES.get(folded(value), value) if isinstance(value, str) else value
        case Kind.LIST:
            return [value] if isinstance(value := parsed(value, path), dict) else value
        case _:
            return value


def to_integer(value: Any) -> Any:
    """Returns the integer that a text stands for; any other value as it is."""
    match = _INTEGER.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) if match else value


def parsed(value: Any, path: str) -> Any:
    """Returns the value of a text that is a JSON object or array; any other value as it is.

    Raises:
        InvalidParameterError: 400, it begins like one and is none.
    """
    # A text may have 60 MB, of which nothing is copied.
    if not isinstance(value, str) or not value[:_MAX_BLANKS].lstrip().startswith(("{", "[")):
        return value
    if len(value) > _MAX_JSON_TEXT:
        raise not_valid(path, f"a text of JSON may have at most {_MAX_JSON_TEXT} characters")
    try:
        members = parse_json_object(b'{"":%b}' % value.encode())
    except InvalidParameterError:
        members = {}
    if members.keys() != {""}:
        raise not_valid(path, "it begins like JSON and is none")
    return members[""]


def are_equal(name: str, one: Any, other: Any, path: str) -> bool:
    """Says whether two values of a field, such as 5 and ``"5"``, stand for the same.

    Upper and lower case differ, but for the fields in which they mean the same.

    Args:
        name: of the native parameter, or of a field that has no native name.
        one: a value as it was written.
        other: another one.
        path: where the other one stands.

    Raises:
        InvalidParameterError: 400, as ``to_kind``.
    """
    first, second = (_meaning(name, value, path) for value in (one, other))
    # In Python 1 equals True.
    return isinstance(first, bool) is isinstance(second, bool) and bool(first == second)


def _meaning(name: str, value: Any, path: str) -> Any:
    value = to_kind(name, value, path) if name in PARAMETERS else parsed(value, path)
    if name in _CASELESS and isinstance(value, str) and len(value) <= _MAX_WORD:
        return value.lower()
    return value


def folded(value: Any) -> str:
    """Returns a word or a number as a text in lower case; an empty one for longer texts."""
    text = value if isinstance(value, str) else str(value)
    return text.lower() if len(text) <= _MAX_WORD else ""
