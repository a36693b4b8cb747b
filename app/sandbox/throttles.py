"""Rates of the emulated upstream."""

from collections import deque
from collections.abc import Callable


class Throttle:
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
