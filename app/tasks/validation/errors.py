"""The errors of a field of a create request, worded like the upstream's."""

from typing import Any

from app.errors import EMPTY, InvalidParameterError

_JSON_TYPES = {str: "a string", bool: "a boolean", dict: "an object", list: "an array"}


def not_valid(path: str, reason: str, *, named: str | None = None) -> InvalidParameterError:
    """Returns the 400 for a wrong value at ``path``.

    Args:
        path: the path of the value, such as ``content[1].role``; it becomes ``param``.
        reason: what is wrong, without a full stop.
        named: the parameter's name in the message, by default ``path``.
    """
    text = f"The parameter `{named or path}` specified in the request is not valid: {reason}."
    return InvalidParameterError(path, text)


def check_json_type(value: Any, expected: type, path: str) -> None:
    """Checks that ``value`` is a ``str``, ``bool``, ``dict`` or ``list``.

    Raises:
        InvalidParameterError: 400, it is something else.
    """
    if not isinstance(value, expected):
        raise not_valid(path, f"expected {_JSON_TYPES[expected]}")


def check_not_empty(value: Any, path: str) -> None:
    """Checks that an optional member is not ``""``; a member that is not given is null or absent.

    Raises:
        InvalidParameterError: 400, it is empty.
    """
    if value == "":
        raise not_valid(path, EMPTY)
