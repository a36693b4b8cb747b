"""Allocates the slots of a process to destinations, so that a dead endpoint delays no other destination. Pure.

A process posts a limited number of messages at a time, and no more than a part of that to one origin or for one
tenant: hanging endpoints of one tenant never take all slots. Free slots are allocated round-robin to the tenants, and
within a tenant to its destinations, one at a time, in a new random order each time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Destination:
    """One origin to which messages of one tenant go."""

    tenant_id: str
    origin: str


@dataclass(frozen=True)
class Caps:
    """How many messages one process posts at a time."""

    total: int = 64
    per_tenant: int = 16
    per_origin: int = 8


def allocate_slots(
    due: Iterable[tuple[Destination, int]],
    in_flight: Iterable[Destination],
    caps: Caps,
    *,
    shuffle: Callable[[MutableSequence[Any]], None],
) -> dict[Destination, int]:
    """Returns how many messages to each destination may be posted now.

    Args:
        due: destinations with the number of messages that are due.
        in_flight: the destination of each message that is being posted.
        caps: the limits.
        shuffle: puts a list into another order.
    """
    busy = list(in_flight)
    free = caps.total - len(busy)
    of_tenant = Counter(destination.tenant_id for destination in busy)
    of_origin = Counter(destination.origin for destination in busy)
    allocated: Counter[Destination] = Counter()
    queues = [_interleave(destinations, shuffle) for destinations in _by_tenant(due)]
    shuffle(queues)
    while queues and free > 0:
        for queue in list(queues):
            destination = _next(queue, of_tenant, of_origin, caps)
            if destination is None:
                queues.remove(queue)
            elif free > 0:
                allocated[destination] += 1
                of_tenant[destination.tenant_id] += 1
                of_origin[destination.origin] += 1
                free -= 1
    return dict(allocated)


def _by_tenant(due: Iterable[tuple[Destination, int]]) -> list[list[tuple[Destination, int]]]:
    grouped: dict[str, list[tuple[Destination, int]]] = {}
    for destination, count in due:
        grouped.setdefault(destination.tenant_id, []).append((destination, count))
    return list(grouped.values())


def _interleave(
    due: Sequence[tuple[Destination, int]], shuffle: Callable[[MutableSequence[Any]], None]
) -> list[Destination]:
    """Returns the destination of each of a tenant's messages, every destination once before any comes twice."""
    shuffled = list(due)
    shuffle(shuffled)
    rounds = max((count for _, count in shuffled), default=0)
    return [destination for turn in range(rounds) for destination, count in shuffled if count > turn]


def _next(queue: list[Destination], of_tenant: Counter[str], of_origin: Counter[str], caps: Caps) -> Destination | None:
    """Takes the first message that no cap forbids; None when there is none."""
    while queue:
        destination = queue.pop(0)
        if of_tenant[destination.tenant_id] >= caps.per_tenant:
            return None
        if of_origin[destination.origin] < caps.per_origin:
            return destination
    return None
