"""No request blocks the event loop: a search for the worst."""

import asyncio
import http.client
import random
import time
from collections import Counter
from ipaddress import ip_network
from itertools import chain
from urllib.parse import urlsplit

import pytest

from tests.http.stalls import Stalls, measured_gateway
from tests.http.wires import MEBIBYTE
from tests.http.worst_bodies import PAGE_ORIGIN, Body, as_json, bodies, heads, queries
from tests.http.worst_forms import forms
from tests.support.driving import force
from tests.support.gateway import TASKS, Gateway, Tenant

pytestmark = pytest.mark.slow

SMALL_SECONDS = 0.1
LARGE_SECONDS = 0.3
# A head needs no key, and one connection carries many.
HEAD_SECONDS = 0.05
SIZES = (16 * 1024, 64 * 1024, 250 * 1024, MEBIBYTE)
LARGE_SIZES = (4 * MEBIBYTE, 60 * MEBIBYTE)


def send(base_url: str, key: str, body: Body) -> int:
    """Sends a request as a blocking client does; returns the status."""
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
    try:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **body.headers}
        if body.is_chunked:
            headers["Transfer-Encoding"] = "chunked"
            chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body.data) + b"0\r\n\r\n"
            connection.request(body.method, body.path, body=chunks, headers=headers, encode_chunked=False)
        else:
            connection.request(body.method, body.path, body=body.data, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


class Search:
    """Sends requests and records the longest stall that each family causes."""

    def __init__(
        self, base_url: str, key: str, stalls: Stalls, *, again_above_seconds: float = SMALL_SECONDS / 2
    ) -> None:
        self._base_url = base_url
        self._key = key
        self._stalls = stalls
        self._again_above_seconds = again_above_seconds
        self.worst: dict[str, tuple[float, Body]] = {}
        self.statuses: Counter[int] = Counter()

    async def try_body(self, body: Body) -> None:
        """Sends one request; a long stall is measured three times and the shortest counts, since caches vary."""
        seconds = await self._cost_of(body)
        for _ in range(2):
            if seconds > self._again_above_seconds:
                seconds = min(seconds, await self._cost_of(body))
        if seconds >= self.worst.get(body.family, (-1.0, body))[0]:
            self.worst[body.family] = seconds, body

    async def _cost_of(self, body: Body) -> float:
        await asyncio.sleep(0.02)
        self._stalls.reset()
        status = await asyncio.to_thread(send, self._base_url, self._key, body)
        self.statuses[status] += 1
        assert status < 500, (status, as_json(body.data))
        assert body.status in {None, status}, (body.family, status, as_json(body.data))
        await asyncio.sleep(0.02)
        return self._stalls.longest_seconds

    def report(self, title: str) -> float:
        """Prints the longest stall of each family; returns the longest of all."""
        print(f"\n{title}; answers {dict(self.statuses)}")  # noqa: T201 - a figure that a person reads
        for family, (seconds, body) in sorted(self.worst.items(), key=lambda item: -item[1][0]):
            print(f"  {seconds * 1000:6.1f} ms  {family:24} {len(body.data):>9} bytes  {as_json(body.data)}")  # noqa: T201 - likewise
        return max(seconds for seconds, _ in self.worst.values())


async def test_the_measure_sees_what_holds_the_loop(gateway: Gateway) -> None:
    def burn() -> None:
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass

    with measured_gateway(gateway.settings.model_copy(update={"background": "off"})) as (_, stalls):
        assert stalls.loop is not None
        stalls.loop.call_soon_threadsafe(burn)
        while stalls.longest_seconds < 0.15:  # noqa: ASYNC110 - another loop's ticker has no event
            await asyncio.sleep(0.01)


async def test_no_request_up_to_a_mebibyte_holds_the_loop_for_100_ms(gateway: Gateway, tenant: Tenant) -> None:
    settings = gateway.settings.model_copy(update={"background": "off"})
    rnd = random.Random(8)
    with measured_gateway(settings) as (base_url, stalls):
        search = Search(base_url, tenant.key, stalls)
        for _ in range(10):
            for size in SIZES:
                for body in chain(bodies(rnd, size), forms(rnd, size)):
                    await search.try_body(body)
            for body in queries(rnd):
                await search.try_body(body)
        longest = search.report("Longest stalls of the loop, requests up to 1 MiB")
    assert stalls.ticks > 100
    assert longest < SMALL_SECONDS


async def test_no_link_of_the_upstream_holds_the_loop_for_100_ms_at_each_get(gateway: Gateway, tenant: Tenant) -> None:
    links = {
        "a long link": [f"https://m.example/v?{'a&' * 250_000}"],
        "a long link, encoded": [f"https://m.example/v?{'%61%&' * 100_000}"],
        "many links": [f"https://m.example/{number}?{'%61%&' * 1_600}" for number in range(60)],
        "many links with a long name": [f"https://m.example/{number}?{'%61%' * 2_000}" for number in range(60)],
    }
    with measured_gateway(gateway.settings.model_copy(update={"background": "off"})) as (base_url, stalls):
        search = Search(base_url, tenant.key, stalls)
        for name, urls in links.items():
            task_id = await tenant.new_task()
            content = {f"url_{number}": url for number, url in enumerate(urls)}
            await force(gateway, tenant, task_id, "succeeded", extra={"content": content})
            for path in (f"{TASKS}/{task_id}", f"{TASKS}?filter.task_ids={task_id}"):
                await search.try_body(Body(name, path, b"", method="GET"))
        longest = search.report("Longest stalls of the loop, links of the upstream")
    assert longest < SMALL_SECONDS


async def test_no_head_holds_the_loop_for_50_ms(gateway: Gateway, tenant: Tenant) -> None:
    changes = {"trusted_proxies": (ip_network("127.0.0.0/8"),), "cors_origins": (PAGE_ORIGIN,), "background": "off"}
    settings = gateway.settings.model_copy(update=changes)
    with measured_gateway(settings) as (base_url, stalls):
        search = Search(base_url, tenant.key, stalls, again_above_seconds=HEAD_SECONDS / 4)
        for head in heads():
            await search.try_body(head)
        longest = search.report("Longest stalls of the loop, heads")
    assert longest < HEAD_SECONDS


async def test_no_request_at_all_holds_the_loop_for_300_ms(gateway: Gateway, tenant: Tenant) -> None:
    settings = gateway.settings.model_copy(update={"background": "off"})
    rnd = random.Random(8)
    with measured_gateway(settings) as (base_url, stalls):
        search = Search(base_url, tenant.key, stalls)
        for _ in range(3):
            for size in LARGE_SIZES:
                for body in chain(bodies(rnd, size), forms(rnd, size)):
                    await search.try_body(body)
        longest = search.report("Longest stalls of the loop, requests up to 60 MiB")
    assert longest < LARGE_SECONDS
