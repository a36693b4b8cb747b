"""One call for all who ask the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")


class SingleFlight(Generic[ResultT]):
    """Joins concurrent calls with the same key, within this process."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[ResultT]] = {}

    async def run(self, key: Hashable, call: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Returns the result of ``call``, or of the one with the same key that is running already.

        A caller that is cancelled does not take the others' result with it. An error reaches all of them.
        """
        task = self._under_way.get(key)
        if task is None:

            async def started() -> ResultT:
                return await call()

            task = asyncio.create_task(started())
            self._under_way[key] = task
            task.add_done_callback(lambda ended: self._end(key, ended))
        return await asyncio.shield(task)

    def _end(self, key: Hashable, task: asyncio.Task[ResultT]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            # Marks an error as seen even when every caller has gone.
            task.exception()
