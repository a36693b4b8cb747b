"""The memory budget for request bodies of one process, and each sender's share of it.

The budget is divided into pools, and each pool among the senders, so that no sender can use all of it::

    large      13/16   bodies of tenants; a tenant at most half of it, a key a quarter, but at least one whole body
    small       2/16   only bodies under 64 KiB, divided in the same way; the rest counts as large
    unproven    1/16   signed requests whose signature needs the body, and tokens that sign in to the console; an access
                       key id half of it, all sign-ins half of it, a network a quarter

Two small pools of fixed size are separate: the operator's, and that of the upstream's callbacks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.errors import SeedgateError, ServiceUnavailableError

SMALL_BYTES = 64 * 1024
"""A body under this size may use the small pool."""

OPERATOR_BODY_BYTES = 1024 * 1024
"""The maximum size of a body of the admin API."""

_OPERATOR_BYTES = 8 * 1024 * 1024
_CALLBACK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class KeySender:
    """A client authenticated by an API key, or by its signing key."""

    tenant_id: str
    key_id: str


@dataclass(frozen=True)
class UnprovenSigner:
    """A client that named a signing key and is not authenticated yet; ``network`` is empty when not known."""

    access_key_id: str
    network: str


@dataclass(frozen=True)
class OperatorSender:
    """A client authenticated by the admin token."""


@dataclass(frozen=True)
class CallbackSender:
    """A client that claims to be the upstream calling back; ``network`` is empty when not known."""

    network: str


@dataclass(frozen=True)
class SignInSender:
    """A browser that signs in to the console; ``network`` is empty when not known."""

    network: str


Sender = KeySender | UnprovenSigner | OperatorSender | CallbackSender | SignInSender


class Part(NamedTuple):
    """One party's share of a pool."""

    party: str
    max_bytes: int


class Pool:
    """Bytes held by several parties, together at most ``size_bytes``."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.held_bytes = 0
        self._held_by: dict[str, int] = {}

    def take(self, count: int, parts: Sequence[Part]) -> bool:
        """Reserves bytes; returns False, and reserves none, when the pool or one of the parts has no room."""
        if self.held_bytes + count > self.size_bytes:
            return False
        if any(self._held_by.get(part.party, 0) + count > part.max_bytes for part in parts):
            return False
        self._add(count, parts)
        return True

    def give_back(self, count: int, parts: Sequence[Part]) -> None:
        """Returns bytes that were reserved with the same parts."""
        self._add(-count, parts)

    def _add(self, count: int, parts: Sequence[Part]) -> None:
        self.held_bytes += count
        for party, _ in parts:
            held = self._held_by.pop(party, 0) + count
            if held:
                self._held_by[party] = held


class Place(NamedTuple):
    """A pool, and a sender's shares of it."""

    pool: Pool
    parts: tuple[Part, ...]

    @property
    def max_bytes(self) -> int:
        """The largest body that fits into the empty pool."""
        return min(self.pool.size_bytes, *(part.max_bytes for part in self.parts))


class BodyBudget:
    """The pools of one process; the operator's and the callbacks' are not part of ``budget_bytes``."""

    def __init__(self, *, limit_bytes: int, budget_bytes: int) -> None:
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

    def max_bytes(self, sender: Sender) -> int:
        """Returns the size of the largest body that a sender may send at all."""
        largest = max(place.max_bytes for place in self.places(sender, size_bytes=0))
        return min(self._limit_bytes, OPERATOR_BODY_BYTES if isinstance(sender, OperatorSender) else largest)

    def open(self, sender: Sender, *, announced_bytes: int) -> "Holding":
        """Starts the accounting of one body; ``announced_bytes`` is its ``Content-Length``, 0 without one."""
        return Holding(self, sender, announced_bytes)

    def places(self, sender: Sender, *, size_bytes: int) -> list[Place]:
        """Returns the pools against which a body of this size may count, in order of preference."""
        match sender:
            case KeySender():
                places = [self._place_of_key(self._large, sender, self._limit_bytes)]
                return [self._place_of_key(self._small, sender, 0), *places] if size_bytes < SMALL_BYTES else places
            case UnprovenSigner():
                parts = [Part(f"signer {sender.access_key_id}", self._unproven.size_bytes // 2)]
                return [_with_network(self._unproven, sender.network, parts)]
            case SignInSender():
                parts = [Part("sign-ins", self._unproven.size_bytes // 2)]
                return [_with_network(self._unproven, sender.network, parts)]
            case OperatorSender():
                return [Place(self._operator, (Part("operator", self._operator.size_bytes),))]
            case CallbackSender():
                return [_with_network(self._callbacks, sender.network, [Part("callbacks", self._callbacks.size_bytes)])]

    @staticmethod
    def _place_of_key(pool: Pool, sender: KeySender, whole_body_bytes: int) -> Place:
        tenant_bytes = pool.size_bytes // 2
        key_bytes = min(max(pool.size_bytes // 4, whole_body_bytes), tenant_bytes)
        return Place(pool, (Part(f"tenant {sender.tenant_id}", tenant_bytes), Part(f"key {sender.key_id}", key_bytes)))


class Holding:
    """The bytes of one body in the budget."""

    def __init__(self, budget: BodyBudget, sender: Sender, announced_bytes: int) -> None:
        self._budget = budget
        self._sender = sender
        self._announced_bytes = announced_bytes
        self._place: Place | None = None
        self.size_bytes = 0

    def grow(self, count: int) -> bool:
        """Reserves ``count`` more bytes; returns False, and changes nothing, when they do not fit.

        A body that outgrows the small pool moves to the large one.
        """
        return self._fit(self.size_bytes + count)

    def move_to(self, sender: Sender) -> bool:
        """Moves the body to another sender's share; returns False, and changes nothing, when it does not fit."""
        before, self._sender = self._sender, sender
        is_moved = self._fit(self.size_bytes)
        if not is_moved:
            self._sender = before
        return is_moved

    def release(self) -> None:
        """Returns the bytes to the pool; later calls have no effect."""
        if self._place is not None:
            self._place.pool.give_back(self.size_bytes, self._place.parts)
        self._place, self.size_bytes = None, 0

    def _fit(self, size_bytes: int) -> bool:
        """Moves the whole body to a place with room for it; it returns to its old place when there is none."""
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
    """Adds the share of a network, if known: on a Unix socket all clients would share one."""
    return Place(pool, (*parts, Part(f"network {network}", pool.size_bytes // 4)) if network else tuple(parts))


class HeldBody:
    """A request body in memory; it counts against its sender's share until it is released.

    It depends on no framework: use cases take it, so that they can release it early.

    Attributes:
        data: its bytes; empty once they were dropped.
        refusal: the error for a body that cannot be parsed, kept until its sender is authenticated.
    """

    def __init__(self, data: bytes, holding: Holding) -> None:
        self.data = data
        self.refusal: SeedgateError | None = None
        self._holding = holding

    def move_to(self, sender: Sender) -> None:
        """Counts the body against the share of an authenticated sender.

        Raises:
            UnsupportedMediaTypeError: 415, the body is not JSON; raised only now, because it would have revealed that
                the sender exists.
            ServiceUnavailableError: 503, the sender's share is used up.
        """
        if self.refusal is not None:
            raise self.refusal
        if not self._holding.move_to(sender):
            raise out_of_budget()

    def drop(self) -> None:
        """Drops the bytes. Their size still counts, because the parsed body is as large."""
        self.data = b""

    def release(self) -> None:
        """Drops the bytes and returns their share; later calls have no effect."""
        self.drop()
        self._holding.release()


def out_of_budget() -> ServiceUnavailableError:
    """Returns the 503 for a body that does not fit its sender's share."""
    return ServiceUnavailableError("The service is handling too many large requests. Please try again.")
