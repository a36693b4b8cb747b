"""Ids that the gateway generates.

Tasks, groups and assets have the upstream's ids. Generated are the ids of the gateway's own rows and requests, and the
spare id that a task has until the upstream's is known.
"""

import os
import secrets
import string
from datetime import datetime, timedelta, timezone
from functools import lru_cache

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LOWER_ALNUM = string.digits + string.ascii_lowercase
_BEIJING = timezone(timedelta(hours=8))
_SPARE_SUFFIX_LENGTH = 16
_RANDOM_LENGTH = 20
_REQUEST_DIGITS = 20
_IDS_AT_ONCE = 256
_BYTES = 256


def random_text(length: int, alphabet: str = BASE62) -> str:
    """Returns ``length`` random characters of ``alphabet``, from the system's secure source.

    Reads all random bytes at once: 3 µs in place of 50 under load, as ``secrets.choice`` makes a system call for each
    character.

    Args:
        length: how many.
        alphabet: up to 256 different ASCII characters, of which all are equally likely.
    """
    characters, rejected = _conversion(alphabet)
    text = b""
    while len(text) < length:
        text += secrets.token_bytes(2 * length).translate(characters, rejected)
    return text[:length].decode("ascii")


@lru_cache(maxsize=16)
def _conversion(alphabet: str) -> tuple[bytes, bytes]:
    """Returns the character of each byte, and the bytes that would make some characters likelier than others."""
    count = _BYTES - _BYTES % len(alphabet)
    characters = bytes(ord(alphabet[byte % len(alphabet)]) for byte in range(_BYTES))
    return characters, bytes(range(count, _BYTES))


def new_id(prefix: str) -> str:
    """Returns an id such as ``ch_4fG…``: a prefix for the kind, and 119 random bits."""
    return f"{prefix}_{random_text(_RANDOM_LENGTH)}"


def new_spare_task_id(now: datetime) -> str:
    """Returns a task id in the upstream's form, but with a suffix of 16 characters.

    The upstream's suffix has 5, so the two are never equal. The time is in UTC+8, as in the upstream's ids.
    """
    stamp = now.astimezone(_BEIJING).strftime("%Y%m%d%H%M%S")
    return f"cgt-{stamp}-{random_text(_SPARE_SUFFIX_LENGTH, _LOWER_ALNUM)}"


class _RequestIds:
    """Makes request ids: 0.5 µs each in place of 2.6, and in place of a system call that takes 4 under load.

    The random digits of many ids are read at once, and the time is formatted once a second.
    """

    def __init__(self) -> None:
        self._digits = ""
        self._position = 0
        self._second: tuple[int, ...] = ()
        self._stamp = ""

    def new(self, now: datetime) -> str:
        # Cheaper to compare than any text of it.
        second = now.second, now.minute, now.hour, now.day, now.month, now.year
        if second != self._second:
            self._second, self._stamp = second, now.strftime("%Y%m%d%H%M%S")
        start = self._position
        if start == len(self._digits):
            self._digits, start = secrets.token_hex(_REQUEST_DIGITS * _IDS_AT_ONCE // 2).upper(), 0
        self._position = start + _REQUEST_DIGITS
        return self._stamp + self._digits[start : self._position]

    def forget(self) -> None:
        """Drops the digits, which the parent of a forked process uses, too."""
        self._digits, self._position = "", 0


_request_ids = _RequestIds()
os.register_at_fork(after_in_child=_request_ids.forget)


def new_request_id(now: datetime) -> str:
    """Returns a request id: the time in UTC to the second and 20 random hexadecimal digits."""
    return _request_ids.new(now)
