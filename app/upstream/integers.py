"""Reads integers in the upstream's JSON. Pure.

Token counts and ``duration`` may be numbers or strings, and other numbers may be written ``5.0``; the Go and Java SDKs
accept only integers.

Source: reference ``upstream.md`` §11.2.
"""

import re
from typing import Any

_DIGITS = re.compile(r"-?[0-9]{1,16}")
_MAX = 2**63


def to_integer(value: Any) -> int | None:
    """Returns the 64-bit integer that a value stands for, or None.

    Args:
        value: any JSON value. Integers, floats without a fraction and strings of at most 16 digits stand for one;
            booleans do not.
    """
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if -_MAX <= value < _MAX else None
