"""Finds the price that applies to a create. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.money.prices.price import Price

_MAX_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A price of the table.

    Attributes:
        id: of its row, which is kept after the price has been replaced.
        price: what it says.
        recorded_at: when it was put into the list; it applies to no create before.
        replaced_at: when it left the list; it applies to no create from then on.
    """

    id: int
    price: Price
    recorded_at: datetime
    replaced_at: datetime | None = None

    def is_listed(self, at: datetime) -> bool:
        """Whether it was in the list at a time."""
        return self.recorded_at <= at and (self.replaced_at is None or at < self.replaced_at)

    def is_in_force(self, at: datetime, listed_at: datetime) -> bool:
        """Whether it applies to a create of a time, by the list as it was at another."""
        return self.price.valid_from <= at and self.is_listed(listed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Billable:
    """What the price of a create depends on.

    Attributes:
        upstream_model: the ``model`` that the channel's upstream is sent.
        resolution: such as ``720p``, in lower case; None when it is not known.
        has_video_input: whether the request has reference videos.
        service_tier: ``default`` or ``flex``.
        has_audio: whether sound is generated.
        currency: that of the channel's region (``app.money.amounts.currency_of``).
    """

    upstream_model: str
    resolution: str | None
    has_video_input: bool
    service_tier: str
    has_audio: bool
    currency: str

    def is_covered_by(self, price: Price) -> bool:
        """Whether a price of this model and currency is for such a create."""
        return (
            price.resolution in (None, self.resolution)
            and price.has_video_input in (None, self.has_video_input)
            and price.service_tier in (None, self.service_tier)
            and price.has_audio in (None, self.has_audio)
        )

    def __str__(self) -> str:
        return (
            f"{self.upstream_model}, {self.resolution or 'unknown resolution'}, "
            f"{'with' if self.has_video_input else 'without'} video input, "
            f"{'with' if self.has_audio else 'without'} audio, service tier {self.service_tier}, in {self.currency}"
        )


@dataclass(frozen=True, slots=True)
class Unpriced:
    """The answer when the list has no price for a create. That is not a price of zero."""

    billable: Billable

    def __str__(self) -> str:
        return f"unpriced: {self.billable}"


class PriceIndex:
    """The price list with its history, as of one moment."""

    def __init__(self, prices: Iterable[ListedPrice]) -> None:
        self.prices = tuple(prices)
        by_model: dict[tuple[str, str], list[ListedPrice]] = defaultdict(list)
        for listed in self.prices:
            by_model[listed.price.upstream_model, listed.price.currency].append(listed)
        # Best first, so that the first one that is in force and covers a create is the answer.
        self._by_model = {key: tuple(sorted(found, key=_rank, reverse=True)) for key, found in by_model.items()}
        self._covering: dict[Billable, tuple[ListedPrice, ...]] = {}
        changes = {listed.recorded_at for listed in self.prices} | {listed.replaced_at for listed in self.prices}
        self._changes = sorted(change for change in changes if change is not None)

    def version_at(self, at: datetime) -> datetime:
        """Returns when the list that is known here for a time was made: that of its last change until then.

        A process that knows a later list finds with it, as ``listed_at``, what is found here for ``at``.
        """
        position = bisect_right(self._changes, at)
        return self._changes[position - 1] if position else at

    def find(self, billable: Billable, at: datetime, listed_at: datetime | None = None) -> ListedPrice | Unpriced:
        """Returns the price of a create.

        Of the prices in force that cover it, that is the one which names most of resolution, video input, tier and
        audio; of equal ones the one that names the earlier of these; then the one with the newest ``valid_from``.

        Args:
            billable: what is created.
            at: when it is created, also when the price of an older create is looked up: later changes do not matter.
            listed_at: of which moment the list is that counts; None: ``at``.
        """
        covering = self._covering.get(billable)
        if covering is None:
            covering = self._remember(billable)
        for listed in covering:
            if listed.is_in_force(at, listed_at or at):
                return listed
        return Unpriced(billable)

    def listed(self, at: datetime) -> list[Price]:
        """Returns the list as it was at a time, with the prices that were to become valid later, in order of place."""
        found = [listed.price for listed in self.prices if listed.is_listed(at)]
        return sorted(found, key=lambda price: price.place)

    def _remember(self, billable: Billable) -> tuple[ListedPrice, ...]:
        """Returns the prices that cover a create, best first, and remembers them for the creates that are like it."""
        if len(self._covering) >= _MAX_REMEMBERED:
            self._covering.clear()
        found = self._by_model.get((billable.upstream_model, billable.currency), ())
        covering = tuple(listed for listed in found if billable.is_covered_by(listed.price))
        self._covering[billable] = covering
        return covering


def _rank(listed: ListedPrice) -> tuple[int, tuple[bool, ...], datetime]:
    is_named = listed.price.is_named
    return sum(is_named), is_named, listed.price.valid_from
