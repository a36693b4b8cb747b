"""Which of the upstream's values are integers. Pure.

Token counts and ``duration`` may arrive as numbers or as strings, and other numbers as ``5.0``; the Go and Java SDKs
take an integer and nothing else.

Source: reference ``upstream.md`` §11.2.
"""

import re
from typing import Any

_DIGITS = re.compile(r"-?[0-9]{1,16}")
_END = 2**63


def to_integer(value: Any) -> int | None:
    """Returns the integer of 64 bits that a value of the upstream's means; None when it means none.

    Args:
        value: any value of a JSON document. An integer, a float without a fraction and a string of at most 16 digits
            mean one; a boolean does not.
    """
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if -_END <= value < _END else None
