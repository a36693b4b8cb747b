"""A memory that forgets soon and never grows past its capacity."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class ShortMemory(Generic[KeyT, ValueT]):
    """Keeps values for a moment each; the caller brings the time, in seconds of a clock that never goes back.

    What was put in first is forgotten first. A forgotten value costs a query, nothing else.
    """

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[KeyT, tuple[ValueT, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: KeyT, *, now: float) -> ValueT | None:
        """Returns the value of ``key``, or None when there is none or its moment is over."""
        found = self._kept.get(key)
        return found[0] if found is not None and now < found[1] else None

    def put(self, key: KeyT, value: ValueT, *, until: float, now: float) -> None:
        """Keeps ``value`` until a time, and drops what is over or does not fit any more."""
        self._kept.pop(key, None)
        while self._kept and (len(self._kept) >= self._capacity or next(iter(self._kept.values()))[1] <= now):
            self._kept.popitem(last=False)
        self._kept[key] = (value, until)
