"""Ids that the gateway generates.

Tasks, groups and assets have the upstream's ids. Generated are the ids of the gateway's own rows and requests, and the
spare id that a task has until the upstream's is known.
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
    """Returns ``length`` random characters of ``alphabet``, from the system's secure source."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def new_id(prefix: str) -> str:
    """Returns an id such as ``ch_4fG…``: a prefix for the kind, and 119 random bits."""
    return f"{prefix}_{random_text(_RANDOM_LENGTH)}"


def new_spare_task_id(now: datetime) -> str:
    """Returns a task id in the upstream's form, but with a suffix of 16 characters.

    The upstream's suffix has 5, so the two are never equal. The time is in UTC+8, as in the upstream's ids.
    """
    stamp = now.astimezone(_BEIJING).strftime("%Y%m%d%H%M%S")
    return f"cgt-{stamp}-{random_text(_SPARE_SUFFIX_LENGTH, _LOWER_ALNUM)}"


def new_request_id(now: datetime) -> str:
    """Returns a request id: the time in UTC to the second and 20 random hexadecimal digits."""
    return now.strftime("%Y%m%d%H%M%S") + secrets.token_hex(10).upper()
