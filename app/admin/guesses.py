"""Slowing of wrong admin tokens."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from app.http.client_address import network_of

FREE_GUESSES = 20
"""How many wrong tokens in a row are answered 401 before the next one is answered 429."""

SECONDS_PER_GUESS = 3.0
"""How often a wrong token is answered 401 afterwards."""

_CAPACITY = 10_000


class GuessLimit:
    """Counts wrong tokens by the network that they come from: an IPv4 address, or a /64 of IPv6.

    Each process counts for itself, so that ``n`` worker processes allow ``n`` times as many. It holds one number for
    each of the 10,000 networks that failed last: the moment at which all of a network's guesses are free again.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """How many networks it remembers."""
        return len(self._free_at)

    def wait_seconds(self, address: str) -> int:
        """Returns in how many seconds a wrong token is counted again; 0: now.

        Args:
            address: where the request comes from, proxies seen through; empty when not known.
        """
        free_at = self._free_at.get(network_of(address))
        if free_at is None:
            return 0
        return max(0, math.ceil(free_at - self._monotonic() - (FREE_GUESSES - 1) * SECONDS_PER_GUESS))

    def note_wrong(self, address: str) -> None:
        """Counts one wrong token."""
        network = network_of(address)
        now = self._monotonic()
        self._free_at[network] = max(self._free_at.pop(network, now), now) + SECONDS_PER_GUESS
        if len(self._free_at) > _CAPACITY:
            self._free_at.popitem(last=False)
