"""What a request costs does not grow with the requests that are in flight beside it.

Counted are calls of functions, which no other load on the machine changes. A pool of connections that looks through
all of them for each request, as that of httpx does, makes five times as many with 64 requests as with 8.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from itertools import count, repeat

import httpx
import pytest
import pytest_asyncio

from bench.site import create_body
from tests.costs.connections import connect
from tests.costs.profiled_gateway import ProfiledGateway, profiled_gateway
from tests.support.database import own_database
from tests.support.gateway import TASKS
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.costs

ONE, FEW, MANY = 1, 8, 64
REQUESTS = 192
# Long enough that all of them wait for the upstream together.
DELAY_MILLISECONDS = 100
MOST_GROWTH = 1.25
# Of the timers that run beside the requests.
MOST_NOISE = 1.05


@pytest_asyncio.fixture(scope="module")
async def profiled(database_url: str) -> AsyncIterator[ProfiledGateway]:
    async with (
        own_database(database_url) as url,
        profiled_gateway(url, delay_milliseconds=DELAY_MILLISECONDS) as gateway,
    ):
        yield gateway


async def test_a_create_beside_many_calls_no_more_functions(profiled: ProfiledGateway) -> None:
    numbers = count()
    await check_growth(profiled, lambda: ("POST", TASKS, create_body(f"running {next(numbers)}")))


async def test_a_get_beside_many_calls_no_more_functions(profiled: ProfiledGateway) -> None:
    path = await ended_task(profiled)
    await check_growth(profiled, lambda: ("GET", path, ""))


async def test_the_console_costs_the_requests_of_keys_nothing(database_url: str) -> None:
    calls: dict[str, list[float]] = {}
    for console in ("on", "off"):
        async with (
            own_database(database_url) as url,
            profiled_gateway(url, delay_milliseconds=0, console=console) as profiled,
        ):
            path, bodies = await ended_task(profiled), (create_body(f"running {number}") for number in count())
            makes = (
                partial(_request, "GET", repeat(path), repeat("")),
                partial(_request, "GET", repeat(f"{TASKS}?page_size=10"), repeat("")),
                partial(_request, "POST", repeat(TASKS), bodies),
            )
            # One at a time: creates that arrive together share a transaction, and how many do depends on the machine.
            calls[console] = [min([await calls_of(profiled, make, at_once=ONE) for _ in range(2)]) for make in makes]
    for with_console, without in zip(calls["on"], calls["off"], strict=True):
        assert with_console <= without * MOST_NOISE, calls


def _request(method: str, paths: Iterator[str], bodies: Iterator[str]) -> tuple[str, str, str]:
    return method, next(paths), next(bodies)


async def ended_task(profiled: ProfiledGateway) -> str:
    """Makes a task that ends at once; returns its path."""
    async with httpx.AsyncClient(
        verify=PLAIN,
        base_url=profiled.base_url,
        headers={"Authorization": f"Bearer {profiled.key}"},
        timeout=HANG_SECONDS,
    ) as client:
        made = await client.post(TASKS, content=create_body("ended"))
        path = f"{TASKS}/{json.loads(made.content)['id']}"
        while (await client.get(path)).json()["status"] != "succeeded":
            pass
    return path


async def check_growth(profiled: ProfiledGateway, make: Callable[[], tuple[str, str, str]]) -> None:
    """Compares the calls of functions for a request with few and with many in flight."""
    calls = {at_once: await calls_of(profiled, make, at_once=at_once) for at_once in (FEW, MANY)}
    assert calls[MANY] <= calls[FEW] * MOST_GROWTH, calls


async def calls_of(profiled: ProfiledGateway, make: Callable[[], tuple[str, str, str]], *, at_once: int) -> float:
    """Counts the calls of functions for a request, with so many in flight."""
    connections = await connect(profiled.base_url, profiled.key, count=at_once)
    # What the first requests of a connection cost, and of the connections to the upstream and the database.
    await connections.send(make, count=MANY)
    profiled.begin()
    await connections.send(make, count=REQUESTS)
    calls = await profiled.end() / REQUESTS
    await connections.close()
    return calls
