"""Throttling of wrong admin tokens."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from app.errors import RateLimitedError
from app.http.client_address import network_of

FREE_FAILURES = 20
"""How many wrong tokens in a row are answered 401 before the next one is answered 429."""

SECONDS_PER_FAILURE = 3.0
"""After that, one wrong token per this time is answered 401."""

_MAX_NETWORKS = 10_000
_TOO_MANY = "Too many wrong tokens came from this network. Please wait."


class AuthThrottle:
    """Counts wrong tokens by network: an IPv4 address, or a /64 of IPv6.

    Each process counts for itself, so ``n`` worker processes allow ``n`` times as many. For each of the last 10,000
    networks it keeps the time at which all free failures are available again.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Returns the number of networks that are kept."""
        return len(self._full_at)

    def wait_seconds(self, address: str) -> int:
        """Returns the seconds until the next wrong token from an address is answered 401 again; 0: now."""
        full_at = self._full_at.get(network_of(address))
        if full_at is None:
            return 0
        return max(0, math.ceil(full_at - self._monotonic() - (FREE_FAILURES - 1) * SECONDS_PER_FAILURE))

    def record_failure(self, address: str) -> None:
        """Counts one wrong token."""
        network = network_of(address)
        now = self._monotonic()
        self._full_at[network] = max(self._full_at.pop(network, now), now) + SECONDS_PER_FAILURE
        if len(self._full_at) > _MAX_NETWORKS:
            self._full_at.popitem(last=False)

    def refuse(self, address: str) -> None:
        """Counts one wrong token, unless there are too many already.

        Raises:
            RateLimitedError: 429, there are.
        """
        wait_seconds = self.wait_seconds(address)
        if wait_seconds:
            raise RateLimitedError(_TOO_MANY, retry_after_seconds=wait_seconds)
        self.record_failure(address)
