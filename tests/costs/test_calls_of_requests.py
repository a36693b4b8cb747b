"""What a request costs does not grow with the requests that are in flight beside it.

Counted are calls of functions, which no other load on the machine changes. A pool of connections that looks through
all of them for each request, as that of httpx does, makes five times as many with 64 requests as with 8.
"""

import json
from collections.abc import AsyncIterator, Callable
from itertools import count

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

FEW, MANY = 8, 64
REQUESTS = 192
# Long enough that all of them wait for the upstream together.
DELAY_MILLISECONDS = 100
MOST_GROWTH = 1.25


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
    await check_growth(profiled, lambda: ("GET", path, ""))


async def check_growth(profiled: ProfiledGateway, make: Callable[[], tuple[str, str, str]]) -> None:
    """Compares the calls of functions for a request with few and with many in flight."""
    calls = {}
    for at_once in (FEW, MANY):
        connections = await connect(profiled.base_url, profiled.key, count=at_once)
        # What the first requests of a connection cost, and of the connections to the upstream and the database.
        await connections.send(make, count=MANY)
        profiled.begin()
        await connections.send(make, count=REQUESTS)
        calls[at_once] = await profiled.end() / REQUESTS
        await connections.close()
    assert calls[MANY] <= calls[FEW] * MOST_GROWTH, calls
