"""Networks that keys may be used from."""

import pytest

from app.http.client_address import is_within, parse_network


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
