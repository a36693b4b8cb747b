"""Pauses between retries."""

_MAX_DOUBLINGS = 64


def backoff_seconds(retries: int, *, base_seconds: float, max_seconds: float) -> float:
    """Returns the pause before the next retry: ``base_seconds``, doubled for each retry so far, up to a maximum."""
    # The exponent is limited because 2.0**1024 overflows.
    return min(base_seconds * 2.0 ** min(retries, _MAX_DOUBLINGS), max_seconds)
