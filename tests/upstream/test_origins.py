"""One server has one origin, however its URL is spelled, and only allowed servers are called."""

import socket
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509

from app.upstream.credentials import ArkAccount, OpenApiAccount
from app.upstream.destinations import DestinationError, DestinationRules
from app.upstream.errors import NotSentError
from app.upstream.origins import parse_origin
from tests.upstream.certificates import certify
from tests.upstream.conftest import Bench
from tests.upstream.servers import API_KEY, always, to_response

CREATED = {"id": "cgt-1"}
PUBLIC = DestinationRules()
ALLOWING = DestinationRules(
    named=frozenset({parse_origin("http://127.0.0.1:9000")}),
    hosts=frozenset({"ark.internal", "localhost"}),
    networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://ark.example.com/api/v3", "https://ark.example.com"),
        ("HTTPS://Ark.EXAMPLE.com:443/", "https://ark.example.com"),
        ("https://ark.example.com.", "https://ark.example.com"),
        ("https://ark.example.com:", "https://ark.example.com"),
        ("http://ark.example.com:80", "http://ark.example.com"),
        ("http://ark.example.com:443", "http://ark.example.com:443"),
        ("https://ark.example.com:08443", "https://ark.example.com:8443"),
        ("https://方舟.example", "https://xn--nfv154d.example"),
        ("https://xn--NFV154D.example", "https://xn--nfv154d.example"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.1", "http://127.0.0.1"),
        ("http://2130706433", "http://127.0.0.1"),
        ("http://0x7f000001", "http://127.0.0.1"),
        ("http://017700000001", "http://127.0.0.1"),
        ("http://0x7F.1.", "http://127.0.0.1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"),
        ("http://[FD00::A]", "http://[fd00::a]"),
        ("http://[::ffff:127.0.0.1]", "http://127.0.0.1"),
        ("http://[::ffff:7f00:1]", "http://127.0.0.1"),
    ],
)
def test_an_origin_has_one_spelling(text: str, origin: str) -> None:
    assert parse_origin(text).text == origin
    assert parse_origin(origin).text == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ark.example.com",
        "//ark.example.com",
        "ftp://ark.example.com",
        "https:ark.example.com",
        "https:///api",
        "https://user@ark.example.com",
        "https://user:word@ark.example.com",
        "https://:@ark.example.com",
        "https://ark.example.com:0",
        "https://ark.example.com:65536",
        "https://ark.example.com:x",
        "https://ark..example.com",
        "https://-ark.example.com",
        "https://ark.example.com..",
        "https://%61rk.example.com",
        "https://" + "a" * 64 + ".com",
        "http://256.1.1.1",
        "http://1.2.3.4.5",
        "http://0x",
        "http://[::1",
        "http://[fe80::1%25eth0]",
        "http://[v1.x]",
    ],
)
def test_what_leads_to_no_server_has_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(it|its) "):
        parse_origin(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://ark.cn-beijing.volces.com/api/v3",
        "https://93.184.216.34",
        "https://[2606:4700::1]:8443",
        "https://ark.internal",
    ],
)
def test_public_https_needs_no_permission(url: str) -> None:
    PUBLIC.check(parse_origin(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://ark.cn-beijing.volces.com/api/v3",
        "http://93.184.216.34",
        "https://169.254.169.254",
        "http://169.254.169.254/latest",
        "https://127.0.0.1",
        "https://2130706433",
        "https://10.1.2.3",
        "https://[::1]",
        "https://[::]",
        "https://0",
        "https://[fe80::1]",
        "https://[fd00::1]",
        "https://[::ffff:10.0.0.1]",
        "https://[64:ff9b::a00:1]",
        "https://[2002:a00:1::]",
        "https://100.100.100.200",
        "http://localhost",
        "http://ark.internal",
    ],
)
def test_everything_else_needs_permission(url: str) -> None:
    with pytest.raises(DestinationError, match="SEEDGATE_CHANNEL_ALLOW"):
        PUBLIC.check(parse_origin(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/api/v3",
        "http://ark.internal:8080",
        "https://ARK.internal.",
        "http://localhost",
        "http://10.1.2.3",
        "https://10.1.2.3:8443",
        "http://[fd00::1]",
        "http://[::ffff:10.0.0.1]",
    ],
)
def test_what_is_allowed_may_be_called(url: str) -> None:
    ALLOWING.check(parse_origin(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9001",
        "https://127.0.0.1:9000",
        "http://other.internal",
        "http://x.ark.internal",
        "http://11.0.0.1",
    ],
)
def test_a_permission_reaches_no_further_than_it_says(url: str) -> None:
    with pytest.raises(DestinationError):
        ALLOWING.check(parse_origin(url))


def test_a_name_may_lead_to_allowed_addresses_alone() -> None:
    for text, is_allowed in (
        ("93.184.216.34", True),
        ("10.0.0.1", True),
        ("127.0.0.1", False),
        ("::ffff:10.0.0.1", True),
    ):
        assert ALLOWING.is_allowed(ip_address(text)) is is_allowed


async def test_a_name_that_resolves_to_an_address_inside_is_not_connected_to(bench: Bench, tmp_path: Path) -> None:
    context, bundle = certify(tmp_path, x509.DNSName("localhost"))
    port = await bench.serve_tls(context, to_response(200, CREATED))
    account = ArkAccount(f"https://localhost:{port}/api/v3", API_KEY)

    refused = await bench.ark(ca_bundle=bundle, destinations=PUBLIC)
    with pytest.raises(NotSentError, match="no address that is public or allowed"):
        await refused.create(account, b"{}", request_id="r")

    networks = (ip_network("127.0.0.0/8"), ip_network("::1"))
    for rules in (DestinationRules(networks=networks), DestinationRules(hosts=frozenset({"localhost"}))):
        allowed = await bench.ark(ca_bundle=bundle, destinations=rules)
        assert await allowed.create(account, b"{}", request_id="r") == "cgt-1"


async def test_the_certificate_must_be_for_the_name_and_not_for_the_address(bench: Bench, tmp_path: Path) -> None:
    context, bundle = certify(tmp_path, x509.DNSName("other.example"))
    port = await bench.serve_tls(context, to_response(200, CREATED))
    ark = await bench.ark(ca_bundle=bundle, destinations=DestinationRules(networks=(ip_network("127.0.0.0/8"),)))
    with pytest.raises(NotSentError, match="cannot connect"):
        await ark.create(ArkAccount(f"https://localhost:{port}/api/v3", API_KEY), b"{}", request_id="r")


async def test_a_name_that_does_not_resolve_is_reported_as_such(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    ark = await bench.ark(destinations=PUBLIC)
    with pytest.raises(NotSentError, match="the name cannot be resolved"):
        await ark.create(ArkAccount("https://ark.example/api/v3", API_KEY), b"{}", request_id="r")


async def test_nothing_is_sent_to_a_server_that_is_not_allowed(bench: Bench) -> None:
    server = await bench.serve(always(200, CREATED))
    for rules in (PUBLIC, DestinationRules(networks=(ip_network("10.0.0.0/8"),))):
        ark = await bench.ark(destinations=rules)
        with pytest.raises(NotSentError, match="may not be called"):
            await ark.create(server.account, b"{}", request_id="r")
    assert server.connection_count == 0


@pytest.mark.parametrize("login", ["user@", "user:word@", ":word@"])
async def test_nothing_is_sent_to_a_url_with_a_user_name(bench: Bench, login: str) -> None:
    server = await bench.serve(always(200, CREATED))
    url = server.account.base_url.replace("://", f"://{login}")
    ark, control = await bench.ark(), await bench.control()
    with pytest.raises(NotSentError, match="must not hold a user name"):
        await ark.create(ArkAccount(url, API_KEY), b"{}", request_id="r")
    with pytest.raises(NotSentError, match="must not hold a user name"):
        await control.call(OpenApiAccount(url, "AKLTexample", "secret"), "ListAssetGroups", {})
    assert server.connection_count == 0
