"""A clock that tests move."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Shows the real time plus what it was moved by."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Moves the clock forward."""
        self._offset += timedelta(seconds=seconds)
