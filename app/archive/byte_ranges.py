"""The ``Range`` of a request (RFC 9110 §14), of which one range is served and several are ignored. Pure."""

import re
from collections.abc import Sequence

_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(?P<first>[0-9]{0,15})-(?P<last>[0-9]{0,15})[ \t]*", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range begins after the end of the file."""


def range_of(values: Sequence[str], size_bytes: int) -> tuple[int, int] | None:
    """Returns the first byte and the one after the last of the range that is asked for; None: the whole file.

    Args:
        values: of the header, which may be repeated; a malformed one counts as none.
        size_bytes: the length of the file.

    Raises:
        UnsatisfiableRangeError: nothing of the file is in it.
    """
    found = _RANGE.fullmatch(values[0]) if len(values) == 1 else None
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        length = int(found["last"])
        if length == 0:
            raise UnsatisfiableRangeError
        return max(size_bytes - length, 0), size_bytes
    first = int(found["first"])
    if found["last"] and int(found["last"]) < first:
        return None
    if first >= size_bytes:
        raise UnsatisfiableRangeError
    return first, min(int(found["last"] or size_bytes), size_bytes - 1) + 1
