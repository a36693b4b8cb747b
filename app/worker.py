"""Background work: beside the gateway in its process, or alone in a process of its own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.jobs import Job, run_jobs
from app.settings import Settings
from app.wiring import open_services

_PATIENCE_SECONDS = 3.0


@asynccontextmanager
async def running(jobs: list[Job], *, patience_seconds: float = _PATIENCE_SECONDS) -> AsyncIterator[None]:
    """Runs ``jobs`` while the block does; at its end waits a moment for what is under way, then cancels it.

    A slow upstream could hold a job for minutes. Leases make all of them fit to be broken off and done again.
    """
    stopping = asyncio.Event()
    task = asyncio.create_task(run_jobs(jobs, stopping))
    try:
        yield
    finally:
        stopping.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_seconds):
                await task


async def work(settings: Settings) -> None:
    """Runs the background jobs alone until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_services(settings) as services, running([*services.jobs(), *services.recorders()]):
        await stop.wait()
