"""When a failed delivery is attempted again. Pure."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

RETRY_FOR = timedelta(days=1)
"""How long after it was written or resent a message is attempted."""

_PAUSES = tuple(
    timedelta(**pause)
    for pause in ({"seconds": 5}, {"seconds": 30}, {"minutes": 2}, {"minutes": 10}, {"minutes": 30}, {"hours": 1})
)
_JITTER = 0.2


def next_attempt_after(
    attempts: int, *, now: datetime, uniform: Callable[[float, float], float] = random.uniform
) -> datetime:
    """Returns when the next attempt is due: after 5 s, 30 s, 2, 10 and 30 minutes, then every hour, each ± 20 %.

    Args:
        attempts: so far, at least 1.
        now: when the last one ended.
        uniform: draws the jitter, which spreads attempts that failed at the same time.
    """
    pause = _PAUSES[min(attempts, len(_PAUSES)) - 1]
    return now + pause * uniform(1 - _JITTER, 1 + _JITTER)
