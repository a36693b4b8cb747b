"""Retries, and the pauses between them."""

import asyncio
import itertools
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

_MAX_DOUBLINGS = 64

ResultT = TypeVar("ResultT")


def backoff_seconds(retries: int, *, base_seconds: float, max_seconds: float) -> float:
    """Returns the pause before the next retry: ``base_seconds``, doubled for each retry so far, up to a maximum."""
    # The exponent is limited because 2.0**1024 overflows.
    return min(base_seconds * 2.0 ** min(retries, _MAX_DOUBLINGS), max_seconds)


async def retry(
    work: Callable[[], Awaitable[ResultT]],
    *,
    is_temporary: Callable[[Exception], bool],
    on_retry: Callable[[Exception], None] | None = None,
    base_seconds: float = 0.2,
    max_seconds: float = 10.0,
    timeout_seconds: float = math.inf,
) -> ResultT:
    """Repeats work until it succeeds, and returns its result.

    An error that is not temporary, and any error after ``timeout_seconds``, is raised.

    Args:
        work: is called anew for each try.
        is_temporary: says whether the next try may succeed.
        on_retry: is given the error before each pause, for the log.
        base_seconds: the first pause; see ``backoff_seconds``.
        max_seconds: the longest pause.
        timeout_seconds: after which no further try is made.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds  # a clock that jumps must not end it
    for retries in itertools.count():
        try:
            return await work()
        except Exception as error:
            if not is_temporary(error) or loop.time() > deadline:
                raise
            if on_retry is not None:
                on_retry(error)
        await asyncio.sleep(backoff_seconds(retries, base_seconds=base_seconds, max_seconds=max_seconds))
    raise AssertionError("unreachable")
