"""Periodic background jobs, which survive their errors."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from app.core.backoff import backoff_seconds

_log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """A periodic job.

    Attributes:
        name: for the log.
        interval_seconds: the pause between two runs.
        run: does the work once.
        due: set when there is work; cleared before a run. Without it the job runs after each pause.
        max_backoff_factor: how many times the interval the pause can become after errors.
    """

    name: str
    interval_seconds: float
    run: Callable[[], Awaitable[object]]
    due: asyncio.Event | None = None
    max_backoff_factor: int = 16

    def pause_seconds(self, failures: int) -> float:
        """Returns the pause before the next run, after ``failures`` runs in a row that failed."""
        longest = self.max_backoff_factor * self.interval_seconds
        return backoff_seconds(failures, base_seconds=self.interval_seconds, max_seconds=longest)


async def repeat(job: Job, stopping: asyncio.Event) -> None:
    """Runs ``job`` periodically until ``stopping`` is set; ``due`` must be set then, too.

    Errors are logged and double the pause, up to ``max_backoff_factor`` times the interval; they never end the loop.
    """
    failures = 0
    while not stopping.is_set():
        if job.due is not None:
            await job.due.wait()
            if stopping.is_set():
                return
            # Cleared before the run, because work that becomes due during the run may be missed by it.
            job.due.clear()
        try:
            await job.run()
            failures = 0
        except Exception as error:  # noqa: BLE001 - a job must survive every error
            failures += 1
            _log.warning("job_failed", job=job.name, failures=failures, error=repr(error))
        try:
            async with asyncio.timeout(job.pause_seconds(failures)):
                await stopping.wait()
        except TimeoutError:
            continue


async def run_jobs(jobs: list[Job], stopping: asyncio.Event) -> None:
    """Runs all ``jobs`` concurrently until ``stopping`` is set, then waits for the current runs."""
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(repeat(job, stopping), name=f"job:{job.name}")
        await stopping.wait()
        for job in jobs:
            if job.due is not None:
                job.due.set()
