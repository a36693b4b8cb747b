"""The store of units in Redis or Valkey: one script, one round trip for each lease.

A window begins with its first lease, by the clock of the server, so that clocks of the gateways may differ.
"""

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.limits.counters import Lease, StoreError
from app.limits.quotas import Quota
from app.observability.redaction import redact

_TIMEOUT_SECONDS = 0.5
_PREFIX = "seedgate:limits:"
# Of a quota, when the current window began, and what has been leased of it.
_LEASE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local length = tonumber(ARGV[1])
local stored = redis.call('HMGET', KEYS[1], 'begun', 'leased')
local begun, leased = tonumber(stored[1]), tonumber(stored[2])
if not begun or now >= begun + length then begun, leased = now, 0 end
local granted = math.max(0, math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) - leased))
if granted > 0 then
    redis.call('HSET', KEYS[1], 'begun', begun, 'leased', leased + granted)
    redis.call('PEXPIRE', KEYS[1], length + 1000)
end
return {granted, math.max(0, tonumber(ARGV[2]) - leased - granted), begun + length - now}
"""


class RedisStore:
    """Leases units from a server that all processes share.

    Args:
        url: of the server, such as ``redis://:password@host:6379/0``.
    """

    def __init__(self, url: str) -> None:
        # A failed call is not repeated: the process then limits for itself, and asks again a second later.
        self._client: Any = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._lease = self._client.register_script(_LEASE)

    async def lease(self, quota: Quota, wanted: int) -> Lease:
        """Leases as many units of the current window as are left, at most ``wanted``.

        Raises:
            StoreError: the server did not answer in time.
        """
        arguments = [quota.seconds * 1000, quota.limit, wanted]
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                granted, left, milliseconds = await self._lease(keys=[_PREFIX + quota.id], args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreError(redact(f"{type(error).__name__}: {error}")) from error
        return Lease(granted, left, milliseconds / 1000)

    async def ping(self) -> None:
        """Returns when the server has carried out a command.

        Raises:
            StoreError: it did not.
        """
        await self.lease(Quota("doctor", "doctor", 1, 1), 1)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()
