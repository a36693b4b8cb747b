"""The client's address of a request that passed proxies, and the networks that keys may be used from."""

from ipaddress import ip_network

import pytest

from app.http.client_address import client_address, is_within, parse_network

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        pytest.param("203.0.113.9", [], "203.0.113.9", id="no proxy"),
        pytest.param("203.0.113.9", ["1.1.1.1"], "203.0.113.9", id="a stranger's header is not believed"),
        pytest.param("10.0.0.1", ["1.1.1.1"], "1.1.1.1", id="one proxy"),
        pytest.param("10.0.0.1", ["6.6.6.6, 1.1.1.1"], "1.1.1.1", id="what the client made up is left of its address"),
        pytest.param("10.0.0.1", ["6.6.6.6, 1.1.1.1, 10.0.0.2"], "1.1.1.1", id="two proxies"),
        pytest.param("10.0.0.1", ["6.6.6.6", "1.1.1.1"], "1.1.1.1", id="two headers are one list"),
        pytest.param("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3", id="none but proxies"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", [""], "", id="an empty header"),
        pytest.param("10.0.0.1", ["1.1.1.1, nonsense"], "", id="a malformed hop gives no address, not the proxy's"),
        pytest.param("10.0.0.1", ["1.1.1.1, nonsense, 10.0.0.2"], "", id="nonsense before a proxy"),
        pytest.param("10.0.0.1", ["1.1.1.1, unknown"], "", id="a hop that the proxy hides"),
        pytest.param("10.0.0.1", ["1.1.1.1:4711"], "1.1.1.1", id="a port"),
        pytest.param("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7", id="a port behind IPv6"),
        pytest.param("10.0.0.1", ["1.1.1.1:x"], "", id="a port that is none"),
        pytest.param("::ffff:10.0.0.1", ["1.1.1.1"], "1.1.1.1", id="IPv4 in IPv6, the proxy"),
        pytest.param("10.0.0.1", ["::ffff:1.1.1.1"], "1.1.1.1", id="IPv4 in IPv6, the client"),
        pytest.param("fd00::1", [" 2001:db8::7 "], "2001:db8::7", id="IPv6"),
        pytest.param("10.0.0.1", ["1.1.1.1\xa0"], "", id="a blank that is none in HTTP"),
        pytest.param("10.0.0.1", ["1.1.1.１"], "", id="a digit that is none in HTTP"),
        pytest.param("10.0.0.1", ["fe80::1%eth0"], "fe80::1%eth0", id="the zone of a link-local address"),
        pytest.param("10.0.0.1", ["fe80::1%\x1b[31m"], "", id="a zone that is no name of an interface"),
        pytest.param("", ["1.1.1.1"], "", id="a Unix socket has no peer"),
    ],
)
def test_the_address_is_the_rightmost_hop_outside_the_trusted_proxies(
    peer: str, forwarded_for: list[str], expected: str
) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == expected


def test_without_trusted_proxies_the_header_is_ignored() -> None:
    assert client_address("10.0.0.1", ["1.1.1.1"], []) == "10.0.0.1"


def test_of_very_many_trusted_hops_only_so_many_are_read() -> None:
    trusted = [ip_network("10.0.0.0/8")]
    assert client_address("10.0.0.1", [",".join(["198.51.100.7"] + ["10.0.0.2"] * 20)], trusted) == "198.51.100.7"
    assert client_address("10.0.0.1", [",".join(["198.51.100.7"] + ["10.0.0.2"] * 5000)], trusted) == ""


@pytest.mark.parametrize(
    ("network", "address", "expected"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.0/24", "203.0.113.255", True),
        ("203.0.113.77/24", "203.0.113.1", True),
        ("203.0.113.0/24", "203.0.114.0", False),
        ("203.0.113.0/24", "::ffff:203.0.113.9", True),
        ("::ffff:203.0.113.0/120", "203.0.113.9", True),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.9", True),
        ("2001:db8::/32", "2001:db8:1::1", True),
        ("2001:db8::/32", "2001:db9::1", False),
        ("::/0", "203.0.113.9", False),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("0.0.0.0/0", "", False),
        ("0.0.0.0/0", "not an address", False),
    ],
)
def test_an_address_is_in_its_networks_only(network: str, address: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_within(address, [parse_network(network)]) is expected


def test_one_of_several_networks_is_enough_and_none_is_not() -> None:
    networks = [parse_network("10.0.0.0/8"), parse_network("2001:db8::1")]

    assert is_within("2001:db8::1", networks)
    assert not is_within("10.0.0.1", [])


@pytest.mark.parametrize("text", ["", "10.0.0.0/33", "10.0.0", "example.com", "10.0.0.1/", "::1/129", "10.0.0.1 "])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_network(text)
