"""What all client connections of a server together may hold: sockets, and memory for what is unread or unsent."""

from asyncio import AbstractEventLoop, TimerHandle
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from itertools import islice
from typing import Protocol

import structlog

from app.http.client_address import is_within, network_of
from app.http.descriptors import default_max_connections
from app.observability.metrics import CONNECTIONS_CUT

_log = structlog.get_logger()

_SWEEP_SECONDS = 1.0
_CHECKED_AT_ONCE = 50
# How many idle connections are looked at to find one of the same network.
_SEARCHED = 256
# A body of which nothing has come for so long may have to make room for a new connection.
_STALLED_SECONDS = 1.0
# Connections of the metrics port that there may be beside all others.
_RESERVED = 8
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class ConnectionLimits:
    """How long and how much a client connection may wait, and how many there may be.

    Attributes:
        max_connections: open at the same time, in one process.
        max_per_address: of these, from one address (of IPv6, one /64) outside ``trusted_proxies``; absent: a tenth.
        trusted_proxies: networks from which many clients come over one address.
        reserved_port: of the metrics, which are told when the gateway is full, too.
        budget_bytes: for unfinished heads and unread answers of all connections.
        first_byte_seconds: a connection may send nothing for so long after it was made.
        head_seconds: a head that has begun must be complete after so long.
        body_seconds: nothing of a body that is waited for may come for so long.
        unread_seconds: none of an answer may be read for so long.
        linger_seconds: once a refusal is sent, input is read and dropped for so long, so that the refusal is not lost.
    """

    max_connections: int = field(default_factory=default_max_connections)
    max_per_address: int | None = None
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()
    reserved_port: int | None = None
    budget_bytes: int = 64 * _MEBIBYTE
    first_byte_seconds: float = 60.0
    head_seconds: float = 15.0
    body_seconds: float = 30.0
    unread_seconds: float = 60.0
    linger_seconds: float = 5.0


class Connection(Protocol):
    """What the table needs to know of a connection."""

    address: str
    port: int | None

    def cut(self) -> None:
        """Ends the connection at once, without an answer."""

    def check(self, now: float) -> None:
        """Ends the connection if a deadline of it has passed; ``now`` is the loop's time."""

    def stalled_since(self) -> float | None:
        """Returns since when the rest of a body is waited for, by the loop's time; None when it is not."""


class ConnectionTable:
    """The open client connections of one server. One per process and server, shared by its connections.

    It is handed to worker processes before it is used, so it is made of plain values.
    """

    def __init__(self, limits: ConnectionLimits | None = None) -> None:
        self.limits = limits or ConnectionLimits()
        self.held_bytes = 0
        # Each with the network whose share it counts against; empty when it counts against none.
        self._open: dict[Connection, str] = {}
        self._per_network: Counter[str] = Counter()
        # Longest idle first; likewise, what has held memory for longest.
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        self._holding: OrderedDict[Connection, int] = OrderedDict()
        self._held_per_network: Counter[str] = Counter()
        # As the last look at all connections found them, longest stalled first.
        self._stalled: deque[Connection] = deque()
        # What is told in one line at the next look.
        self._cuts: Counter[str] = Counter()
        self._timer: TimerHandle | None = None

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def admit(self, connection: Connection, loop: AbstractEventLoop) -> bool:
        """Adds a new connection, and says whether it may stay; to make room, the longest idle one is cut.

        Where none is idle, that is the one whose body has stalled for longest.
        Behind a trusted proxy or on a unix socket, one address stands for many clients and may hold all.
        """
        is_many = is_within(connection.address, self.limits.trusted_proxies)
        network = "" if is_many else network_of(connection.address)
        if not self._has_room(connection, network):
            self._note_cut("no_room")
            return False
        self._open[connection] = network
        self._per_network[network] += 1
        self._idle[connection] = None
        if self._timer is None:
            self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        return True

    def remove(self, connection: Connection) -> None:
        """Forgets a connection that has ended."""
        network = self._open.pop(connection, None)
        if network is None:
            return
        self._idle.pop(connection, None)
        self._count_held(network, -self._holding.pop(connection, 0))
        self._per_network[network] -= 1
        if not self._per_network[network]:
            del self._per_network[network]
        if not self._open and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def set_idle(self, connection: Connection, *, is_idle: bool) -> None:
        """Notes that a connection begins or ends to work on a request."""
        if not is_idle:
            self._idle.pop(connection, None)
        elif connection in self._open:
            self._idle[connection] = None

    def hold(self, connection: Connection, size_bytes: int) -> None:
        """Notes how much memory a connection holds.

        Over the budget, connections of the network that holds most are cut, those first that have held for longest.
        """
        network = self._open.get(connection)
        if network is None:
            return
        self._count_held(network, size_bytes - self._holding.get(connection, 0))
        if size_bytes:
            self._holding[connection] = size_bytes
        else:
            self._holding.pop(connection, None)
        while self.held_bytes > self.limits.budget_bytes:
            most = max(self._held_per_network, key=self._held_per_network.__getitem__)
            self._cut(next(holder for holder in self._holding if self._open[holder] == most), "budget")

    def _count_held(self, network: str, size_bytes: int) -> None:
        self.held_bytes += size_bytes
        self._held_per_network[network] += size_bytes
        if not self._held_per_network[network]:
            del self._held_per_network[network]

    def _sweep(self, loop: AbstractEventLoop) -> None:
        if self._cuts:
            _log.warning("connections_cut", open=len(self._open), **self._cuts)
            self._cuts.clear()
        self._check_some(loop, iter(list(self._open)), [])

    def _check_some(
        self, loop: AbstractEventLoop, connections: Iterator[Connection], stalled: list[tuple[float, int, Connection]]
    ) -> None:
        """Ends those of some connections whose time is up, and lets others have their turn before the rest.

        Thousands whose time is up at once, each with an answer to be written, would hold the loop for a second.
        """
        some = list(islice(connections, _CHECKED_AT_ONCE))
        now = loop.time()
        for connection in some:
            if connection not in self._open:
                continue
            connection.check(now)
            since = connection.stalled_since()
            if since is not None and now - since >= _STALLED_SECONDS:
                stalled.append((since, id(connection), connection))
        if not self._open:
            self._timer = None
        elif some:
            self._timer = loop.call_later(0, self._check_some, loop, connections, stalled)
        else:
            self._stalled = deque(connection for _, _, connection in sorted(stalled))
            self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    def _has_room(self, connection: Connection, network: str) -> bool:
        limits = self.limits
        if limits.reserved_port is not None and connection.port == limits.reserved_port:
            return len(self._open) < limits.max_connections + _RESERVED
        most = limits.max_per_address or max(1, limits.max_connections // 10)
        if network and self._per_network[network] >= most:
            # The network that holds so many is likely to hold one of the longest idle ones, too.
            longest = islice(self._idle, _SEARCHED)
            return self._make_room(next((idle for idle in longest if self._open[idle] == network), None))
        if len(self._open) >= limits.max_connections:
            return self._make_room(next(iter(self._idle), None) or self._longest_stalled())
        return True

    def _longest_stalled(self) -> Connection | None:
        while self._stalled:
            connection = self._stalled.popleft()
            if connection in self._open and connection.stalled_since() is not None:
                return connection
        return None

    def _make_room(self, connection: Connection | None) -> bool:
        if connection is None:
            return False
        self._cut(connection, "room")
        return True

    def _cut(self, connection: Connection, reason: str) -> None:
        self._note_cut(reason)
        self.remove(connection)
        connection.cut()

    def _note_cut(self, reason: str) -> None:
        CONNECTIONS_CUT.labels(reason).inc()
        self._cuts[reason] += 1
