"""The store of units in Redis or Valkey: one script and one round trip for each lease, of however many quotas.

A window begins with its first lease, by the clock of the server, so that clocks of the gateways may differ.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.limits.quotas import Quota
from app.limits.store import Lease, LeasedWindow, StoreError
from app.observability.redaction import redact

_TIMEOUT_SECONDS = 0.5
_PREFIX = "seedgate:limits:"
# Of a quota, when the current window began, and what has been leased of it. The arguments are how many are wanted, then
# of each quota the length of its window in milliseconds, and its limit.
_LEASE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local granted = tonumber(ARGV[1])
local windows = {}
for i, key in ipairs(KEYS) do
    local length, limit = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local stored = redis.call('HMGET', key, 'begun', 'leased')
    local begun, leased = tonumber(stored[1]), tonumber(stored[2])
    if not begun or now >= begun + length then begun, leased = now, 0 end
    granted = math.max(0, math.min(granted, limit - leased))
    windows[i] = {begun, leased, length, limit}
end
local answer = {granted}
for i, key in ipairs(KEYS) do
    local begun, leased, length, limit = unpack(windows[i])
    if granted > 0 then
        redis.call('HSET', key, 'begun', begun, 'leased', leased + granted)
        redis.call('PEXPIRE', key, length + 1000)
    end
    table.insert(answer, math.max(0, limit - leased - granted))
    table.insert(answer, begun + length - now)
    table.insert(answer, begun)
end
return answer
"""
# The arguments are how many units, then of each quota when its window began.
_GIVE_BACK = """
for i, key in ipairs(KEYS) do
    local stored = redis.call('HMGET', key, 'begun', 'leased')
    if tonumber(stored[1]) == tonumber(ARGV[i + 1]) then
        redis.call('HSET', key, 'leased', math.max(0, tonumber(stored[2]) - tonumber(ARGV[1])))
    end
end
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
        self._give_back = self._client.register_script(_GIVE_BACK)

    async def lease(self, quotas: Sequence[Quota], wanted: int) -> Lease:
        """Leases as many units of each quota as all of them have left, at most ``wanted``.

        Raises:
            StoreError: the server did not answer in time.
        """
        arguments = [wanted, *(value for quota in quotas for value in (quota.seconds * 1000, quota.limit))]
        granted, *numbers = await _answered(self._lease(keys=_keys(quotas), args=arguments))
        windows = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
        return Lease(granted, tuple(LeasedWindow(left, rest / 1000, begun) for left, rest, begun in windows))

    async def give_back(self, quotas: Sequence[Quota], lease: Lease, count: int) -> None:
        """Gives back units of each quota that were leased and not spent, if its window is still the current one.

        Raises:
            StoreError: the server did not answer in time.
        """
        arguments = [count, *(window.begun for window in lease.windows)]
        await _answered(self._give_back(keys=_keys(quotas), args=arguments))

    async def ping(self) -> None:
        """Returns when the server has carried out a command.

        Raises:
            StoreError: it did not.
        """
        await self.lease([Quota("doctor", "doctor", 1, 1)], 1)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def _keys(quotas: Sequence[Quota]) -> list[str]:
    return [_PREFIX + quota.id for quota in quotas]


async def _answered(call: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await call
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreError(redact(f"{type(error).__name__}: {error}")) from error
