"""The table of prices and what a process remembers of it."""

from datetime import UTC, datetime, timedelta

import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.audit.log import Actor
from app.db.engine import session_factory
from app.money.prices.default_prices import DEFAULT_PRICES
from app.money.prices.index import Billable, ListedPrice, PriceIndex
from app.money.prices.price import Price
from app.money.prices.service import PriceCatalog, seed_prices
from tests.support.admin_app import QueryCount
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.starting_line import start_together

Sessions = async_sessionmaker[AsyncSession]
ACTOR = Actor("test", None)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
WANTED = Billable(
    upstream_model="m",
    resolution="720p",
    has_video_input=False,
    service_tier="default",
    has_audio=True,
    currency="CNY",
)


def price(micros: int, model: str = "m", valid_from: datetime = LONG_AGO) -> Price:
    return Price(upstream_model=model, currency="CNY", micros_per_million_tokens=micros, valid_from=valid_from)


def micros(index: PriceIndex, at: datetime) -> int | None:
    listed = index.find(WANTED, at)
    return listed.price.micros_per_million_tokens if isinstance(listed, ListedPrice) else None


@pytest_asyncio.fixture
async def sessions(engine: AsyncEngine, clean_database: None) -> Sessions:
    """Sessions on an empty database."""
    return session_factory(engine)


async def test_an_empty_table_is_filled_and_a_filled_one_left_alone(sessions: Sessions) -> None:
    catalog = PriceCatalog(sessions)
    await seed_prices(sessions, DEFAULT_PRICES)
    await seed_prices(sessions, [price(1)])
    assert await catalog.stored() == sorted(DEFAULT_PRICES, key=lambda each: each.place)


async def test_processes_that_start_at_once_fill_it_once(sessions: Sessions) -> None:
    results = await start_together(sessions, "prices", [seed_prices(sessions, DEFAULT_PRICES) for _ in range(6)])
    assert results == [None] * 6
    assert len(await PriceCatalog(sessions).stored()) == len(DEFAULT_PRICES)


async def test_a_replacement_leaves_the_price_of_every_earlier_create(sessions: Sessions) -> None:
    clock = MovableClock(stands_still=True)
    catalog = PriceCatalog(sessions, clock)
    first = clock()
    await seed_prices(sessions, [price(1), price(8, "other")])
    times: list[datetime] = [first]
    expected: list[int | None] = [1]
    # Dearer, valid since long ago; the same list again; without the model; with it again.
    for prices, amount in (([price(2)], 2), ([price(2)], 2), ([price(9, "other")], None), ([price(3)], 3)):
        clock.advance(60)
        await catalog.replace(ACTOR, prices)
        times.append(clock())
        expected.append(amount)
        index = await catalog.index()
        assert [micros(index, at) for at in times] == expected
        assert await catalog.stored() == prices
    assert await catalog.stored(times[0]) == [price(1), price(8, "other")]
    # A price is for no create before it was recorded, not even where there was none.
    assert micros(await catalog.index(), LONG_AGO - timedelta(seconds=1)) is None


async def test_an_unchanged_price_keeps_its_row(sessions: Sessions) -> None:
    catalog = PriceCatalog(sessions)
    await seed_prices(sessions, [price(1), price(2, "other")])
    before = (await catalog.index()).prices
    await catalog.replace(ACTOR, [price(2, "other"), price(5)])
    after = {listed.id: listed for listed in (await catalog.index()).prices}
    kept, replaced = sorted(before, key=lambda listed: listed.price.upstream_model == "m")
    assert after[kept.id] == kept
    assert after[replaced.id].replaced_at is not None
    assert len(after) == 3


async def test_a_replacement_is_seen_at_once_here_and_within_a_second_elsewhere(sessions: Sessions) -> None:
    seconds, clock = ManualSeconds(), MovableClock()
    here, elsewhere = PriceCatalog(sessions), PriceCatalog(sessions, monotonic=seconds)
    await seed_prices(sessions, [price(1)])
    assert micros(await elsewhere.index(), clock()) == 1

    await here.replace(ACTOR, [price(2)])

    assert (micros(await here.index(), clock()), micros(await elsewhere.index(), clock())) == (2, 1)
    seconds.now += 1
    assert micros(await elsewhere.index(), clock()) == 2


async def test_prices_are_read_again_only_when_one_has_changed(sessions: Sessions, engine: AsyncEngine) -> None:
    seconds = ManualSeconds()
    catalog, other = PriceCatalog(sessions, monotonic=seconds), PriceCatalog(sessions)
    await seed_prices(sessions, [price(1)])
    index = await catalog.index()
    seconds.now += 1
    with QueryCount(engine, "upstream_model") as queries:
        assert await catalog.index() is index
    assert queries.count == 0
    # One that is only left out adds no row.
    for prices in ([price(1), price(2, "other")], [price(1)], [price(1, "other")]):
        await other.replace(ACTOR, prices)
        seconds.now += 1
        assert (await catalog.index()).listed(datetime.now(UTC)) == prices


async def test_replacements_at_the_same_time_leave_one_whole_list(sessions: Sessions) -> None:
    lists = [[price(number, f"{kind}{number}") for number in range(5)] for kind in "abcdef"]
    catalog = PriceCatalog(sessions)
    await start_together(sessions, "prices", [catalog.replace(ACTOR, prices) for prices in lists])
    assert await catalog.stored() in lists
