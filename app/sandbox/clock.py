"""The sandbox's own time."""

from collections.abc import Callable
from datetime import datetime, timedelta


class SandboxClock:
    """A clock that can be pushed forward and bent.

    *Advancing* lets hours of queueing, expiry and URL lifetime pass at once. *Skew* makes the sandbox's clock wrong
    against the caller's. Only skew counts where two machines compare clocks (``X-Date``, the ``Date`` header):
    a caller whose sandbox was advanced by a week still signs with today's date.

    Attributes:
        time_scale: sandbox seconds of work per second of this clock.
        skew_seconds: how far this clock is ahead of the truth.
        advanced_seconds: how far it was advanced in all.
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
        """Returns the time that callers' clocks are compared with."""
        return self._source() + timedelta(seconds=self.skew_seconds)

    def advance(self, seconds: float) -> None:
        """Lets ``seconds`` pass at once; they are not multiplied by the time scale."""
        self.advanced_seconds += seconds

    def work(self, seconds: float) -> timedelta:
        """Returns how long ``seconds`` of the upstream's work take on this clock."""
        return timedelta(seconds=seconds / self.time_scale)
