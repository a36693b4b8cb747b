"""Work beside the requests: jobs that survive their errors, work that outlives its request, calls that are shared."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

ResultT = TypeVar("ResultT")

_log = structlog.get_logger()
_MAX_BACKOFF_FACTOR = 16


@dataclass(frozen=True)
class Job:
    """A piece of work to repeat.

    Attributes:
        name: for the log.
        interval_seconds: pause between two runs.
        run: does the work once.
        due: set when there is something to do; a run clears it. Without it the job runs after each pause.
    """

    name: str
    interval_seconds: float
    run: Callable[[], Awaitable[object]]
    due: asyncio.Event | None = None


async def repeat(job: Job, stopping: asyncio.Event) -> None:
    """Runs ``job`` again and again until ``stopping`` is set, and with it the job's ``due``.

    An error is logged and makes the next pause longer, up to sixteen times the interval; it never ends the loop.
    """
    failures = 0
    while not stopping.is_set():
        if job.due is not None:
            await job.due.wait()
            if stopping.is_set():
                return
            # Before the run: what becomes due during it may be too late for it.
            job.due.clear()
        try:
            await job.run()
            failures = 0
        except Exception as error:  # noqa: BLE001 - a job must outlive every error
            failures += 1
            _log.warning("job_failed", job=job.name, failures=failures, error=repr(error))
        pause = job.interval_seconds * min(2**failures, _MAX_BACKOFF_FACTOR)
        try:
            async with asyncio.timeout(pause):
                await stopping.wait()
        except TimeoutError:
            continue


async def run_jobs(jobs: list[Job], stopping: asyncio.Event) -> None:
    """Runs all ``jobs`` side by side until ``stopping`` is set, then waits for what is under way."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(repeat(job, stopping), name=f"job:{job.name}")
        await stopping.wait()
        for job in jobs:
            if job.due is not None:
                job.due.set()


class WorkUnderWay:
    """Work that must come to its end whatever becomes of the request that began it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, ResultT]) -> asyncio.Task[ResultT]:
        """Starts ``work``. Whoever waits for the task must do so through ``asyncio.shield`` or ``asyncio.wait``."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, *, patience_seconds: float) -> int:
        """Waits for what is under way, and for what that starts, then cancels the rest; returns how many those are."""
        deadline = asyncio.get_running_loop().time() + patience_seconds
        while self._tasks and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        abandoned = list(self._tasks)
        for task in abandoned:
            task.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        return len(abandoned)


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
