"""Background work: beside the gateway in its process, or alone in a process of its own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.jobs import Job, run_jobs
from app.settings import Settings
from app.wiring import open_services


@asynccontextmanager
async def running(jobs: list[Job]) -> AsyncIterator[None]:
    """Runs ``jobs`` while the block does; at its end waits for what is under way."""
    stopping = asyncio.Event()
    task = asyncio.create_task(run_jobs(jobs, stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


async def work(settings: Settings) -> None:
    """Runs the background jobs alone until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_services(settings) as services, running(services.jobs()):
        await stop.wait()
