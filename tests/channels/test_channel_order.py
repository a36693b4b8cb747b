"""The order in which channels are tried."""

from collections import Counter
from dataclasses import replace
from random import Random

from app.channels.channel import Channel, order_candidates

_CHANNEL = Channel(
    id="ch_a",
    name="a",
    ark=None,
    openapi=None,
    exclusive=False,
    region="cn-beijing",
    models={},
    projects=("default",),
    priority=0,
    weight=1,
    status="active",
    status_reason=None,
)


def channel(name: str, *, priority: int = 0, weight: int = 1) -> Channel:
    return replace(_CHANNEL, id=f"ch_{name}", name=name, priority=priority, weight=weight)


def test_a_higher_priority_always_comes_first() -> None:
    channels = [channel("low", priority=-1, weight=1000), channel("high", priority=5), channel("middle")]
    rng = Random(1)
    for _ in range(100):
        assert [each.name for each in order_candidates(channels, rng)] == ["high", "middle", "low"]


def test_equal_priorities_come_first_by_the_share_of_their_weights() -> None:
    channels = [channel("one", weight=1), channel("three", weight=3)]
    rng = Random(2)
    first = Counter(order_candidates(channels, rng)[0].name for _ in range(4000))
    assert 2850 < first["three"] < 3150


def test_every_channel_stays_in_the_order_so_that_it_can_be_tried_next() -> None:
    channels = [channel(str(number), weight=number + 1) for number in range(20)]
    assert {each.name for each in order_candidates(channels, Random(3))} == {each.name for each in channels}
    assert order_candidates([], Random(3)) == []
