"""Measures how long a request blocks a gateway's event loop."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from app.settings import Settings
from tests.support.clock import MovableClock
from tests.support.gateway import serve_gateway

_TICK_SECONDS = 0.005
_START_SECONDS = 60.0


class Stalls:
    """A ticker in an event loop.

    A stall is the time between two ticks, but no more than the processor time that the loop and the threads for bodies
    have spent in it: on a busy machine everything waits, and what a request costs stays the same.
    """

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        self.ticks = 0
        self.loop: asyncio.AbstractEventLoop | None = None

    def reset(self) -> None:
        """Starts a new measurement."""
        self.longest_seconds = 0.0

    async def tick(self) -> None:
        """Measures until it is cancelled; runs in the loop that is measured."""
        self.loop = asyncio.get_running_loop()
        at, spent = time.perf_counter(), self._spent()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now, spent_now = time.perf_counter(), self._spent()
            stall = min(now - at - _TICK_SECONDS, spent_now - spent)
            self.longest_seconds = max(self.longest_seconds, stall)
            self.ticks += 1
            at, spent = now, spent_now

    @staticmethod
    def _spent() -> float:
        """Returns the processor time of this loop, and of the threads that may keep the interpreter lock from it."""
        spent = time.thread_time()
        for thread in threading.enumerate():
            if thread.name.startswith("bodies") and thread.ident is not None:
                spent += time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        return spent


@contextmanager
def measured_gateway(settings: Settings) -> Iterator[tuple[str, Stalls]]:
    """Runs one more gateway in a thread with an event loop of its own; yields its address, and its stalls."""
    started: Future[str] = Future()
    stop: Future[None] = Future()
    stalls = Stalls()
    thread = threading.Thread(target=lambda: asyncio.run(_run(settings, stalls, started, stop)))
    thread.start()
    try:
        yield started.result(_START_SECONDS), stalls
    finally:
        stop.set_result(None)
        thread.join()


async def _run(settings: Settings, stalls: Stalls, started: "Future[str]", stop: "Future[None]") -> None:
    try:
        async with serve_gateway(settings, MovableClock()) as base_url:
            ticker = asyncio.create_task(stalls.tick())
            await asyncio.sleep(2 * _TICK_SECONDS)
            started.set_result(base_url)
            await asyncio.wrap_future(stop)
            ticker.cancel()
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise
