"""Identifiers that Seedgate makes itself.

Ids of tasks, groups and assets are the upstream's own whenever the upstream answered; what is made here names
our own rows, requests and the spare id that every task intent has from the start.
"""

import secrets
import string
from datetime import datetime, timedelta, timezone

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LOWER_ALNUM = string.digits + string.ascii_lowercase
_BEIJING = timezone(timedelta(hours=8))
_SPARE_SUFFIX_LENGTH = 16
_RANDOM_LENGTH = 20


def random_text(length: int, alphabet: str = BASE62) -> str:
    """Returns ``length`` characters of ``alphabet`` from the system's random source."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def new_id(prefix: str) -> str:
    """Returns an id such as ``ch_4fG…``: a prefix that names the kind, and 119 random bits."""
    return f"{prefix}_{random_text(_RANDOM_LENGTH)}"


def new_spare_task_id(now: datetime) -> str:
    """Returns a task id of ours, shaped like the upstream's but with a longer suffix.

    The upstream's suffix has 5 characters, ours 16, so the two can never be equal.
    The time is written in UTC+8, as upstream does.
    """
    stamp = now.astimezone(_BEIJING).strftime("%Y%m%d%H%M%S")
    return f"cgt-{stamp}-{random_text(_SPARE_SUFFIX_LENGTH, _LOWER_ALNUM)}"


def new_request_id(now: datetime) -> str:
    """Returns a request id: a UTC time stamp to the second and 20 random hexadecimal digits."""
    return now.strftime("%Y%m%d%H%M%S") + secrets.token_hex(10).upper()
