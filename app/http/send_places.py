"""How many files a process sends at a time, in all and to one party.

A client may read as slowly as it likes, so a file that is being sent is a place that is taken for as long. No party may
take all of them.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import ServiceUnavailableError


class SendPlaces:
    """The places of one process."""

    def __init__(self, *, max_total: int, max_per_party: int) -> None:
        self._max_total = max_total
        self._max_per_party = max_per_party
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, party: str) -> Iterator[None]:
        """Takes a place for a party, such as a tenant, until the block ends.

        Raises:
            ServiceUnavailableError: 503, there is none.
        """
        if self._taken[party] >= self._max_per_party or self._taken.total() >= self._max_total:
            raise ServiceUnavailableError("Too many files are being sent at the moment. Please try again.")
        self._taken[party] += 1
        try:
            yield
        finally:
            self._taken[party] -= 1
            if not self._taken[party]:
                del self._taken[party]
