"""What counts the units of quotas for all processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.limits.quotas import Quota


@dataclass(frozen=True, slots=True)
class LeasedWindow:
    """The current window of one quota, after a lease.

    Attributes:
        left: how many units are left for others.
        seconds: the rest of the window.
        begun: names the window in the store.
    """

    left: int
    seconds: float
    begun: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Units of the current windows of quotas.

    Attributes:
        granted: how many units of each quota this process may spend.
        windows: of each quota, in their order.
    """

    granted: int
    windows: tuple[LeasedWindow, ...]


class StoreError(Exception):
    """The store did not answer."""


class Store(Protocol):
    """Counts the units of all processes."""

    async def lease(self, quotas: Sequence[Quota], wanted: int) -> Lease:
        """Leases as many units of each quota as all of them have left, at most ``wanted``.

        Raises:
            StoreError: the store did not answer.
        """

    async def give_back(self, quotas: Sequence[Quota], lease: Lease, count: int) -> None:
        """Gives back units of each quota that were leased and not spent, if its window is still the current one.

        Raises:
            StoreError: the store did not answer.
        """
