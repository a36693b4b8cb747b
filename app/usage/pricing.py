"""The price of a task that has ended: that of its creation."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.channels.models import ChannelRow
from app.core.ttl_cache import CachedRead
from app.money.amounts import MAX_COST_MICROS, cost_micros, currency_of
from app.money.prices.index import Billable, PriceIndex, Unpriced
from app.money.prices.price import Price
from app.money.prices.service import PriceCatalog
from app.usage.models import LedgerRow

_EITHER = (False, True)


@dataclass(frozen=True)
class Pricing:
    """The prices with their history, and the currency of every channel, deleted ones included, by its id."""

    index: PriceIndex
    currencies: Mapping[str, str]

    def apply(self, row: LedgerRow, *, listed_at: datetime | None = None, currency: str | None = None) -> None:
        """Writes price and cost into a row of the ledger; a task without a price keeps None in both.

        When the resolution is not known, or whether the task had videos or sound, and the prices differ or one is
        missing, the highest one is taken, and a row with tokens is marked as estimated. So is one whose cost is more
        than can be counted.

        Args:
            row: the row.
            listed_at: of which moment the price list is that the create used; None: that of its creation.
            currency: in which the create was priced; None: that of the channel's region, which may have changed since.
        """
        currency = currency or self.currencies.get(row.channel_id or "")
        found = [] if currency is None else self._prices(row, currency, listed_at or row.created_at)
        prices = [price for price in found if price is not None]
        if not prices:
            return
        price = max(prices, key=lambda each: each.micros_per_million_tokens)
        row.currency, row.micros_per_million_tokens = price.currency, price.micros_per_million_tokens
        if row.total_tokens is None:
            return
        row.cost_micros = cost_micros(row.total_tokens, price.micros_per_million_tokens)
        is_certain = len({price and price.micros_per_million_tokens for price in found}) == 1
        is_certain &= row.cost_micros < MAX_COST_MICROS
        row.is_estimated |= row.total_tokens > 0 and not is_certain

    def _prices(self, row: LedgerRow, currency: str, listed_at: datetime) -> list[Price | None]:
        """Returns the prices that the task may have; None stands for a kind of video without a price."""
        found: list[Price | None] = []
        for resolution, has_video_input, has_audio in product(
            self._resolutions(row, currency, listed_at),
            _alternatives(row.has_video_input),
            _alternatives(row.has_audio),
        ):
            billable = Billable(
                upstream_model=row.upstream_model,
                resolution=resolution,
                has_video_input=has_video_input,
                service_tier=row.service_tier,
                has_audio=has_audio,
                currency=currency,
            )
            listed = self.index.find(billable, row.created_at, listed_at)
            found.append(None if isinstance(listed, Unpriced) else listed.price)
        return found

    def _resolutions(self, row: LedgerRow, currency: str, listed_at: datetime) -> Sequence[str | None]:
        """Returns the resolution of a task, or all for which its model has a price."""
        if row.resolution is not None:
            return (row.resolution.lower(),)
        listed = self.index.listed(listed_at)
        of_model = {
            price.resolution
            for price in listed
            if price.upstream_model == row.upstream_model and price.currency == currency
        }
        return (None, *sorted(resolution for resolution in of_model if resolution is not None))


class PricingSource:
    """Reads what a settlement needs beside the task; cached for less than a second."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        prices: PriceCatalog,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``monotonic`` returns seconds of a clock that never goes back; it decides when a cached read expires."""
        self._sessions = sessions
        self._prices = prices
        self._currencies = CachedRead(self._load_currencies, monotonic=monotonic)

    async def current(self) -> Pricing:
        """Returns the prices of now; called before the transaction that ends a task.

        Raises:
            ServiceUnavailableError: 503, the database is unavailable.
        """
        return Pricing(await self._prices.index(), await self._currencies.get())

    async def _load_currencies(self) -> dict[str, str]:
        async with self._sessions() as session:
            rows = await session.execute(select(ChannelRow.id, ChannelRow.region))
            return {channel_id: currency_of(region) for channel_id, region in rows}


def _alternatives(switch: bool | None) -> tuple[bool, ...]:  # noqa: FBT001 - a value, not a switch of the function
    return _EITHER if switch is None else (switch,)
