"""A thread that parses and checks large bodies.

A thread only keeps the event loop responsive if no call in it holds Python's interpreter lock for long, so the work
consists of short steps: ``app.core.large_json`` for parsing, plain Python for checking.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from app.core.strict_json import has_more_values

MAX_LIGHT_BYTES = 64 * 1024
MAX_LIGHT_VALUES = 500
"""Smaller bodies are handled in the event loop, which takes a few milliseconds at most."""

_MAX_HASHED_IN_LOOP_BYTES = 1024 * 1024

ResultT = TypeVar("ResultT")


class BodyThread:
    """One thread for all large bodies of a process. Each tenant queues at most one body in it at a time."""

    def __init__(self) -> None:
        # One thread only: each competes with the event loop for the interpreter lock.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="bodies")
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def run(self, tenant_id: str, data: bytes, work: Callable[[bytes], ResultT]) -> ResultT:
        """Returns ``work(data)``, computed in the event loop if ``data`` is small, else in the thread.

        The work must be pure and consist of short steps; its exceptions are raised here.
        """
        if len(data) <= MAX_LIGHT_BYTES and not has_more_values(data, MAX_LIGHT_VALUES):
            return work(data)
        return await self.run_heavy(tenant_id, lambda: work(data))

    async def run_heavy(self, tenant_id: str, work: Callable[[], ResultT]) -> ResultT:
        """Returns ``work()``, computed in the thread, under the conditions of ``run``."""
        async with self._turn_of(tenant_id):
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Ends the thread after its current work."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    @asynccontextmanager
    async def _turn_of(self, tenant_id: str) -> AsyncIterator[None]:
        lock, users = self._turns.get(tenant_id, (asyncio.Lock(), 0))
        self._turns[tenant_id] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._turns.pop(tenant_id)
            if users > 1:
                self._turns[tenant_id] = lock, users - 1


async def sha256_of(data: bytes) -> bytes:
    """Returns the SHA-256 of a body; a large one is hashed in a thread, which releases the interpreter lock."""
    if len(data) <= _MAX_HASHED_IN_LOOP_BYTES:
        return hashlib.sha256(data).digest()
    return await asyncio.to_thread(lambda: hashlib.sha256(data).digest())
