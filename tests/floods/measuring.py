"""How long a tenant waits who does nothing wrong."""

import asyncio
import http.client
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PAUSE_SECONDS = 0.02
_TIMEOUT_SECONDS = 30


@dataclass
class Waits:
    """What one client met.

    Attributes:
        seconds: how long each answer took.
        refused: the statuses of answers that were no success.
    """

    seconds: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """The wait that one in a hundred exceeds, in seconds."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]


async def waits(url: str, path: str, key: str, *, seconds: float) -> Waits:
    """Asks again and again, over one connection, and measures each answer."""
    return await asyncio.to_thread(_measure, url, path, key, seconds)


def _measure(url: str, path: str, key: str, seconds: float) -> Waits:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=_TIMEOUT_SECONDS)
    found = Waits()
    until = time.perf_counter() + seconds
    try:
        while (began := time.perf_counter()) < until:
            connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            answer.read()
            found.seconds.append(time.perf_counter() - began)
            if answer.status != http.HTTPStatus.OK:
                found.refused.append(answer.status)
            time.sleep(_PAUSE_SECONDS)
    finally:
        connection.close()
    return found
