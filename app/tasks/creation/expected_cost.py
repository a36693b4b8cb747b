"""The most that a create may cost on each channel: held, kept, and settled if its usage is never seen. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.catalog.model_index import upstream_id_on
from app.channels.channel import Channel
from app.money.amounts import currency_of
from app.money.estimates.cost import CostEstimate, estimate_cost
from app.money.estimates.tokens import DraftFacts, TokenEstimate, estimate_tokens
from app.money.prices.index import PriceIndex, Unpriced
from app.tasks.validation.create import CheckedCreate


@dataclass(frozen=True, slots=True)
class ExpectedCost:
    """What a create costs at most when a channel takes it.

    Attributes:
        upstream_model: what the channel is sent as ``model``.
        currency: that of the channel's region.
        tokens: the tokens.
        cost: what they cost; unpriced when the list has no price for a kind of video that it may become.
        priced_at: of which moment the price list is that was used (``PriceIndex.version_at``).
    """

    upstream_model: str
    currency: str
    tokens: TokenEstimate
    cost: CostEstimate | Unpriced
    priced_at: datetime

    @property
    def micros(self) -> int | None:
        """In millionths of the currency; None: unpriced."""
        return None if isinstance(self.cost, Unpriced) else self.cost.cost_micros

    def columns(self) -> dict[str, Any]:
        """Returns the columns of a task's row that a settlement may need; see ``app.tasks.models.TaskRow``."""
        cost = self.cost
        if isinstance(cost, Unpriced):
            return {
                "estimated_tokens": self.tokens.tokens_max,
                "estimated_resolution": None,
                "estimated_cost_micros": None,
                "estimated_micros_per_million_tokens": None,
                # A part of the kinds may have a price: the settlement looks for it in this currency.
                "estimated_currency": self.currency,
                "priced_at": self.priced_at,
            }
        return {
            "estimated_tokens": cost.video.tokens_max,
            "estimated_resolution": cost.video.resolution,
            "estimated_cost_micros": cost.cost_micros,
            "estimated_micros_per_million_tokens": cost.listed.price.micros_per_million_tokens,
            "estimated_currency": self.currency,
            "priced_at": self.priced_at,
        }


def expected_costs(
    channels: Iterable[Channel], checked: CheckedCreate, draft: DraftFacts | None, prices: PriceIndex, at: datetime
) -> Mapping[str, ExpectedCost]:
    """Returns what a create costs at most on each of several channels, by its id, in their order.

    Args:
        channels: that serve the model.
        checked: the create.
        draft: what is known of the draft that it finishes; None for any other create.
        prices: the price list.
        at: when it is created.
    """
    found: dict[str, ExpectedCost] = {}
    of_kind: dict[tuple[str, str], ExpectedCost] = {}
    priced_at = prices.version_at(at)
    for channel in channels:
        model, currency = (
            upstream_id_on(channel, checked.model) or checked.model.upstream_id,
            currency_of(channel.region),
        )
        expected = of_kind.get((model, currency))
        if expected is None:
            tokens = estimate_tokens(checked.fields, checked.model, model, draft)
            cost = estimate_cost(tokens, model, currency, prices, at)
            expected = of_kind[model, currency] = ExpectedCost(model, currency, tokens, cost, priced_at)
        found[channel.id] = expected
    return found
