"""How often an unfinished task is polled in the background."""

from datetime import datetime, timedelta

MAX_POLL_INTERVAL = timedelta(seconds=60)
"""A claim of a poller lasts longer than this, so that claimed tasks can be distinguished from others."""

_MIN_POLL_INTERVAL = timedelta(seconds=5)
_AGE_SHARE = 10


def next_poll_after(created_at: datetime, now: datetime) -> datetime:
    """Returns when to poll again: after a tenth of the task's age, from 5 to 60 seconds."""
    return now + min(max((now - created_at) / _AGE_SHARE, _MIN_POLL_INTERVAL), MAX_POLL_INTERVAL)
