"""Protects against SSRF: connections to tenants' endpoints are only opened to allowed addresses.

A name is resolved, each of its addresses is checked, and the connection is made to a checked address, so that DNS
rebinding has no effect. TLS is verified against the name.
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
from app.webhooks.callback_url_policy import CallbackUrlPolicy

Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""Returns the addresses of a host; raises ``OSError`` when it has none."""

# A call of the resolver cannot be cancelled. Names of one tenant that time out may block about a hundred threads.
_RESOLVER_THREADS = 128

_tried_allowed_network: ContextVar[bool] = ContextVar("tried_allowed_network", default=False)


@contextlib.contextmanager
def tracking_allowed_network() -> Iterator[Callable[[], bool]]:
    """Yields a function that says whether this task has tried an address that only the operator's list allows.

    A context variable works because httpcore opens a connection in the task that asks for it.
    """
    before = _tried_allowed_network.set(False)
    try:
        yield _tried_allowed_network.get
    finally:
        _tried_allowed_network.reset(before)


class NoAddressError(httpcore.ConnectError):
    """The host has no address."""


class AddressNotAllowedError(Exception):
    """The host has no allowed address."""


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """The network backend of deliveries: TCP connections to allowed addresses only."""

    def __init__(self, policy: CallbackUrlPolicy, resolve: Resolve) -> None:
        self._policy = policy
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
        """Connects to the first allowed address of a host that accepts; ``timeout`` covers resolving and all attempts.

        Raises:
            NoAddressError: it has no address.
            AddressNotAllowedError: none of its addresses is allowed.
            httpcore.ConnectError: no allowed one accepts.
            httpcore.ConnectTimeout: it took too long.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(host, port, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
        """Refuses sockets of this machine.

        Raises:
            AddressNotAllowedError: always.
        """
        raise AddressNotAllowedError

    async def sleep(self, seconds: float) -> None:
        """Sleeps. Required by httpcore, which would call it between retries; retries are off."""
        await asyncio.sleep(seconds)

    async def _connect(
        self, host: str, port: int, local_address: str | None, socket_options: Iterable[Any] | None
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: the name cannot be encoded for DNS
            raise NoAddressError from error
        if not addresses:
            raise NoAddressError
        allowed = [address for address in addresses if self._policy.is_allowed(address)]
        if not allowed:
            raise AddressNotAllowedError
        failure = httpcore.ConnectError()
        for address in allowed:
            if self._policy.is_only_allowed(address):
                _tried_allowed_network.set(True)
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
    """Yields the system's resolver in a thread pool of its own, so that slow names do not delay the upstream's."""
    threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")
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
