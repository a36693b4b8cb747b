"""Tokens for upstream calls, shared by all processes."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.db.engine import session_factory
from app.limits.account_rates import AccountRates, CallKind
from tests.support.database import truncate_all

CHANNEL = "ch_rates"
_ADD_CHANNEL = text(
    "INSERT INTO channels (id, name, ark_base_url, openapi_url, region, exclusive, models, projects, priority, weight,"
    " status, created_at, updated_at) VALUES (:id, 'rates', 'http://x', 'http://x', 'r', false, '{}', '{}', 0, 1,"
    " 'active', now(), now())"
)


@pytest.fixture
async def rates(engine: AsyncEngine) -> AccountRates:
    """Rates of one channel."""
    await truncate_all(engine)
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
