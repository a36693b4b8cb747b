"""Response times that a tenant sees while another one floods the gateway."""

import asyncio
import http.client
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PAUSE_SECONDS = 0.02
_TIMEOUT_SECONDS = 30


@dataclass
class Waits:
    """The responses to one client.

    Attributes:
        seconds: the duration of each request.
        refused: statuses of the responses that were no success.
    """

    seconds: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """The 99th percentile, in seconds."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]


async def waits(url: str, path: str, key: str, *, seconds: float) -> Waits:
    """Sends requests one after another on one connection for ``seconds``, and measures each response."""
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
