"""In which order channels are tried. Pure."""

from collections.abc import Iterable
from random import Random

from app.channels.channel import Channel


def order_candidates(channels: Iterable[Channel], rng: Random) -> list[Channel]:
    """Returns all ``channels``, best first: by priority, higher first, and at random where priorities are equal.

    Among channels of one priority, each comes first as often as its share of their weights.

    Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the order of
    ``u ** (1 / weight)`` for random ``u`` is a weighted draw without replacement.
    """
    return sorted(channels, key=lambda channel: (channel.priority, rng.random() ** (1 / channel.weight)), reverse=True)
