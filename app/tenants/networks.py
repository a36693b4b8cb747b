"""Networks that a key may be used from."""

from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

_MAPPED_PREFIX_LENGTH = 96


def parse_network(text: str) -> Network:
    """Returns an address (``203.0.113.7``) or a CIDR block as a network; IPv4-mapped IPv6 becomes IPv4.

    Raises:
        ValueError: it is neither.
    """
    network = ip_network(text, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= _MAPPED_PREFIX_LENGTH:
        return IPv4Network((mapped, network.prefixlen - _MAPPED_PREFIX_LENGTH))
    return network
