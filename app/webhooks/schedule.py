"""When a delivery is tried again. Pure."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

RETRY_FOR = timedelta(days=1)
"""A delivery that nobody took for so long is given up."""

_PAUSES = tuple(
    timedelta(**pause)
    for pause in ({"seconds": 5}, {"seconds": 30}, {"minutes": 2}, {"minutes": 10}, {"minutes": 30}, {"hours": 1})
)
_JITTER = 0.2


def next_try_at(attempts: int, *, now: datetime, uniform: Callable[[float, float], float] = random.uniform) -> datetime:
    """Returns when to try again after so many tries: 5 s, 30 s, 2, 10 and 30 minutes, then every hour, each ± 20 %.

    Args:
        attempts: tries so far, at least 1.
        now: when the last one ended.
        uniform: draws the jitter, so that what failed together is not tried together.
    """
    pause = _PAUSES[min(attempts, len(_PAUSES)) - 1]
    return now + pause * uniform(1 - _JITTER, 1 + _JITTER)
