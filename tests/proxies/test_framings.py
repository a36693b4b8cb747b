"""Every framing through a proxy that uses its connections to the gateway again: no part of a body becomes a request.

The head is sent first, and the rest once the proxy has passed it on, if it does so by then. Every request that a proxy
passes on names the client's address; a part of a body that were executed as a request would name none. The next client
gets the answer to its own request.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.http.framings import FRAMINGS, Framing
from tests.proxies.calls import plain
from tests.proxies.relay import Relay, relaying
from tests.proxies.running import ALL_KINDS, Kind, Proxy, running
from tests.support.gateway import Gateway
from tests.support.logs import written

pytestmark = pytest.mark.sdk
_CLIENT = "127.0.0.9"
_AT_ONCE = 12
_HEAD_SECONDS = 0.05
_ANSWER_SECONDS = 0.4
_numbers = itertools.count(1)


@asynccontextmanager
async def between(gateway: Gateway, kind: Kind, folder: Path) -> AsyncIterator[tuple[Relay, Proxy]]:
    """Runs a proxy and, behind it, a relay to the gateway."""
    async with (
        relaying(gateway.base_url) as relay,
        running(kind, folder, urlsplit(relay.url).netloc) as proxy,
    ):
        yield relay, proxy


async def send(relay: Relay, proxy: Proxy, framing: Framing) -> None:
    """Sends a framing as an attacker does, cut behind its head, and reads for a moment what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, local_addr=(_CLIENT, 0))
    mark = f"mark-{next(_numbers)}-".encode()
    line_end = framing.data.find(b"\r\n") + 2
    head, rest = framing.data[: framing.head_bytes], framing.data[framing.head_bytes :]
    if line_end < framing.head_bytes and b" HTTP/1." in head[:line_end]:
        # Last, so that nothing changes but what the relay waits for.
        head = head[:-2] + b"X-Mark: " + mark + b"\r\n\r\n"
    try:
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(head)
            await relay.wait_for(mark, _HEAD_SECONDS)
            writer.write(rest)
            async with asyncio.timeout(_ANSWER_SECONDS):
                while await reader.read(65536):
                    pass
    finally:
        writer.close()


async def check_next_client(proxy: Proxy) -> None:
    """Checks that a client on a connection of its own gets the answer to its own request."""
    mine = f"mine-{next(_numbers)}"
    async with plain(proxy.url, address=_CLIENT) as client:
        answer = await client.get(f"/api/v3/{mine}", headers={"X-Client-Request-Id": mine})
    assert answer.headers["X-Client-Request-Id"] == mine
    assert answer.status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("kind", ALL_KINDS)
async def test_no_part_of_a_body_becomes_a_request_behind_a_proxy(gateway: Gateway, kind: Kind, tmp_path: Path) -> None:
    async with between(gateway, kind, tmp_path) as (relay, proxy):
        turns = asyncio.Semaphore(_AT_ONCE)

        async def attack(framing: Framing) -> None:
            async with turns:
                await send(relay, proxy, framing)
                await check_next_client(proxy)

        with written() as log:
            await asyncio.gather(*(attack(framing) for framing in FRAMINGS))
    assert len(log.requests()) > len(FRAMINGS)
    assert [line for line in log.requests() if line["client"] != _CLIENT] == []
