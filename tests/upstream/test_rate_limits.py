"""Tokens for upstream calls, shared by all processes."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.db.engine import session_factory
from app.upstream.rate_limits import RateClass, RateLimiter
from tests.support.database import empty_all_tables

CHANNEL = "ch_rates"
_ADD_CHANNEL = text(
    "INSERT INTO channels (id, name, ark_base_url, openapi_url, region, exclusive, models, projects, priority, weight,"
    " status, created_at, updated_at) VALUES (:id, 'rates', 'http://x', 'http://x', 'r', false, '{}', '{}', 0, 1,"
    " 'active', now(), now())"
)


@pytest.fixture
async def rates(database_url: str, engine: AsyncEngine) -> RateLimiter:
    """Rates of one channel."""
    await empty_all_tables(database_url)
    async with engine.begin() as connection:
        await connection.execute(_ADD_CHANNEL, {"id": CHANNEL})
    return RateLimiter(session_factory(engine))


async def use_up(rates: RateLimiter, engine: AsyncEngine, kind: RateClass) -> None:
    """Leaves no token, and none for days by the time that has passed."""
    assert await rates.acquire(CHANNEL, kind)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE account_rates SET tokens = -1e7, refilled_at = clock_timestamp()"))


@pytest.mark.parametrize("kind", [RateClass.INTERACTIVE_GET, RateClass.LIST])
async def test_a_burst_is_followed_by_no_more_than_the_time_brings_however_many_processes_ask(
    rates: RateLimiter, engine: AsyncEngine, kind: RateClass
) -> None:
    _, burst, rate = kind.value
    # Elapsed time as the database measures it, which refills the bucket.
    elapsed = text("SELECT extract(epoch FROM clock_timestamp() - CAST(:began AS timestamptz))")
    processes = [rates, *(RateLimiter(session_factory(engine)) for _ in range(2))]
    async with engine.connect() as connection:
        began = await connection.scalar(text("SELECT clock_timestamp()"))
        granted = await asyncio.gather(*(process.acquire(CHANNEL, kind) for process in processes for _ in range(7)))
        seconds = float(await connection.scalar(elapsed, {"began": began}))
    assert burst <= sum(granted) <= burst + rate * seconds


async def test_what_is_used_up_is_refused(rates: RateLimiter, engine: AsyncEngine) -> None:
    await use_up(rates, engine, RateClass.INTERACTIVE_GET)
    assert not await rates.acquire(CHANNEL, RateClass.INTERACTIVE_GET)


async def test_kinds_of_calls_do_not_take_each_others_tokens(rates: RateLimiter, engine: AsyncEngine) -> None:
    await use_up(rates, engine, RateClass.BACKGROUND_GET)
    assert await rates.acquire(CHANNEL, RateClass.INTERACTIVE_GET)
    assert not await rates.acquire(CHANNEL, RateClass.BACKGROUND_GET)


async def test_setting_the_database_clock_back_blocks_no_call(rates: RateLimiter, engine: AsyncEngine) -> None:
    assert await rates.acquire(CHANNEL, RateClass.INTERACTIVE_GET)
    async with engine.begin() as connection:
        change = "UPDATE account_rates SET tokens = 0, refilled_at = clock_timestamp() + interval '1 hour'"
        await connection.execute(text(change))
    assert await rates.acquire(CHANNEL, RateClass.INTERACTIVE_GET)
    sessions: async_sessionmaker[AsyncSession] = session_factory(engine)
    async with sessions() as session:
        assert await session.scalar(text("SELECT refilled_at <= clock_timestamp() FROM account_rates"))


GETS_A_SECOND = DELETES_A_SECOND = 20
STRETCH = 1.25
"""In seconds: a call may leave a quarter of a second later after its token than the call before it."""


def most_in_a_second(*kinds: RateClass) -> float:
    return sum(burst + STRETCH * rate for _, burst, rate in (kind.value for kind in kinds))


def test_the_shares_of_an_account_stay_within_what_the_upstream_allows() -> None:
    gets = (RateClass.INTERACTIVE_GET, RateClass.POLL_GET, RateClass.BACKGROUND_GET)
    assert most_in_a_second(*gets) <= GETS_A_SECOND
    assert most_in_a_second(RateClass.DELETE) <= DELETES_A_SECOND
    assert RateClass.LIST.value[1:] == (1, 1 / STRETCH)


def test_clients_have_the_larger_share() -> None:
    clients = most_in_a_second(RateClass.INTERACTIVE_GET, RateClass.POLL_GET)
    assert clients > 2 * most_in_a_second(RateClass.BACKGROUND_GET)


async def test_a_token_of_a_transaction_that_is_rolled_back_is_not_spent(
    rates: RateLimiter, engine: AsyncEngine
) -> None:
    await rates.acquire(CHANNEL, RateClass.DELETE)
    async with session_factory(engine)() as session:
        assert await rates.acquire_in(session, CHANNEL, RateClass.DELETE)
        await session.rollback()
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT tokens FROM account_rates")) == RateClass.DELETE.value[1] - 1


@pytest.mark.parametrize(("unused", "granted"), [(RateClass.INTERACTIVE_GET.value[1], 1), (-1e7, 0)])
async def test_background_polls_take_what_clients_leave_unused(
    rates: RateLimiter, engine: AsyncEngine, unused: float, granted: int
) -> None:
    await use_up(rates, engine, RateClass.BACKGROUND_GET)
    assert await rates.acquire(CHANNEL, RateClass.INTERACTIVE_GET)
    async with engine.begin() as connection:
        leave = text("UPDATE account_rates SET tokens = :tokens WHERE kind = 'interactive_get'")
        await connection.execute(leave, {"tokens": unused})
    asked = rates.acquire(CHANNEL, RateClass.BACKGROUND_GET, unused_of=RateClass.INTERACTIVE_GET)
    assert await asked == granted
