"""Work that outlives the request that started it, and calls that concurrent requests share."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

ResultT = TypeVar("ResultT")


class BackgroundTasks:
    """Tasks that continue when the request that started them is cancelled."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, ResultT]) -> asyncio.Task[ResultT]:
        """Starts a task. Await it through ``asyncio.shield`` or ``asyncio.wait``."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def run_for(self, work: Coroutine[Any, Any, ResultT], *, timeout_seconds: float) -> ResultT | None:
        """Returns the result of a task, or None when it takes longer; the task then continues."""
        done, _ = await asyncio.wait({task := self.start(work)}, timeout=timeout_seconds)
        return task.result() if done else None

    async def drain(self, *, timeout_seconds: float) -> int:
        """Waits for all tasks, and those that they start, then cancels the rest; returns how many were cancelled."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        cancelled = list(self._tasks)
        for task in cancelled:
            task.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        return len(cancelled)


class SingleFlight(Generic[ResultT]):
    """Joins concurrent calls with the same key, within this process."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[ResultT]] = {}

    async def run(self, key: Hashable, call: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Returns the result of ``call``, or of the running call with the same key.

        Cancelling one caller does not cancel the call. An error is raised in all callers.
        """
        task = self._running.get(key)
        if task is None:

            async def started() -> ResultT:
                return await call()

            task = asyncio.create_task(started())
            self._running[key] = task
            task.add_done_callback(lambda ended: self._end(key, ended))
        return await asyncio.shield(task)

    def _end(self, key: Hashable, task: asyncio.Task[ResultT]) -> None:
        del self._running[key]
        if not task.cancelled():
            # Retrieves the error, which asyncio would log if every caller was cancelled.
            task.exception()
