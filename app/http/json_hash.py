"""One hash for all spellings of one JSON value.

Numbers count by what they are worth (``5.0`` is ``5``, ``1e1`` is ``10``): one that is written with a fraction or an
exponent as the double that it is read as, a whole one exactly. Beyond 2^53, where doubles leave integers out,
``9007199254740993.0`` is therefore ``9007199254740992``, and ``9007199254740993`` another value. Objects count
whatever the order of their members, and text by its characters, however it was escaped. ``true``, ``1`` and ``"1"``
are three values, and ``null`` is not an absent member.
"""

import hashlib
from collections.abc import Callable
from typing import Any

# So much of a text is encoded at a time: in a thread of its own no step may keep the interpreter lock for long.
_STEP_CHARACTERS = 256 * 1024


def hash_json(value: Any) -> bytes:
    """Returns the SHA-256 of a parsed value in one canonical form.

    Each part is written with its kind and its length, so that no two values are written alike.

    Args:
        value: as ``app.http.json_body`` parses it, which refuses what has no one meaning: members that appear twice,
            numbers beyond 64 bits, and text that is no Unicode. It is nested no deeper than that allows.
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
