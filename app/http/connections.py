"""Limits on the client connections of a server: their number, their deadlines and the memory of their buffers."""

from asyncio import AbstractEventLoop, TimerHandle
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from itertools import islice
from typing import Protocol

import structlog

from app.http.client_address import is_within, network_of
from app.http.sockets import default_max_connections
from app.observability.counters import CONNECTIONS_CUT

_log = structlog.get_logger()

_SWEEP_SECONDS = 1.0
_SWEEP_BATCH_SIZE = 50
# How many idle connections are searched for one of the same network.
_MAX_SEARCHED = 256
# A connection whose body stalls for this long may be cut to make room for a new one.
_STALLED_SECONDS = 1.0
# Connections to the metrics port in addition to all others.
_RESERVED_CONNECTIONS = 8
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class ConnectionLimits:
    """Limits and deadlines of client connections.

    Attributes:
        max_connections: the number of open connections in one process.
        max_per_address: the number from one address (or one /64 of IPv6) outside ``trusted_proxies``; default: a tenth.
        trusted_proxies: networks in which one address serves many clients.
        reserved_port: the metrics port, which stays reachable when all connections are in use.
        budget_bytes: the memory for unfinished heads and unread responses of all connections.
        first_byte_seconds: until the first byte of a new connection.
        head_seconds: until a head that has begun is complete.
        body_seconds: how long a body may stall while it is being read.
        unread_seconds: how long the client may read nothing of a response.
        linger_seconds: after a refusal, how long further input is read and dropped, so that the refusal is not lost.
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
    """A connection, as the table sees it."""

    address: str
    port: int | None

    def cut(self) -> None:
        """Ends the connection at once, without a response."""

    def check(self, now: float) -> None:
        """Ends the connection if one of its deadlines has passed; ``now`` is the loop's time."""

    def stalled_since(self) -> float | None:
        """Returns since when the application has waited for more of a body (loop time), or None when it does not."""


class ConnectionTable:
    """The open client connections of one server in one process, shared by its connections.

    It is pickled into worker processes before it is used, so its attributes are plain values.
    """

    def __init__(self, limits: ConnectionLimits | None = None) -> None:
        self.limits = limits or ConnectionLimits()
        self.held_bytes = 0
        # Each with the network whose share it counts against, or an empty string.
        self._open: dict[Connection, str] = {}
        self._per_network: Counter[str] = Counter()
        # Longest idle first; likewise the connections that hold memory.
        self._idle: OrderedDict[Connection, None] = OrderedDict()
        self._holding: OrderedDict[Connection, int] = OrderedDict()
        self._held_per_network: Counter[str] = Counter()
        # As of the last sweep, longest stalled first.
        self._stalled: deque[Connection] = deque()
        # Logged in one line at the next sweep.
        self._cuts: Counter[str] = Counter()
        self._timer: TimerHandle | None = None

    @property
    def count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def admit(self, connection: Connection, loop: AbstractEventLoop) -> bool:
        """Adds a new connection; returns False when there is no room for it.

        To make room, the longest idle connection is cut, or else the one whose body has stalled for longest. A trusted
        proxy or a unix socket serves many clients and may use all connections.
        """
        is_shared = is_within(connection.address, self.limits.trusted_proxies)
        network = "" if is_shared else network_of(connection.address)
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
        """Removes a connection that has ended."""
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
        """Records whether a connection is between two requests."""
        if not is_idle:
            self._idle.pop(connection, None)
        elif connection in self._open:
            self._idle[connection] = None

    def touch(self, connection: Connection) -> None:
        """Records that an idle connection was used just now."""
        if connection in self._idle:
            self._idle.move_to_end(connection)
        else:
            self.set_idle(connection, is_idle=True)

    def hold(self, connection: Connection, size_bytes: int) -> None:
        """Records how much memory a connection holds.

        While all exceed the budget, connections of the network that holds most are cut, longest holder first.
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
        self._check_batch(loop, iter(list(self._open)), [])

    def _check_batch(
        self, loop: AbstractEventLoop, connections: Iterator[Connection], stalled: list[tuple[float, int, Connection]]
    ) -> None:
        """Checks the deadlines of one batch of connections, and schedules the next batch.

        Ending thousands at once, each with a response to be written, would block the event loop for a second.
        """
        batch = list(islice(connections, _SWEEP_BATCH_SIZE))
        now = loop.time()
        for connection in batch:
            if connection not in self._open:
                continue
            connection.check(now)
            since = connection.stalled_since()
            if since is not None and now - since >= _STALLED_SECONDS:
                stalled.append((since, id(connection), connection))
        if not self._open:
            self._timer = None
        elif batch:
            self._timer = loop.call_later(0, self._check_batch, loop, connections, stalled)
        else:
            self._stalled = deque(connection for _, _, connection in sorted(stalled))
            self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    def _has_room(self, connection: Connection, network: str) -> bool:
        limits = self.limits
        if limits.reserved_port is not None and connection.port == limits.reserved_port:
            return len(self._open) < limits.max_connections + _RESERVED_CONNECTIONS
        most = limits.max_per_address or max(1, limits.max_connections // 10)
        if network and self._per_network[network] >= most:
            # A network with that many connections is likely to have one of the longest idle ones.
            longest = islice(self._idle, _MAX_SEARCHED)
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
