"""Reading of header values by the rules of HTTP, which are ASCII's. Pure.

A header value is bytes, and ASGI shows them to Python as latin-1 text. ``str.strip`` and ``str.split`` take the bytes
0x85 and 0xA0 of such a text for white space, a proxy in front does not, and so the two would read different values.
Only SP and HTAB surround a value or separate its parts (RFC 9110 §5.6.3).
"""

import re

BLANKS = " \t"
"""The characters of optional white space."""

_BLANK = re.compile(f"[{BLANKS}]+")
_DECIMAL = re.compile(r"[0-9]{1,18}")


def trim(value: str) -> str:
    """Returns a value without the white space around it; every other character stays."""
    return value.strip(BLANKS)


def split_scheme(authorization: str) -> tuple[str, str]:
    """Returns the scheme of an ``Authorization`` header in lower case, and what follows it, trimmed.

    Both are empty where the header is; a scheme that holds anything but ASCII is returned as it is and equals none.
    """
    scheme, *rest = _BLANK.split(trim(authorization), maxsplit=1)
    return scheme.lower() if scheme.isascii() else scheme, rest[0] if rest else ""


def parse_decimal(text: str) -> int | None:
    """Returns a whole number of 1 to 18 ASCII digits, without sign, blanks or ``_``; else None."""
    return int(text) if _DECIMAL.fullmatch(text) else None
