"""Channels of tests lead to servers on this machine, which the rules forbid by default."""

from ipaddress import ip_network

from app.upstream.destinations import DestinationRules

LOOPBACK_NETWORKS = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
"""As a value of ``Settings.channel_allow``."""

LOOPBACK_ALLOWED = DestinationRules(hosts=frozenset({"localhost", "upstream.test"}), networks=LOOPBACK_NETWORKS)
"""For clients and services that a test makes itself."""
