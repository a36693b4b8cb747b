"""An event that calls functions when it is set.

Where each request awaits the same thing while it does others, a task that waits for an ``asyncio.Event`` costs some
10 µs, and a function in a list less than one.
"""

import asyncio
from collections.abc import Callable


class WatchedEvent(asyncio.Event):
    """An ``asyncio.Event`` with functions that are called once, by ``set``, in the order of their registration.

    Attributes:
        is_prompt: it is set within milliseconds of what it reports, as far as this process can know.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_prompt = False
        self._callbacks: list[Callable[[], object]] = []

    def set(self) -> None:
        """Sets the event and calls the functions; they must not raise."""
        super().set()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def call_when_set(self, callback: Callable[[], object]) -> None:
        """Has a function called when the event is set: now, if it is already."""
        if self.is_set():
            callback()
        else:
            self._callbacks.append(callback)

    def forget(self, callback: Callable[[], object]) -> None:
        """Takes back ``call_when_set``; without effect once the function has been called."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)
