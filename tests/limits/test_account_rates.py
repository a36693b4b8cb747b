"""Tokens for upstream calls, shared by all processes."""

import asyncio
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.db.engine import session_factory
from app.limits.account_rates import AccountRates, CallKind
from tests.support.database import empty_all_tables

CHANNEL = "ch_rates"
_ADD_CHANNEL = text(
    "INSERT INTO channels (id, name, ark_base_url, openapi_url, region, exclusive, models, projects, priority, weight,"
    " status, created_at, updated_at) VALUES (:id, 'rates', 'http://x', 'http://x', 'r', false, '{}', '{}', 0, 1,"
    " 'active', now(), now())"
)


@pytest.fixture
async def rates(database_url: str, engine: AsyncEngine) -> AccountRates:
    """Rates of one channel."""
    await empty_all_tables(database_url)
    async with engine.begin() as connection:
        await connection.execute(_ADD_CHANNEL, {"id": CHANNEL})
    return AccountRates(session_factory(engine))


async def taken(rates: AccountRates, kind: CallKind) -> int:
    count = 0
    while await rates.try_take(CHANNEL, kind):
        count += 1
    return count


async def test_a_burst_is_followed_by_nothing(rates: AccountRates) -> None:
    assert 4 <= await taken(rates, CallKind.INTERACTIVE_GET) <= 8


async def test_kinds_of_calls_do_not_take_each_others_tokens(rates: AccountRates) -> None:
    await taken(rates, CallKind.BACKGROUND_GET)
    assert await rates.try_take(CHANNEL, CallKind.INTERACTIVE_GET)


async def test_a_database_clock_that_is_set_back_stops_nobody(rates: AccountRates, engine: AsyncEngine) -> None:
    await taken(rates, CallKind.INTERACTIVE_GET)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE account_rates SET refilled_at = now() + interval '1 hour'"))
    assert await rates.try_take(CHANNEL, CallKind.INTERACTIVE_GET)
    sessions: async_sessionmaker[AsyncSession] = session_factory(engine)
    async with sessions() as session:
        assert await session.scalar(text("SELECT refilled_at <= clock_timestamp() FROM account_rates"))


GETS_A_SECOND = DELETES_A_SECOND = 20
STRETCH = 1.25
"""A call may reach the upstream a quarter of a second later after its token than the one before."""


def most_in_a_second(*kinds: CallKind) -> float:
    return sum(burst + STRETCH * rate for _, burst, rate in (kind.value for kind in kinds))


def test_the_shares_of_an_account_stay_within_what_the_upstream_allows() -> None:
    assert most_in_a_second(CallKind.INTERACTIVE_GET, CallKind.BACKGROUND_GET) <= GETS_A_SECOND
    assert most_in_a_second(CallKind.DELETE) <= DELETES_A_SECOND
    assert CallKind.LIST.value[1:] == (1, 1 / STRETCH)


def test_clients_have_the_larger_share() -> None:
    assert most_in_a_second(CallKind.INTERACTIVE_GET) > 2 * most_in_a_second(CallKind.BACKGROUND_GET)


async def test_no_two_lists_fall_into_one_second_however_many_ask(rates: AccountRates, engine: AsyncEngine) -> None:
    loop = asyncio.get_running_loop()
    processes = [rates, *(AccountRates(session_factory(engine)) for _ in range(2))]
    granted: list[float] = []

    async def ask(process: AccountRates) -> None:
        while loop.time() < end:
            if await process.try_take(CHANNEL, CallKind.LIST):
                granted.append(loop.time())
            await asyncio.sleep(0.01)

    end = loop.time() + 2.6
    await asyncio.gather(*(ask(process) for process in processes))
    assert 2 <= len(granted) <= 3
    assert all(later - earlier > 1 for earlier, later in pairwise(granted))


async def test_a_token_of_a_transaction_that_is_rolled_back_is_not_spent(
    rates: AccountRates, engine: AsyncEngine
) -> None:
    await rates.try_take(CHANNEL, CallKind.DELETE)
    async with session_factory(engine)() as session:
        assert await rates.take_in(session, CHANNEL, CallKind.DELETE)
        await session.rollback()
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT tokens FROM account_rates")) == CallKind.DELETE.value[1] - 1
