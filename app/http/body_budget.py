"""Who may hold how much of the memory that a process has for request bodies.

The budget is divided into pools, and each pool among those who send, so that one sender leaves room for the others::

    large      13/16   bodies of tenants; a tenant at most half of it, a key a quarter, but at least one whole body
    small       2/16   only bodies under 64 KiB, divided in the same way; what does not fit counts as large
    unproven    1/16   signed requests whose signature needs the body; an access key id half of it, a network a quarter

Beside the budget stand two small pools of a fixed size: the operator's, and that of the upstream's callbacks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

SMALL_BYTES = 64 * 1024
"""A body under this size may use the pool for small ones."""

OPERATOR_BODY_BYTES = 1024 * 1024
"""What one body of the admin API may have."""

_OPERATOR_BYTES = 8 * 1024 * 1024
_CALLBACK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class KeySender:
    """Who has proven to hold an API key, or its signing key."""

    tenant_id: str
    key_id: str


@dataclass(frozen=True)
class UnprovenSigner:
    """Who has only named a signing key so far; ``network`` is where from, empty when not known."""

    access_key_id: str
    network: str


@dataclass(frozen=True)
class OperatorSender:
    """Who has sent the admin token."""


@dataclass(frozen=True)
class CallbackSender:
    """Who calls back, and claims to be the upstream; ``network`` is where from, empty when not known."""

    network: str


Sender = KeySender | UnprovenSigner | OperatorSender | CallbackSender


class Part(NamedTuple):
    """What one party may hold of a pool."""

    party: str
    most_bytes: int


class Pool:
    """Bytes that are held by several parties, together at most ``size_bytes``."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.held_bytes = 0
        self._held_by: dict[str, int] = {}

    def take(self, count: int, parts: Sequence[Part]) -> bool:
        """Counts bytes for a sender, or returns False when the pool or one of the parts is too small for them."""
        if self.held_bytes + count > self.size_bytes:
            return False
        if any(self._held_by.get(part.party, 0) + count > part.most_bytes for part in parts):
            return False
        self._add(count, parts)
        return True

    def give_back(self, count: int, parts: Sequence[Part]) -> None:
        """Ends the counting of bytes that were taken with the same parts."""
        self._add(-count, parts)

    def _add(self, count: int, parts: Sequence[Part]) -> None:
        self.held_bytes += count
        for party, _ in parts:
            held = self._held_by.pop(party, 0) + count
            if held:
                self._held_by[party] = held


class Place(NamedTuple):
    """A pool, and what a sender may hold of it."""

    pool: Pool
    parts: tuple[Part, ...]

    @property
    def most_bytes(self) -> int:
        """The largest body that fits while nothing else is held."""
        return min(self.pool.size_bytes, *(part.most_bytes for part in self.parts))


class BodyBudget:
    """The pools of one process."""

    def __init__(self, *, limit_bytes: int, budget_bytes: int) -> None:
        """Makes a budget of which nothing is held.

        Args:
            limit_bytes: of one body.
            budget_bytes: of all pools but the operator's and the callbacks'.
        """
        self._limit_bytes = limit_bytes
        self._small = Pool(budget_bytes // 8)
        self._unproven = Pool(budget_bytes // 16)
        self._large = Pool(budget_bytes - self._small.size_bytes - self._unproven.size_bytes)
        self._operator = Pool(_OPERATOR_BYTES)
        self._callbacks = Pool(_CALLBACK_BYTES)

    @property
    def held_bytes(self) -> int:
        """How many bytes are held, over all pools."""
        pools = (self._small, self._unproven, self._large, self._operator, self._callbacks)
        return sum(pool.held_bytes for pool in pools)

    def most_bytes(self, sender: Sender) -> int:
        """Returns the size of the largest body that a sender's share can ever hold, the limit of one body included."""
        largest = max(place.most_bytes for place in self.places(sender, size_bytes=0))
        return min(self._limit_bytes, OPERATOR_BODY_BYTES if isinstance(sender, OperatorSender) else largest)

    def open(self, sender: Sender, *, announced_bytes: int) -> "Holding":
        """Begins the counting of one body.

        Args:
            sender: on whose account.
            announced_bytes: the size that its head tells; 0 when it tells none.
        """
        return Holding(self, sender, announced_bytes)

    def places(self, sender: Sender, *, size_bytes: int) -> list[Place]:
        """Returns where a body of that size may count, the best place first."""
        match sender:
            case KeySender():
                places = [self._place_of_key(self._large, sender, self._limit_bytes)]
                return [self._place_of_key(self._small, sender, 0), *places] if size_bytes < SMALL_BYTES else places
            case UnprovenSigner():
                parts = [Part(f"signer {sender.access_key_id}", self._unproven.size_bytes // 2)]
                return [_with_network(self._unproven, sender.network, parts)]
            case OperatorSender():
                return [Place(self._operator, (Part("operator", self._operator.size_bytes),))]
            case CallbackSender():
                return [_with_network(self._callbacks, sender.network, [Part("callbacks", self._callbacks.size_bytes)])]

    @staticmethod
    def _place_of_key(pool: Pool, sender: KeySender, whole_body_bytes: int) -> Place:
        of_tenant = pool.size_bytes // 2
        of_key = min(max(pool.size_bytes // 4, whole_body_bytes), of_tenant)
        return Place(pool, (Part(f"tenant {sender.tenant_id}", of_tenant), Part(f"key {sender.key_id}", of_key)))


class Holding:
    """The bytes of one body in the budget."""

    def __init__(self, budget: BodyBudget, sender: Sender, announced_bytes: int) -> None:
        self._budget = budget
        self._sender = sender
        self._announced_bytes = announced_bytes
        self._place: Place | None = None
        self.size_bytes = 0

    def grow(self, count: int) -> bool:
        """Counts ``count`` more bytes; False when they do not fit, and nothing has changed.

        A body that is not small any more moves to the large ones.
        """
        return self._fit(self.size_bytes + count)

    def move_to(self, sender: Sender) -> bool:
        """Counts all of it on another account; False when it does not fit there, and nothing has changed."""
        before, self._sender = self._sender, sender
        is_moved = self._fit(self.size_bytes)
        if not is_moved:
            self._sender = before
        return is_moved

    def release(self) -> None:
        """Ends the counting; a second time nothing happens."""
        if self._place is not None:
            self._place.pool.give_back(self.size_bytes, self._place.parts)
        self._place, self.size_bytes = None, 0

    def _fit(self, size_bytes: int) -> bool:
        """Finds a place for the whole body, having freed the one that it had; takes that again when there is none."""
        before = self._place
        if before is not None:
            before.pool.give_back(self.size_bytes, before.parts)
        for place in self._budget.places(self._sender, size_bytes=max(size_bytes, self._announced_bytes)):
            if place.pool.take(size_bytes, place.parts):
                self._place, self.size_bytes = place, size_bytes
                return True
        if before is not None:
            before.pool.take(self.size_bytes, before.parts)
        return False


def _with_network(pool: Pool, network: str, parts: list[Part]) -> Place:
    """Adds the share of a network; where none is known, as on a Unix socket, everybody would be one."""
    return Place(pool, (*parts, Part(f"network {network}", pool.size_bytes // 4)) if network else tuple(parts))
