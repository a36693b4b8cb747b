"""The clock of a sandbox."""

from collections.abc import Callable
from datetime import datetime, timedelta


class SandboxClock:
    """A clock that can be advanced and skewed.

    *Advancing* moves queueing, expiry and URL lifetimes ahead. *Skew* is a clock error of the upstream. Values that
    the caller compares with its own clock (``X-Date``, the ``Date`` header) contain the skew only, because a caller
    signs with the real date even after the sandbox was advanced by a week.

    Args:
        source: returns the real time, UTC-aware.
        time_scale: see below.

    Attributes:
        time_scale: sandbox seconds of work per second of this clock.
        skew_seconds: error of this clock; positive when it is fast.
        advanced_seconds: sum of all advances.
    """

    def __init__(self, source: Callable[[], datetime], time_scale: float) -> None:
        self._source = source
        self.time_scale = time_scale
        self.skew_seconds = 0.0
        self.advanced_seconds = 0.0

    def now(self) -> datetime:
        """Returns the sandbox's time, UTC-aware."""
        return self.wire_now() + timedelta(seconds=self.advanced_seconds)

    def wire_now(self) -> datetime:
        """Returns the time that is compared with callers' clocks, UTC-aware."""
        return self._source() + timedelta(seconds=self.skew_seconds)

    def advance(self, seconds: float) -> None:
        """Advances the clock; the seconds are not scaled."""
        self.advanced_seconds += seconds

    def work(self, seconds: float) -> timedelta:
        """Returns how long ``seconds`` of the upstream's work take on this clock."""
        return timedelta(seconds=seconds / self.time_scale)
