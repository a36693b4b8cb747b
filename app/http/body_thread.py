"""Work on large bodies beside the event loop.

A thread of its own keeps the loop free only while no single call in it keeps Python's interpreter lock for long, so
the work is made of small steps: ``app.core.large_json`` for parsing, plain Python for checking.
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
"""Up to these bounds a body is worked on in the event loop: that takes a few milliseconds at worst."""

_MAX_HASHED_IN_LOOP_BYTES = 1024 * 1024

ResultT = TypeVar("ResultT")


class BodyThread:
    """One thread for all bodies of a process. Tenants take turns, so that one with many bodies delays its own."""

    def __init__(self) -> None:
        # A second thread would be a second rival of the event loop for the interpreter lock.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="bodies")
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def run(self, tenant_id: str, data: bytes, work: Callable[[bytes], ResultT]) -> ResultT:
        """Returns ``work(data)``, computed in the event loop when ``data`` is light, else in the thread.

        Args:
            tenant_id: whose body it is.
            data: the body.
            work: pure, and made of small steps; what it raises is raised here.
        """
        if len(data) <= MAX_LIGHT_BYTES and not has_more_values(data, MAX_LIGHT_VALUES):
            return work(data)
        async with self._turn_of(tenant_id):
            return await asyncio.get_running_loop().run_in_executor(self._executor, work, data)

    def close(self) -> None:
        """Ends the thread after what it is working on."""
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
    """Returns the SHA-256 of a body; that of a large one is computed in a thread, without the interpreter lock."""
    if len(data) <= _MAX_HASHED_IN_LOOP_BYTES:
        return hashlib.sha256(data).digest()
    return await asyncio.to_thread(lambda: hashlib.sha256(data).digest())
