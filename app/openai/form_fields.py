"""The fields of a form as the value that they stand for: a list or an object is written in several ways. Pure.

``images=a`` and ``images=b``, ``images[]=a``, ``images[0]=a`` and ``images={"0": …}`` come from different clients; an
object comes as ``metadata[ratio]=16:9`` or as JSON text. What a text stands for is decided by the field that it is for
(``app.openai.values``).
"""

import re
from collections.abc import Iterable
from typing import Any

from app.errors import InvalidParameterError, shown_name

MAX_FIELDS = 500
"""How many fields a form may have."""

MAX_NAME_BYTES = 256

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){0,8})")
_KEY = re.compile(r"\[([^\[\]]*)\]")
_DIGITS = re.compile(r"[0-9]{1,4}")


class _Branch(dict[str, Any]):
    """A list or an object that is still being filled."""


def to_fields(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Returns the members of a form, whose values are texts, files, lists and objects.

    Args:
        pairs: the names and values as they came; a text, or a file.

    Raises:
        InvalidParameterError: 400, a name is malformed, or a member is given both as a value and as an object.
    """
    root = _Branch()
    for written, value in pairs:
        match = _NAME.fullmatch(written)
        if match is None:
            raise InvalidParameterError(shown_name(written) or None, "The name of a form field is malformed.")
        name, *keys = match[1], *_KEY.findall(match[2])
        _insert(root, [name, *keys], value)
    return {name: _finished(value) for name, value in root.items()}


def _insert(branch: _Branch, path: list[str], value: Any) -> None:
    name, rest = path[0] or _next_key(branch), path[1:]
    if rest:
        below = branch.setdefault(name, _Branch())
        if not isinstance(below, _Branch):
            # `images=a&images[]=b`
            below = branch[name] = _Branch({"0": below})
        _insert(below, rest, value)
    elif name not in branch:
        branch[name] = value
    elif isinstance(branch[name], _Branch):
        _insert(branch[name], [""], value)
    else:
        branch[name] = _Branch({"0": branch[name], "1": value})


def _next_key(branch: _Branch) -> str:
    return str(1 + max((int(name) for name in branch if _DIGITS.fullmatch(name)), default=-1))


def _finished(value: Any) -> Any:
    if not isinstance(value, _Branch):
        return value
    members = {name: _finished(member) for name, member in value.items()}
    if all(_DIGITS.fullmatch(name) for name in members):
        return [members[name] for name in sorted(members, key=int)]
    return members
