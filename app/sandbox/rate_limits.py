"""Rate limits and quotas of the emulated upstream."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The upstream's limits per account. Rates count real time, which the time scale does not change.

    Source: reference ``upstream.md`` §4.4 and §5.3 (enterprise figures).

    Attributes:
        get_per_second: GET of one task.
        list_per_second: LIST of tasks.
        delete_per_second: DELETE of a task.
        create_per_minute: creates per model, 4k videos excluded.
        create_4k_per_minute: creates of 4k videos per model.
        concurrency: running tasks per model; further tasks wait as ``queued``.
        concurrency_4k: running 4k tasks per model.
        queued_tasks: maximum of queued tasks per account; None for no maximum.
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
    """A sliding-window counter for each key; refused calls are not counted.

    Args:
        monotonic: returns seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._allowed_at: dict[tuple[str, ...], deque[float]] = {}

    def is_allowed(self, key: tuple[str, ...], *, calls: int, seconds: float) -> bool:
        """Counts a call of ``key`` and returns True, or returns False when the window already holds ``calls``."""
        now = self._monotonic()
        allowed_at = self._allowed_at.setdefault(key, deque())
        while allowed_at and allowed_at[0] <= now - seconds:
            allowed_at.popleft()
        if len(allowed_at) >= calls:
            return False
        allowed_at.append(now)
        return True
