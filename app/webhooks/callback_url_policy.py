"""Decides whether a ``callback_url`` may be delivered to, without resolving its name. Pure.

The policy is applied when a task is created and again before each attempt, when the name must also resolve to an
allowed address (``app.webhooks.ssrf``).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import httpx

from app.addresses import Address, Network, is_host_name, is_in, is_public, read_literal, unwrap
from app.upstream.origins import DEFAULT_PORTS, Origin
from app.urls import MALFORMED, fault_of_web_url

MAX_URL_LENGTH = 2048
_END_OF_AUTHORITY = re.compile(r"[/?#]")
_LOOPBACKS = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class CallbackUrlError(ValueError):
    """Nothing may be delivered to the URL; the text says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class CallbackUrl:
    """A checked URL: its server, which may be logged, and the percent-encoded path and query, which may not."""

    server: Origin
    path: str

    @property
    def url(self) -> str:
        """The whole URL in its canonical spelling."""
        return self.server.text + self.path


@dataclass(frozen=True)
class CallbackUrlPolicy:
    """The operator's settings.

    Attributes:
        allow: networks that are not public but allowed (``SEEDGATE_CALLBACK_ALLOW``).
        public_url: the public URL of this service (``SEEDGATE_PUBLIC_URL``); nothing is delivered to it.
    """

    allow: tuple[Network, ...] = ()
    public_url: str | None = None

    def check(self, url: Any) -> CallbackUrl:
        """Returns the checked URL; its name is not resolved.

        Raises:
            CallbackUrlError: nothing may be delivered to it.
        """
        checked = _parse(url)
        host = checked.server.host
        address = _address_of(host)
        if address is not None and not self.is_allowed(address):
            raise CallbackUrlError("the address is not on the public internet")
        if _is_local_name(host) and not any(self.is_allowed(loopback) for loopback in _LOOPBACKS):
            raise CallbackUrlError("the name is this machine's own")
        if self.public_url is not None and _is_same_server(checked.server, _parse(self.public_url).server):
            raise CallbackUrlError("the address is this service's own")
        return checked

    def is_allowed(self, address: Address) -> bool:
        """Says whether a connection to an address may be opened."""
        return is_public(address) or is_in(unwrap(address), self.allow)

    def is_only_allowed(self, address: Address) -> bool:
        """Says whether an allowed address is not public, so that only the operator's list allows it."""
        return not is_public(address)


PUBLIC_ONLY = CallbackUrlPolicy()
"""Public addresses and nothing else."""

ANYWHERE = CallbackUrlPolicy(allow=(IPv4Network("0.0.0.0/0"), IPv6Network("::/0")))
"""Every address, for the operator's own endpoint."""


def _parse(url: Any) -> CallbackUrl:
    """Parses a URL; faults of any web URL are reported in the same words as elsewhere."""
    fault = fault_of_web_url(url, MAX_URL_LENGTH) if isinstance(url, str) else "expected a string"
    if fault is not None:
        raise CallbackUrlError(fault)
    try:
        parts = httpx.URL(url)
        port = parts.port
    except (httpx.InvalidURL, ValueError):
        raise CallbackUrlError(MALFORMED) from None
    if "@" in _END_OF_AUTHORITY.split(url.partition("//")[2], maxsplit=1)[0] or parts.userinfo:
        raise CallbackUrlError("it must not hold a user name or password")
    host = parts.raw_host.decode("ascii").removesuffix(".")
    if not is_host_name(host) and ":" not in host:
        raise CallbackUrlError(MALFORMED)
    server = Origin(parts.scheme, host, DEFAULT_PORTS[parts.scheme] if port is None else port)
    return CallbackUrl(server, parts.raw_path.decode("ascii"))


def _address_of(host: str) -> Address | None:
    try:
        return read_literal(host)
    except ValueError:
        raise CallbackUrlError(MALFORMED) from None


def _machine_of(host: str) -> Address | str:
    """Returns the unwrapped address that a host spells, or else the name."""
    address = _address_of(host)
    return host if address is None else unwrap(address)


def _is_local_name(host: str) -> bool:
    return host.rpartition(".")[2] == "localhost"


def _is_same_server(one: Origin, own: Origin) -> bool:
    """Compares hosts and ports; the default ports of http and https count as equal, since one often redirects."""
    if _machine_of(one.host) != _machine_of(own.host):
        return False
    defaults = DEFAULT_PORTS.values()
    return one.port == own.port or (one.port in defaults and own.port in defaults)
