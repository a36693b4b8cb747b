"""Which addresses are on the public internet, and which address a host name really spells. Pure.

The lists are written out, because the standard library's ``is_global`` means another thing in every release.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_IPV4_MASK = 2**32 - 1
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
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is given out of IPv6; loopback, link-local, unique local and multicast addresses are outside it."""


def unwrap(address: Address) -> Address:
    """Returns the IPv4 address in a mapped, compatible, NAT64 or 6to4 address, else the address without its zone."""
    if isinstance(address, IPv4Address):
        return address
    plain = IPv6Address(int(address))
    if plain.ipv4_mapped is not None:
        return plain.ipv4_mapped
    if plain.sixtofour is not None:
        return plain.sixtofour
    is_compatible = plain in _IPV4_COMPATIBLE and int(plain) > 1  # :: and ::1 mean themselves
    if plain in _NAT64 or is_compatible:
        return IPv4Address(int(plain) & _IPV4_MASK)
    return plain


def is_public(address: Address) -> bool:
    """Says whether anybody on the internet has that address, whatever it is wrapped in."""
    inner = unwrap(address)
    if isinstance(inner, IPv6Address) and inner not in _GLOBAL_UNICAST:
        return False
    return not is_in(inner, _NOT_PUBLIC)


def is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    """Says whether an address is in one of the networks."""
    return any(address in network for network in networks)


def read_literal(host: str) -> Address | None:
    """Returns the address that a host spells as the system's resolver would read it, or None when it is a name.

    Args:
        host: in lower case, without brackets and without a dot at the end: ``127.0.0.1``, ``127.1``,
            ``0x7f000001``, ``017700000001``, ``::1``.

    Raises:
        ValueError: it can only be meant for an address and is none, or it has a zone.
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
