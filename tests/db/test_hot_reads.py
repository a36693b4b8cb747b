"""Reads past the ORM: the connections are the pool's, are used again, and are replaced when they break."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import Integer, bindparam, exc, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from app.db.engine import DatabaseUnavailableError, is_unavailable, open_engine
from app.db.hot_reads import HotReads, compile_hot
from tests.support.timeouts import HANG_SECONDS

SUM = compile_hot(
    select(
        bindparam("first", type_=Integer) + bindparam("second", type_=Integer) + bindparam("first", type_=Integer),
        func.pg_backend_pid(),
    )
)
SLEEP = compile_hot(select(func.pg_backend_pid(), func.pg_sleep(literal_column("0.05"))))
LONG = compile_hot(select(func.pg_sleep(literal_column("60"))))
CUT = compile_hot(select(func.pg_terminate_backend(func.pg_backend_pid())))
WRONG = compile_hot(select(literal_column("1") / bindparam("by", type_=Integer)))


@pytest_asyncio.fixture
async def small(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine with four connections."""
    opened = open_engine(database_url, pool_size=4)
    yield opened
    await opened.dispose()


@pytest_asyncio.fixture
async def reads(small: AsyncEngine) -> AsyncIterator[HotReads]:
    opened = HotReads(small, max_connections=2)
    yield opened
    await opened.close()


def lent(engine: AsyncEngine) -> int:
    """Returns how many connections are out of an engine's pool."""
    assert isinstance(engine.pool, QueuePool)
    return engine.pool.checkedout()


async def test_values_are_bound_by_name_however_often_one_stands_in_the_statement(reads: HotReads) -> None:
    [(found, _)] = await reads.fetch(SUM, {"second": 3, "first": 2})
    assert found == 7


async def test_a_connection_is_used_again_and_goes_back_to_the_pool(reads: HotReads, small: AsyncEngine) -> None:
    [first], [second] = [await reads.fetch(SUM, {"first": 1, "second": 1}) for _ in range(2)]
    assert first[1] == second[1]
    assert lent(small) == 1
    async with asyncio.timeout(HANG_SECONDS):
        while lent(small):  # noqa: ASYNC110 - the pool has no event for it
            await asyncio.sleep(0.01)


async def test_more_statements_than_connections_wait(reads: HotReads, small: AsyncEngine) -> None:
    found = await asyncio.gather(*(reads.fetch(SLEEP, {}) for _ in range(9)))
    assert len({row[0] for [row] in found}) == 2
    assert lent(small) <= 2


async def test_a_connection_for_which_others_wait_is_not_kept(small: AsyncEngine, reads: HotReads) -> None:
    async with small.connect(), small.connect(), small.connect():
        await reads.fetch(SUM, {"first": 1, "second": 1})
        # It would else be kept for longer than anything here takes.
        async with asyncio.timeout(HANG_SECONDS), small.connect() as fourth:
            assert await fourth.scalar(text("SELECT 1")) == 1


async def test_a_connection_that_breaks_is_replaced(reads: HotReads) -> None:
    with pytest.raises(DatabaseUnavailableError) as failure:
        await reads.fetch(CUT, {})
    assert is_unavailable(failure.value)
    for _ in range(4):
        await reads.fetch(SUM, {"first": 1, "second": 1})


async def test_a_statement_that_fails_by_itself_is_no_sign_of_a_database_that_is_away(reads: HotReads) -> None:
    for _ in range(3):
        with pytest.raises(Exception, match="division by zero") as failure:
            await reads.fetch(WRONG, {"by": 0})
        assert not is_unavailable(failure.value)


async def test_a_statement_past_the_time_limit_is_unavailable(database_url: str) -> None:
    hasty = open_engine(database_url, command_timeout_seconds=0.05)
    reads = HotReads(hasty, max_connections=1)
    try:
        with pytest.raises(DatabaseUnavailableError):
            await reads.fetch(LONG, {})
    finally:
        await reads.close()
        await hasty.dispose()


async def test_a_cancelled_statement_leaves_its_place_to_others(reads: HotReads) -> None:
    running = [asyncio.create_task(reads.fetch(LONG, {})) for _ in range(2)]
    waiting = asyncio.create_task(reads.fetch(SUM, {"first": 1, "second": 1}))
    gone = asyncio.create_task(reads.fetch(SUM, {"first": 1, "second": 1}))
    await asyncio.sleep(0.05)
    for task in (gone, *running):
        task.cancel()
    async with asyncio.timeout(HANG_SECONDS):
        assert (await waiting)[0][0] == 3
        await asyncio.wait({gone, *running})
    assert all(task.cancelled() for task in (gone, *running))


async def test_without_a_database_every_statement_fails_and_none_waits_for_ever() -> None:
    absent = open_engine("postgresql://u@127.0.0.1:1/d")
    reads = HotReads(absent, max_connections=1)
    async with asyncio.timeout(HANG_SECONDS):
        found = await asyncio.gather(*(reads.fetch(SLEEP, {}) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(error, DatabaseUnavailableError | exc.TimeoutError) for error in found)
    await reads.close()
    await absent.dispose()
