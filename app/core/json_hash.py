"""A hash of a JSON value that does not depend on its spelling.

Numbers are equal by value (``5.0`` and ``5``, ``1e1`` and ``10``): one with a fraction or an exponent as a double, an
integer exactly. Beyond 2^53, where not every integer has a double, ``9007199254740993.0`` is therefore equal to
``9007199254740992`` and different from ``9007199254740993``. The order of members and the escapes of a text do not
matter. ``true``, ``1`` and ``"1"`` are different values, and ``null`` is different from an absent member.
"""

import hashlib
from collections.abc import Callable
from typing import Any

# A text is encoded in steps, because in a thread no step may hold the interpreter lock for long.
_STEP_CHARACTERS = 256 * 1024


def hash_json(value: Any) -> bytes:
    """Returns the SHA-256 of a parsed value in a canonical form.

    Each part is written with its type and length, so that different values have different forms.

    Args:
        value: parsed by ``app.core.strict_json``, which refuses ambiguous values and limits the depth.
    """
    found = hashlib.sha256()
    _add(found.update, value)
    return found.digest()


def _add(write: Callable[[bytes], object], value: Any) -> None:
    if isinstance(value, str):
        write(b"s%d:" % len(value))
        for start in range(0, len(value), _STEP_CHARACTERS):
            write(value[start : start + _STEP_CHARACTERS].encode())
    elif value is None or isinstance(value, bool):
        write({None: b"n", True: b"t", False: b"f"}[value])
    elif isinstance(value, int | float):
        is_whole = isinstance(value, int) or value.is_integer()
        write(f"{int(value) if is_whole else value!r};".encode())
    elif isinstance(value, list):
        write(b"[%d:" % len(value))
        for item in value:
            _add(write, item)
    else:
        write(b"{%d:" % len(value))
        for name in sorted(value):
            _add(write, name)
            _add(write, value[name])
