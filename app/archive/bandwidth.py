"""Bounds how fast all copies of a process are made together."""

import asyncio

COPIED_BYTES_PER_SECOND = 32 * 1024 * 1024
"""How much a process copies at most."""


class Bandwidth:
    """A rate that the copies of a process share; a byte that is taken early is waited for afterwards."""

    def __init__(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._free_at = 0.0

    async def take(self, size_bytes: int) -> None:
        """Returns when this many bytes may be counted as sent."""
        now = asyncio.get_running_loop().time()
        begun_at = max(now, self._free_at)
        self._free_at = begun_at + size_bytes / self._bytes_per_second
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)
