"""Classification of IP addresses as public, and canonical spelling of hosts. Pure.

The networks are listed here, because the standard library's ``is_global`` differs between releases.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
# The unspecified address and loopback, which are in ``_IPV4_COMPATIBLE`` but are no IPv4 addresses.
_UNSPECIFIED_AND_LOOPBACK = IPv6Network("::/127")
_IPV4_MASK = 2**32 - 1
_MAX_HOST_LENGTH = 253
_HOST_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Source: the IANA special-purpose address registries for IPv4 and IPv6.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT); clouds keep metadata there too
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host
        "169.254.0.0/16",  # link-local, where clouds keep metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
# All assigned public IPv6 addresses; loopback, link-local, unique local and multicast ones are outside.
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def unwrap(address: Address) -> Address:
    """Returns the IPv4 address in a mapped, compatible, NAT64 or 6to4 address, else the address without its zone."""
    if isinstance(address, IPv4Address):
        return address
    plain = IPv6Address(int(address))
    if plain.ipv4_mapped is not None:
        return plain.ipv4_mapped
    if plain.sixtofour is not None:
        return plain.sixtofour
    is_compatible = plain in _IPV4_COMPATIBLE and int(plain) > 1  # not :: and ::1
    if plain in _NAT64 or is_compatible:
        return IPv4Address(int(plain) & _IPV4_MASK)
    return plain


def is_public(address: Address) -> bool:
    """Whether an address, or the IPv4 address embedded in it, is on the public internet."""
    inner = unwrap(address)
    if isinstance(inner, IPv6Address) and inner not in _GLOBAL_UNICAST:
        return False
    return not is_in(inner, _NOT_PUBLIC)


def is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    """Whether an address is in one of the networks."""
    return any(address in network for network in networks)


def read_network(text: str) -> Network:
    """Parses a network; bits after its prefix are dropped.

    Raises:
        ValueError: it is none, has a zone, or contains only IPv4-mapped addresses, which are compared as IPv4.
    """
    if "%" in text:
        raise ValueError(f"{text} has a zone")
    network = ip_network(text, strict=False)
    if isinstance(network, IPv6Network) and network.subnet_of(_IPV4_MAPPED):
        raise ValueError(f"{text} is IPv4 inside IPv6 and would match nothing; write the IPv4 network")
    return network


def check_not_wrapped(network: Network) -> None:
    """Refuses a network that no result of ``unwrap`` can match.

    Raises:
        ValueError: it contains only IPv6 forms of IPv4 addresses.
    """
    if isinstance(network, IPv4Network) or network.subnet_of(_UNSPECIFIED_AND_LOOPBACK):
        return
    if any(network.subnet_of(form) for form in (_IPV4_MAPPED, _IPV4_COMPATIBLE, _NAT64, _SIX_TO_FOUR)):
        raise ValueError(f"{network} is IPv4 inside IPv6 and would match nothing; write the IPv4 network")


def is_host_name(text: str) -> bool:
    """Whether a text, in lower case and without a final dot, is a host name or an IPv4 address."""
    return len(text) <= _MAX_HOST_LENGTH and _HOST_NAME.fullmatch(text) is not None


def canonical_host(host: str) -> str:
    """Returns a name in lower case without a final dot, or an address as the resolver reads it.

    Raises:
        ValueError: it is neither a name nor an address.
    """
    plain = host.lower().removesuffix(".")
    try:
        address = read_literal(plain)
    except ValueError:
        raise ValueError("its host is neither a name nor an address") from None
    if address is not None:
        # Python releases print mapped addresses differently, and secrets are sealed for the printed origin.
        return str(getattr(address, "ipv4_mapped", None) or address)
    if not is_host_name(plain):
        raise ValueError("its host is neither a name nor an address")
    return plain


def read_literal(host: str) -> Address | None:
    """Returns the address that the system's resolver reads in a host, or None when it is a name.

    Args:
        host: in lower case, without brackets or a final dot: ``127.0.0.1``, ``127.1``, ``0x7f000001``,
            ``017700000001``, ``::1``.

    Raises:
        ValueError: it has the form of an address but is none, or it has a zone.
    """
    if ":" in host:
        address = IPv6Address(host)
        if address.scope_id is not None:
            raise ValueError("an address with a zone")
        return address
    if not _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        raise ValueError("not an address") from None
