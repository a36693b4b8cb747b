"""Time zones by their IANA names. Pure: the data is of the package ``tzdata``, whatever the machine has.

All processes of a release therefore agree on where a day begins, in a container without the system's data, too.
"""

import difflib
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

MAX_NAME_LENGTH = 64

_DATA = "tzdata"
# For machines whose zone is not set: UTC, without saying so.
_NO_ZONES = frozenset({"Factory"})


def check_time_zone(name: str) -> None:
    """Checks the IANA name of a time zone that is about to be chosen, such as ``Asia/Shanghai``.

    Raises:
        ValueError: there is none of this name; the message, which is a sentence, names similar ones.
    """
    if not is_time_zone(name):
        similar = difflib.get_close_matches(name[:MAX_NAME_LENGTH], sorted(_names() - _NO_ZONES), n=3)
        advice = f" Similar: {', '.join(similar)}." if similar else ""
        raise ValueError(f"There is no time zone of this name; it is an IANA name such as Asia/Shanghai.{advice}")


def is_time_zone(name: str) -> bool:
    """Whether this is the IANA name of a time zone that can be chosen."""
    return name in _names() - _NO_ZONES


def open_time_zone(name: str) -> ZoneInfo:
    """Returns a time zone by its IANA name, also one that can no longer be chosen.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in _names():
        raise ValueError("There is no time zone of this name.")
    return _open(name)


@cache
def _open(name: str) -> ZoneInfo:
    with files(_DATA).joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@cache
def _names() -> frozenset[str]:
    return frozenset(files(_DATA).joinpath("zones").read_text(encoding="utf-8").split())
