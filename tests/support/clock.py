"""Clocks that tests move."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """The time of day: the real time plus what it was moved by, or a time that stands still until it is moved.

    A clock that stands still shows each moment a microsecond later than the one before, so that what happens one after
    the other keeps its order. A slow machine makes nothing due or stale on it.
    """

    def __init__(self, *, stands_still: bool = False) -> None:
        self._offset = timedelta(0)
        self._stopped_at = datetime.now(UTC) if stands_still else None

    def __call__(self) -> datetime:
        if self._stopped_at is None:
            return datetime.now(UTC) + self._offset
        self._stopped_at += timedelta(microseconds=1)
        return self._stopped_at + self._offset

    def advance(self, seconds: float) -> None:
        """Moves the clock forward."""
        self._offset += timedelta(seconds=seconds)


class ManualSeconds:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Moves the clock forward."""
        self.now += seconds
