"""Ids in the upstream's formats."""

import secrets
import string
from collections.abc import Container
from datetime import datetime, timedelta, timezone

from app.ids import random_text

_BEIJING = timezone(timedelta(hours=8))
_LOWER_ALNUM = string.digits + string.ascii_lowercase


def new_resource_id(prefix: str, now: datetime, used: Container[str]) -> str:
    """Returns ``<prefix>-yyyyMMddHHmmss-xxxxx``: the time in UTC+8 and five random characters.

    Args:
        prefix: ``cgt``, ``group`` or ``asset``.
        now: the time, aware.
        used: ids that are not returned.
    """
    stamp = now.astimezone(_BEIJING).strftime("%Y%m%d%H%M%S")
    while (found := f"{prefix}-{stamp}-{random_text(5, _LOWER_ALNUM)}") in used:
        pass
    return found


def new_request_id(now: datetime) -> str:
    """Returns ``02``, the time in milliseconds and 32 random hexadecimal digits."""
    return f"02{int(now.timestamp() * 1000)}{secrets.token_hex(16)}"


def new_byted_token(now: datetime) -> str:
    """Returns the token of a face verification: the time in UTC+8 and 20 random hexadecimal digits."""
    return now.astimezone(_BEIJING).strftime("%Y%m%d%H%M%S") + secrets.token_hex(10).upper()
