"""A tenant with many concurrent requests uses only a share of the process and its database connections."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from app.core.turns import Turns, leave_turn, turn_resumed
from app.db.engine import open_engine
from tests.support.gateway import TASKS, Gateway


async def test_a_tenant_whose_requests_are_slow_leaves_connections_for_the_others(gateway: Gateway) -> None:
    hog, other = await gateway.tenant(), await gateway.tenant()
    engine = open_engine(gateway.database_url, pool_size=1)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        async with engine.connect() as locking:
            await locking.execute(text("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE"))
            slow = [asyncio.create_task(hog.http.get(TASKS)) for _ in range(30)]
            for _ in range(3):
                assert (await other.http.get("/api/v3/whoami")).status_code == 200
            assert not any(request.done() for request in slow)
        assert {answer.status_code for answer in await asyncio.gather(*slow)} == {200}


async def test_turns_are_granted_in_order_up_to_the_limit() -> None:
    turns = Turns(max_per_party=2)
    order: list[int] = []
    at_once = most = 0

    async def work(number: int) -> None:
        nonlocal at_once, most
        turn = await turns.acquire("tenant")
        order.append(number)
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        turn.end()
        turn.end()

    await asyncio.gather(*(work(number) for number in range(20)))
    assert (order, most) == (list(range(20)), 2)


async def test_requests_that_wait_for_nothing_are_spread_over_the_rounds_of_the_loop() -> None:
    turns = Turns(max_per_party=2)
    rounds: list[int] = []
    now = 0

    async def work() -> None:
        turn = await turns.acquire("network")
        rounds.append(now)
        turn.end()

    working = [asyncio.create_task(work()) for _ in range(10)]
    while len(rounds) < len(working):
        now += 1
        await asyncio.sleep(0)
    assert max(rounds.count(number) for number in rounds) == 2


async def test_a_request_that_leaves_its_turn_lets_the_next_one_begin() -> None:
    turns = Turns(max_per_party=1)
    go_on = asyncio.Event()

    async def work() -> None:
        turn = await turns.acquire("tenant")
        leave_turn()
        await go_on.wait()
        turn.end()

    waiting = [asyncio.create_task(work()) for _ in range(5)]
    await asyncio.sleep(0.01)
    (await asyncio.wait_for(turns.acquire("tenant"), 1)).end()
    go_on.set()
    await asyncio.gather(*waiting)


async def test_what_a_request_concludes_goes_before_the_requests_that_have_not_begun() -> None:
    turns = Turns(max_per_party=1)
    goes_on = asyncio.Event()
    order: list[str] = []

    async def conclude() -> None:
        await turns.acquire("tenant")
        leave_turn()
        await goes_on.wait()
        async with turn_resumed():
            order.append("outcome")

    async def work() -> None:
        turn = await turns.acquire("tenant")
        order.append("begun")
        turn.end()

    concluding = asyncio.create_task(conclude())
    await asyncio.sleep(0)
    running = await turns.acquire("tenant")
    waiting = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.sleep(0)
    goes_on.set()
    await asyncio.sleep(0)
    running.end()
    await asyncio.gather(concluding, *waiting)
    assert order == ["outcome", "begun", "begun", "begun"]


async def test_a_request_cancelled_while_it_waits_neither_takes_a_turn_nor_loses_one() -> None:
    turns = Turns(max_per_party=1)
    first = await turns.acquire("tenant")
    leaving, staying = [asyncio.create_task(turns.acquire("tenant")) for _ in range(2)]
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    first.end()
    (await asyncio.wait_for(staying, 1)).end()
    late = asyncio.create_task(turns.acquire("tenant"))
    turn = await asyncio.wait_for(late, 1)
    cut = asyncio.create_task(turns.acquire("tenant"))
    await asyncio.sleep(0)
    turn.end()
    cut.cancel()  # its turn has come, and it leaves before it knows
    await asyncio.gather(cut, return_exceptions=True)
    (await asyncio.wait_for(turns.acquire("tenant"), 1)).end()
    await asyncio.sleep(0)
    assert vars(turns)["_running"] == {}
    assert vars(turns)["_waiting"] == {}
