"""The table of prices: filled once with the shipped list, changed by the operator, read by every create."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.audit.log import Actor, Target, record
from app.core.ttl_cache import CachedRead
from app.db.base import utc_now
from app.money.models import PriceRow
from app.money.prices.index import ListedPrice, PriceIndex
from app.money.prices.price import Price

# Blocks other writers until the transaction ends; readers see the previous rows.
_LOCK = text("LOCK TABLE prices IN SHARE ROW EXCLUSIVE MODE")

_PRICE_COLUMNS = (
    PriceRow.upstream_model,
    PriceRow.resolution,
    PriceRow.has_video_input,
    PriceRow.service_tier,
    PriceRow.has_audio,
    PriceRow.currency,
    PriceRow.micros_per_million_tokens,
    PriceRow.valid_from,
)

_Version = tuple[int, int | None, datetime | None]


class PriceCatalog:
    """The prices with their history, cached for less than a second."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime] = utc_now,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``monotonic`` returns seconds of a clock that never goes back; it decides when a cached read expires."""
        self._sessions = sessions
        self._clock = clock
        self._prices = CachedRead(self._load, monotonic=monotonic)
        self._latest: tuple[_Version, PriceIndex] | None = None

    def now(self) -> datetime:
        """Returns the time from which a price of a list that is now given is valid, unless it says otherwise."""
        return self._clock()

    async def index(self) -> PriceIndex:
        """Returns all prices, those that were replaced included.

        Raises:
            ServiceUnavailableError: 503, the database is unavailable.
        """
        return await self._prices.get()

    async def stored(self, at: datetime | None = None) -> list[Price]:
        """Returns the list, read now, for the operator; as it was at a time if one is given."""
        return (await self._load()).listed(at or self._clock())

    async def replace(self, actor: Actor, prices: Sequence[Price]) -> None:
        """Replaces the list by at least one price, of which no two differ in the amount alone.

        Creates of before keep their prices: a price that is left out or changed stays in the table, with the time at
        which it was replaced, and a new one applies to no create before this. Every process uses them within a second.
        """
        async with self._sessions.begin() as session:
            await session.execute(_LOCK)
            # Read under the lock: each replacement is later than the one before.
            now = self._clock()
            rows = await _read(session, is_history_wanted=False)
            before = {listed.price: listed.id for listed in rows}
            removed = [price for price in before if price not in set(prices)]
            added = [price for price in prices if price not in before]
            ids = [before[price] for price in removed]
            await session.execute(update(PriceRow).where(PriceRow.id.in_(ids)).values(replaced_at=now))
            await _insert(session, added, recorded_at=now)
            difference = {
                "added": [price.to_json() for price in added],
                "removed": [price.to_json() for price in removed],
            }
            record(session, actor, "prices.replace", Target("prices", "prices"), at=now, **difference)
        self._prices.invalidate()

    async def _load(self) -> PriceIndex:
        async with self._sessions() as session:
            # Rows are only added and marked, so these three tell whether anything changed.
            query = select(func.count(PriceRow.id), func.max(PriceRow.id), func.max(PriceRow.replaced_at))
            count, newest, replaced_at = (await session.execute(query)).one()
            version = (count, newest, replaced_at)
            if self._latest is not None and self._latest[0] == version:
                return self._latest[1]
            index = PriceIndex(await _read(session, is_history_wanted=True))
        self._latest = version, index
        return index


async def seed_prices(sessions: async_sessionmaker[AsyncSession], prices: Sequence[Price]) -> None:
    """Fills the table of prices when it is empty. Several processes may do so at the same time."""
    is_empty = ~select(PriceRow.id).exists()
    async with sessions.begin() as session:
        if not await session.scalar(select(is_empty)):
            return
        await session.execute(_LOCK)
        if await session.scalar(select(is_empty)):
            # Without a list before it, it applies from each price's own time on.
            await _insert(session, prices, recorded_at=None)


async def _read(session: AsyncSession, *, is_history_wanted: bool) -> list[ListedPrice]:
    query = select(PriceRow.id, PriceRow.recorded_at, PriceRow.replaced_at, *_PRICE_COLUMNS)
    if not is_history_wanted:
        query = query.where(PriceRow.replaced_at.is_(None))
    names = [column.key for column in _PRICE_COLUMNS]
    return [
        ListedPrice(row.id, Price(**{name: getattr(row, name) for name in names}), row.recorded_at, row.replaced_at)
        for row in await session.execute(query)
    ]


async def _insert(session: AsyncSession, prices: Sequence[Price], *, recorded_at: datetime | None) -> None:
    """Inserts prices; without ``recorded_at``, each as recorded when it becomes valid."""
    if not prices:
        return
    names = [column.key for column in _PRICE_COLUMNS]
    rows = [
        {name: getattr(price, name) for name in names} | {"recorded_at": recorded_at or price.valid_from}
        for price in prices
    ]
    await session.execute(insert(PriceRow), rows)
