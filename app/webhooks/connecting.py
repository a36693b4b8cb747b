"""Opening connections to tenants' endpoints, and only to addresses that are allowed.

A name is resolved, every address that it has is checked, and the connection is made to a checked address itself: a
name that answers otherwise a moment later gains nothing. TLS is verified against the name.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any

import httpcore

from app.addresses import Address
from app.webhooks.bounded_stream import BoundedStream
from app.webhooks.targets import TargetRules

Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""Returns the addresses of a host; ``OSError`` when it has none."""

# A resolver's answer cannot be broken off. One tenant's names that nobody answers for may hold about a hundred threads.
_RESOLVING_THREADS = 128


_is_inside: ContextVar[bool] = ContextVar("is_inside", default=False)


@contextlib.contextmanager
def noting_way() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether this task has tried an address which the operator's list alone allows.

    Between the sender and the network is httpcore, which opens a connection in the task that asks for it.
    """
    before = _is_inside.set(False)
    try:
        yield _is_inside.get
    finally:
        _is_inside.reset(before)


class NoAddressError(httpcore.ConnectError):
    """The host has no address."""


class TargetNotAllowedError(Exception):
    """The host has no address that may be connected to."""


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """The network as deliveries see it: TCP to allowed addresses, nothing else."""

    def __init__(self, rules: TargetRules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to the first allowed address of a host that answers; ``timeout`` covers all of it.

        Raises:
            NoAddressError: it has no address.
            TargetNotAllowedError: none of its addresses is allowed.
            httpcore.ConnectError: no allowed one answers.
            httpcore.ConnectTimeout: it took too long.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(host, port, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
        """Connects to no socket of this machine.

        Raises:
            TargetNotAllowedError: always.
        """
        raise TargetNotAllowedError

    async def sleep(self, seconds: float) -> None:
        """Sleeps; httpcore asks for it between its own retries, of which there are none."""
        await asyncio.sleep(seconds)

    async def _connect(
        self, host: str, port: int, local_address: str | None, socket_options: Iterable[Any] | None
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be put into a question
            raise NoAddressError from error
        if not addresses:
            raise NoAddressError
        allowed = [address for address in addresses if self._rules.is_allowed(address)]
        if not allowed:
            raise TargetNotAllowedError
        failure = httpcore.ConnectError()
        for address in allowed:
            if self._rules.is_inside(address):
                _is_inside.set(True)
            try:
                stream = await self._network.connect_tcp(
                    str(address), port, local_address=local_address, socket_options=socket_options
                )
            except httpcore.ConnectError as error:
                failure = error
            else:
                return BoundedStream(stream)
        raise failure


@asynccontextmanager
async def system_resolver() -> AsyncIterator[Resolve]:
    """Yields the system's resolver, in threads of its own: slow names must not delay those of the upstream."""
    threads = ThreadPoolExecutor(_RESOLVING_THREADS, thread_name_prefix="resolve")
    loop = asyncio.get_running_loop()

    async def resolve(host: str, port: int) -> list[Address]:
        return await loop.run_in_executor(threads, _addresses_of, host, port)

    try:
        yield resolve
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _addresses_of(host: str, port: int) -> list[Address]:
    found: dict[Address, None] = {}
    for *_, endpoint in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with contextlib.suppress(ValueError):
            found[ip_address(endpoint[0])] = None
    return list(found)
