"""Background jobs, in the gateway's process or in one of their own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from app.composition import open_services
from app.core.jobs import Job, run_jobs
from app.settings import Settings

_SHUTDOWN_TIMEOUT_SECONDS = 3.0


@asynccontextmanager
async def running(jobs: list[Job], *, timeout_seconds: float = _SHUTDOWN_TIMEOUT_SECONDS) -> AsyncIterator[None]:
    """Runs ``jobs`` during the block; at its end waits up to ``timeout_seconds`` for current runs, then cancels them.

    A slow upstream could delay a run for minutes. Leases make it safe to cancel one and repeat it later.
    """
    stopping = asyncio.Event()
    task = asyncio.create_task(run_jobs(jobs, stopping))
    try:
        yield
    finally:
        stopping.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await task


async def work(settings: Settings) -> None:
    """Runs only the background jobs until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_services(settings) as services, running([*services.jobs(), *services.recorders()]):
        await stop.wait()
