"""Who may post next, so that one dead endpoint delays nobody. Pure.

A *lane* is what one tenant has to tell one origin. Each process posts so many messages at once and no more to one
origin or for one tenant than a part of that: hanging endpoints of one tenant can never take all places. Free places
go round the tenants, and within a tenant round its lanes, one at a time, the order drawn anew each time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lane:
    """What one tenant has to tell one origin."""

    tenant_id: str
    origin: str


@dataclass(frozen=True)
class Caps:
    """How many messages one process posts at once."""

    total: int = 64
    per_tenant: int = 16
    per_origin: int = 8


def share_places(
    due: Iterable[tuple[Lane, int]],
    in_flight: Iterable[Lane],
    caps: Caps,
    *,
    shuffle: Callable[[MutableSequence[Any]], None],
) -> dict[Lane, int]:
    """Returns how many messages of each lane may be posted now.

    Args:
        due: lanes with how many messages are due in each.
        in_flight: the lane of each message that is being posted.
        caps: the limits.
        shuffle: puts a list into another order.
    """
    busy = list(in_flight)
    free = caps.total - len(busy)
    of_tenant = Counter(lane.tenant_id for lane in busy)
    of_origin = Counter(lane.origin for lane in busy)
    granted: Counter[Lane] = Counter()
    rounds = [_in_turn(lanes, shuffle) for lanes in _by_tenant(due)]
    shuffle(rounds)
    while rounds and free > 0:
        for turns in list(rounds):
            lane = _next_lane(turns, of_tenant, of_origin, caps)
            if lane is None:
                rounds.remove(turns)
            elif free > 0:
                granted[lane] += 1
                of_tenant[lane.tenant_id] += 1
                of_origin[lane.origin] += 1
                free -= 1
    return dict(granted)


def _by_tenant(due: Iterable[tuple[Lane, int]]) -> list[list[tuple[Lane, int]]]:
    grouped: dict[str, list[tuple[Lane, int]]] = {}
    for lane, count in due:
        grouped.setdefault(lane.tenant_id, []).append((lane, count))
    return list(grouped.values())


def _in_turn(lanes: Sequence[tuple[Lane, int]], shuffle: Callable[[MutableSequence[Any]], None]) -> list[Lane]:
    """Returns a tenant's messages as names of their lanes, each lane once before any comes twice."""
    drawn = list(lanes)
    shuffle(drawn)
    most = max((count for _, count in drawn), default=0)
    return [lane for turn in range(most) for lane, count in drawn if count > turn]


def _next_lane(turns: list[Lane], of_tenant: Counter[str], of_origin: Counter[str], caps: Caps) -> Lane | None:
    """Takes the first turn that no cap forbids; None when there is none."""
    while turns:
        lane = turns.pop(0)
        if of_tenant[lane.tenant_id] >= caps.per_tenant:
            return None
        if of_origin[lane.origin] < caps.per_origin:
            return lane
    return None
