"""Where deliveries may go: what can be said of a ``callback_url`` without asking anybody. Pure.

The same rules are applied when a task is created, and again before each try, when a name also has to lead to an
address that they allow (``app.webhooks.connecting``).
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import httpx

from app.addresses import Address, Network, is_host_name, is_in, is_public, read_literal, unwrap
from app.urls import MALFORMED, fault_of_web_url

MAX_URL_LENGTH = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_END_OF_AUTHORITY = re.compile(r"[/?#]")
_LOOPBACKS = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


class TargetError(ValueError):
    """An address to which nothing may be delivered; the text says why, without a full stop."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address.

    Attributes:
        scheme: ``http`` or ``https``.
        host: in lower case, without brackets and without a dot at the end.
        port: always given.
        path: path and query, percent-encoded.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and, unless it is the scheme's own, port. It may be logged, the rest of a URL may not."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_default = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{host}" if is_default else f"{self.scheme}://{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, written in the one way that we write it."""
        return self.origin + self.path


@dataclass(frozen=True)
class TargetRules:
    """What the operator has set.

    Attributes:
        allow: networks that are not public and may be reached all the same (``SEEDGATE_CALLBACK_ALLOW``).
        public_url: our own address (``SEEDGATE_PUBLIC_URL``), to which nothing is delivered.
    """

    allow: tuple[Network, ...] = ()
    public_url: str | None = None

    def check(self, url: Any) -> Target:
        """Returns a target when it may be delivered to, as far as can be said without resolving its name.

        Raises:
            TargetError: it may not.
        """
        target = _parse(url)
        address = _address_of(target.host)
        if address is not None and not self.is_allowed(address):
            raise TargetError("the address is not on the public internet")
        if _is_local_name(target.host) and not any(self.is_allowed(loopback) for loopback in _LOOPBACKS):
            raise TargetError("the name is this machine's own")
        if self.public_url is not None and _is_same_server(target, _parse(self.public_url)):
            raise TargetError("the address is this service's own")
        return target

    def is_allowed(self, address: Address) -> bool:
        """Says whether a connection to an address may be opened."""
        return is_public(address) or is_in(unwrap(address), self.allow)

    def is_inside(self, address: Address) -> bool:
        """Says whether an allowed address is so by the operator's list alone."""
        return not is_public(address)


PUBLIC_ONLY = TargetRules()
"""Public addresses and nothing else."""


def _parse(url: Any) -> Target:
    """Takes an address apart; what is refused of any web URL is refused in the same words."""
    fault = fault_of_web_url(url, MAX_URL_LENGTH) if isinstance(url, str) else "expected a string"
    if fault is not None:
        raise TargetError(fault)
    try:
        parts = httpx.URL(url)
        port = parts.port
    except (httpx.InvalidURL, ValueError):
        raise TargetError(MALFORMED) from None
    if "@" in _END_OF_AUTHORITY.split(url.partition("//")[2], maxsplit=1)[0] or parts.userinfo:
        raise TargetError("it must not hold a user name or password")
    host = parts.raw_host.decode("ascii").removesuffix(".")
    if not is_host_name(host) and ":" not in host:
        raise TargetError(MALFORMED)
    return Target(
        parts.scheme, host, _DEFAULT_PORTS[parts.scheme] if port is None else port, parts.raw_path.decode("ascii")
    )


def _address_of(host: str) -> Address | None:
    try:
        return read_literal(host)
    except ValueError:
        raise TargetError(MALFORMED) from None


def _machine_of(host: str) -> Address | str:
    """Returns a name, or the address that a host spells, whatever it is wrapped in."""
    address = _address_of(host)
    return host if address is None else unwrap(address)


def _is_local_name(host: str) -> bool:
    return host.rpartition(".")[2] == "localhost"


def _is_same_server(target: Target, own: Target) -> bool:
    """The ports of http and https count as one, since one usually leads to the other."""
    if _machine_of(target.host) != _machine_of(own.host):
        return False
    defaults = _DEFAULT_PORTS.values()
    return target.port == own.port or (target.port in defaults and own.port in defaults)
