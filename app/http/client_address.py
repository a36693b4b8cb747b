"""The client's address of a request that may have passed proxies."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from app.header_text import trim

# The usual size of an IPv6 assignment; its addresses count as one client.
_IPV6_PREFIX_LENGTH = 64
_MAPPED_PREFIX_LENGTH = 96
# More hops than any real chain of proxies; a head has room for sixteen thousand addresses.
_MAX_HOPS = 32
# An IPv6 address with an IPv4 tail, brackets, a zone and a port.
_MAX_HOP_CHARACTERS = 80
_WITH_PORT = re.compile(r"(?:\[([^]]+)]|([0-9.]+)):[0-9]{1,5}")
# The zone of a link-local address is the name of an interface; `ipaddress` accepts any text.
_WITH_ODD_ZONE = re.compile(r"[^%]*%(?![0-9A-Za-z._-]{1,15}\Z)[\s\S]*")


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Returns an IP address, with IPv4 unwrapped from its IPv6-mapped form, or None."""
    if _WITH_ODD_ZONE.match(text):
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """Returns the rightmost hop outside the trusted proxies; empty if a hop is malformed or there are too many.

    The result is empty rather than the proxy's address, because a key restricted to the proxy's network could
    otherwise be used from everywhere.

    Args:
        peer: address of the TCP connection.
        forwarded_for: values of the ``X-Forwarded-For`` headers, in order.
        trusted: networks of the operator's own proxies; if empty, the header is ignored.
    """
    hops = [hop for value in forwarded_for[-_MAX_HOPS:] for hop in value.rsplit(",", _MAX_HOPS)]
    current = peer
    for _ in range(_MAX_HOPS):
        if not hops or not is_within(current, trusted):
            return current
        hop = trim(hops.pop())
        candidate = parse_address(_without_port(hop)) if len(hop) <= _MAX_HOP_CHARACTERS else None
        if candidate is None:
            return ""
        current = str(candidate)
    return ""


def network_of(address: str) -> str:
    """Returns the network whose share a client counts against: the IPv4 address itself, or the /64 of an IPv6 one.

    It is empty when the address, from ``client_address``, is not known.
    """
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, _IPV6_PREFIX_LENGTH), strict=False))
    return str(parsed or "")


def is_within(text: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether a text is an IP address in one of the networks."""
    address = parse_address(text)
    return address is not None and any(address in network for network in networks)


def _without_port(hop: str) -> str:
    """Returns a hop without the port, which some proxies add: ``203.0.113.7:4711``, ``[2001:db8::7]:4711``."""
    found = _WITH_PORT.fullmatch(hop)
    return (found[1] or found[2]) if found else hop


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Returns an address (``203.0.113.7``) or a CIDR block as a network, with IPv4-mapped IPv6 as IPv4.

    Raises:
        ValueError: it is neither.
    """
    network = ip_network(text, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= _MAPPED_PREFIX_LENGTH:
        return IPv4Network((mapped, network.prefixlen - _MAPPED_PREFIX_LENGTH))
    return network
