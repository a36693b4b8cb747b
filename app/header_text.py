"""Parsing of header values by the rules of HTTP, in ASCII. Pure.

ASGI applications decode header values as latin-1. ``str.strip`` and ``str.split`` treat the bytes 0x85 and 0xA0 as
white space, which a proxy in front does not, so that the two would read different values. In HTTP only SP and HTAB are
white space (RFC 9110 §5.6.3).
"""

import re

BLANKS = " \t"
"""The characters of white space in HTTP."""

_BLANK = re.compile(f"[{BLANKS}]+")
_DECIMAL = re.compile(r"[0-9]{1,18}")


def trim(value: str) -> str:
    """Returns a value without the white space around it."""
    return value.strip(BLANKS)


def split_scheme(authorization: str) -> tuple[str, str]:
    """Splits an ``Authorization`` header into its scheme in lower case and the trimmed rest.

    Both are empty for an empty header. A scheme with characters outside ASCII is returned unchanged.
    """
    scheme, *rest = _BLANK.split(trim(authorization), maxsplit=1)
    return scheme.lower() if scheme.isascii() else scheme, rest[0] if rest else ""


def parse_decimal(text: str) -> int | None:
    """Returns the value of 1 to 18 ASCII digits, or None for any other text."""
    return int(text) if _DECIMAL.fullmatch(text) else None
