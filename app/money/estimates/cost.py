"""What a create will cost at most, by the price list. Pure."""

from dataclasses import dataclass
from datetime import datetime

from app.money.amounts import cost_micros
from app.money.estimates.tokens import PossibleVideo, TokenEstimate
from app.money.prices.index import Billable, ListedPrice, PriceIndex, Unpriced


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The most that a create may cost.

    Attributes:
        cost_micros: millionths of the price's currency.
        listed: the price of the kind of video that costs most.
        video: that kind; its tokens at that price are the cost.
        tokens_max: the most tokens; where prices differ, those of a cheaper kind may be more than the price is for.
    """

    cost_micros: int
    listed: ListedPrice
    video: PossibleVideo
    tokens_max: int


def estimate_cost(
    tokens: TokenEstimate, upstream_model: str, currency: str, prices: PriceIndex, at: datetime
) -> CostEstimate | Unpriced:
    """Returns what a create will cost at most on a channel; unpriced when a kind of video that it may become is so.

    Args:
        tokens: of the create.
        upstream_model: what the channel is sent as ``model``.
        currency: that of the channel's region (``app.money.amounts.currency_of``).
        prices: the price list.
        at: when it is created.
    """
    most: CostEstimate | None = None
    for video in tokens.possible:
        billable = Billable(
            upstream_model=upstream_model,
            resolution=video.resolution,
            has_video_input=video.has_video_input,
            service_tier=tokens.service_tier,
            has_audio=video.has_audio,
            currency=currency,
        )
        listed = prices.find(billable, at)
        if isinstance(listed, Unpriced):
            return listed
        cost = cost_micros(video.tokens_max, listed.price.micros_per_million_tokens)
        if most is None or cost > most.cost_micros:
            most = CostEstimate(cost, listed, video, tokens.tokens_max)
    if most is None:
        raise ValueError("an estimate has at least one kind of video")
    return most
