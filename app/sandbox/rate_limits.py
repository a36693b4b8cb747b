"""Rates of the emulated upstream."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The upstream's rates and caps per account, counted in real time, not in the sandbox's.

    Source: reference ``upstream.md`` §4.4 and §5.3 (enterprise figures).

    Attributes:
        get_per_second: GET of one task.
        list_per_second: LIST of tasks.
        delete_per_second: DELETE of a task.
        create_per_minute: creates per model; 4k has its own.
        create_4k_per_minute: creates of 4k videos per model.
        concurrency: running tasks per model; further ones wait as ``queued``.
        concurrency_4k: running 4k tasks per model.
        queued_tasks: more waiting tasks per account are refused with 429; None: no cap.
        create_asset_per_minute: CreateAsset.
    """

    get_per_second: int = 20
    list_per_second: int = 1
    delete_per_second: int = 20
    create_per_minute: int = 600
    create_4k_per_minute: int = 15
    concurrency: int = 10
    concurrency_4k: int = 1
    queued_tasks: int | None = None
    create_asset_per_minute: int = 300


class RateLimiter:
    """Lets at most so many calls through in any window; refused calls do not count.

    The window is real time: a faster sandbox does not allow a caller to ask more often.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._passed: dict[tuple[str, ...], deque[float]] = {}

    def is_allowed(self, key: tuple[str, ...], *, calls: int, seconds: float) -> bool:
        """Counts a call under ``key`` and returns True, or returns False when the window is full."""
        now = self._monotonic()
        passed = self._passed.setdefault(key, deque())
        while passed and passed[0] <= now - seconds:
            passed.popleft()
        if len(passed) >= calls:
            return False
        passed.append(now)
        return True
