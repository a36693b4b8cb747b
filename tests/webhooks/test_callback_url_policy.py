"""Which callback URLs are allowed, without resolving their names."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from app.webhooks.callback_url_policy import MAX_URL_LENGTH, PUBLIC_ONLY, CallbackUrlError, CallbackUrlPolicy

PUBLIC = [
    *("8.8.8.8", "0x08080808", "134744072", "[2606:4700::1111]", "[::ffff:8.8.8.8]", "[64:ff9b::808:808]"),
    *("[2002:808:808::1]", "example.com", "example.com.", "bücher.example", "under_score.example.com"),
    *("localhost.example.com", "mylocalhost", "1.example.com"),
]
LOOPBACK = [
    *("127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0X7F.1"),
    *("0x7f.0.0.0x1", "017700000001", "127。0。0。1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost."),
]
NOT_PUBLIC = [
    *("0", "0.0.0.0", "10.0.0.1", "0xa000001", "012.0.0.1", "100.64.0.1", "100.100.100.200", "168.63.129.16"),
    *("169.254.169.254", "0xa9fea9fe", "2852039166", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1"),
    *("192.88.99.1", "192.168.1.1", "192.168.257", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[fe80::1]", "[fec0::1]", "[fc00::1]"),
    *("[fd00:ec2::254]", "[ff02::1]", "[100::1]", "[2001::1]", "[2001:0:7f00:1::1]", "[2001:2::1]", "[2001:10::1]"),
    *("[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[64:ff9b:1::808:808]", "[64:ff9b::a00:1]"),
    *("[64:ff9b::169.254.169.254]", "[2002:a00:1::]", "[2002:c0a8:101::1]", "[::ffff:10.0.0.1]"),
    *("[::ffff:169.254.169.254]", "[::10.0.0.1]"),
]
NONSENSE = [
    *("http://１２７.0.0.1/", "http://①②⑦.0.0.1/", "http://ｌocalhost/", "http://[fe80::1%25eth0]/"),
    *("http://[fe80::1%eth0]/", "http://[::1", "http://256.0.0.1/", "http://1.2.3.4.5/", "http://0x1ffffffff/"),
    *("http://08.0.0.1/", "http://010.8.8.8/", "http://0177.0.0.1/", "http://127.0.0.1%2f@example.com/"),
    *("http://a%2eb/", "http://a b/", "http://a..b/", "http://-a.example/", f"http://{'a' * 64}.example/"),
    *(f"http://{'a.' * 130}example/", "http:///path", "http:example.com", "//example.com/", "example.com/hook"),
    *("ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)"),
    *("http://user:password@example.com/", "http://user@example.com/", "http://@example.com/"),
    *("http://8.8.8.8\\@127.0.0.1/", "http://example.com:0/", "http://example.com:65536/", "http://example.com:-1/"),
    *("http://example.com:80a/", "http://exa\tmple.com/", "http://example.com/\r\nHost: other"),
    *("http://example.com/\0", "not a url", "", " ", 5, None, True, ["http://example.com"]),
    "https://example.com/" + "x" * MAX_URL_LENGTH,
]


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_address_or_name_passes(host: str) -> None:
    assert PUBLIC_ONLY.check(f"https://{host}/hook").path == "/hook"


@pytest.mark.parametrize("host", [*LOOPBACK, *NOT_PUBLIC])
def test_an_address_that_is_not_public_is_refused_however_it_is_spelled(host: str) -> None:
    for url in (f"http://{host}/", f"https://{host}:8443/a?b"):
        with pytest.raises(CallbackUrlError):
            PUBLIC_ONLY.check(url)


@pytest.mark.parametrize("url", NONSENSE)
def test_a_malformed_or_other_url_is_refused(url: Any) -> None:
    with pytest.raises(CallbackUrlError):
        PUBLIC_ONLY.check(url)


@pytest.mark.parametrize("host", LOOPBACK)
def test_the_operator_may_allow_a_network_and_with_it_every_spelling_of_its_addresses(host: str) -> None:
    policy = CallbackUrlPolicy(allow=(ip_network("127.0.0.0/8"),))
    assert policy.check(f"http://{host}:8000/").server.port == 8000


@pytest.mark.parametrize("host", ["10.0.0.1", "[::1]", "[fd00::2]", "169.254.169.254", "0.0.0.0"])
def test_an_allowed_network_allows_no_other(host: str) -> None:
    policy = CallbackUrlPolicy(allow=(ip_network("127.0.0.0/8"), ip_network("fd00::1/128")))
    with pytest.raises(CallbackUrlError):
        policy.check(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.example",
        "https://gateway.example:443/callbacks/x",
        "HTTPS://Gateway.Example./",
        "http://gateway.example/",
    ],
)
def test_the_gateways_own_address_is_refused(url: str) -> None:
    with pytest.raises(CallbackUrlError, match="own"):
        CallbackUrlPolicy(public_url="https://gateway.example/seedgate").check(url)


@pytest.mark.parametrize(
    ("own", "url"),
    [
        ("http://8.8.8.8:8000", "http://134744072:8000/"),
        ("http://8.8.8.8:8000", "http://0x8.8.2056:8000/"),
        ("http://134744072:8000", "http://8.8.8.8:8000/"),
        ("http://8.8.8.8:8000", "http://[::ffff:8.8.8.8]:8000/"),
        ("http://8.8.8.8:8000", "http://[64:ff9b::808:808]:8000/"),
        ("https://[2606:4700::1]", "https://[2606:4700:0::0001]/"),
    ],
)
def test_the_gateways_own_address_is_refused_however_its_number_is_spelled(own: str, url: str) -> None:
    with pytest.raises(CallbackUrlError, match="own"):
        CallbackUrlPolicy(public_url=own).check(url)


@pytest.mark.parametrize("url", ["https://gateway.example:8443/", "https://www.gateway.example/"])
def test_another_port_or_host_is_not_the_gateways(url: str) -> None:
    assert CallbackUrlPolicy(public_url="https://gateway.example").check(url).url == url


def test_a_url_has_one_canonical_spelling() -> None:
    target = PUBLIC_ONLY.check("HTTPS://Example.COM:443/a b?q=é@x#part")
    assert target.url == "https://example.com/a%20b?q=%C3%A9@x"
    assert target.server.text == "https://example.com"
    assert PUBLIC_ONLY.check("http://[2606:4700::1111]:8080").url == "http://[2606:4700::1111]:8080/"
    assert PUBLIC_ONLY.check(target.url) == target


@pytest.mark.parametrize("address", ["fe80::1%eth0", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "::"])
def test_a_resolved_address_is_unwrapped_before_it_is_checked(address: str) -> None:
    assert not PUBLIC_ONLY.is_allowed(ip_address(address))
