"""Calls through an egress proxy: a request whose tunnel is refused was not sent."""

import asyncio
import base64
import re
from pathlib import Path

import pytest

from app.upstream.credentials import ArkAccount
from app.upstream.errors import NotSentError
from app.upstream.http.client import Timeouts
from app.upstream.http.dialer import Proxy
from tests.upstream.certificates import LOOPBACK, certify
from tests.upstream.conftest import Bench
from tests.upstream.servers import API_KEY, Peer, Script, always, raw, to_response, unused_port

CREATED = to_response(200, {"id": "cgt-1"})
ACCOUNT = ArkAccount("http://upstream.test:8080/api/v3", API_KEY)


def tunnel_to(port: int) -> Script:
    """Returns the script of a proxy whose tunnels all end at one local port."""

    async def script(peer: Peer) -> None:
        await peer.read_request()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        outwards = asyncio.create_task(_pump_out(peer, writer))
        try:
            await _pump_in(peer, reader)
        finally:
            outwards.cancel()
            writer.close()

    return script


async def _pump_out(peer: Peer, writer: asyncio.StreamWriter) -> None:
    while data := await peer.read_some():
        writer.write(data)
    writer.close()


async def _pump_in(peer: Peer, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(65536):
        await peer.send(data)


async def test_plain_http_goes_through_a_tunnel(bench: Bench) -> None:
    origin = await bench.serve(always(200, {"id": "cgt-1"}))
    proxy = await bench.serve(tunnel_to(origin.port))
    ark = await bench.ark(proxy=f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    assert await ark.create(ACCOUNT, b"{}", request_id="r") == "cgt-1"
    asked = proxy.requests[0]
    assert asked.startswith(b"CONNECT upstream.test:8080 HTTP/1.1\r\nHost: upstream.test:8080\r\n")
    assert b"\r\nProxy-Authorization: Basic " + base64.b64encode(b"user:p@ss") + b"\r\n" in asked
    assert b"Proxy-Authorization" not in origin.requests[0]
    assert re.match(
        rb"POST /api/v3/contents/generations/tasks HTTP/1.1\r\nHost: upstream.test:8080\r\n", origin.requests[0]
    )


async def test_https_goes_through_a_tunnel_and_is_verified(bench: Bench, tmp_path: Path) -> None:
    context, bundle = certify(tmp_path, LOOPBACK)
    port = await bench.serve_tls(context, CREATED)
    proxy = await bench.serve(tunnel_to(port))
    ark = await bench.ark(proxy=f"http://127.0.0.1:{proxy.port}", ca_bundle=bundle)
    for _ in range(2):
        assert await ark.create(ArkAccount(f"https://127.0.0.1:{port}", API_KEY), b"{}", request_id="r") == "cgt-1"
    assert proxy.connection_count == 1
    with pytest.raises(NotSentError):
        await ark.create(ArkAccount(f"https://127.0.0.2:{port}", API_KEY), b"{}", request_id="r")


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([to_response(407, b"")], id="wants-a-password"),
        pytest.param([to_response(502, b"no route")], id="cannot-reach-it"),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\nsurplus"], id="says-more-than-it-should"),
        pytest.param([b"SSH-2.0\r\n\r\n"], id="is-no-proxy"),
        pytest.param([b"HTTP/1.1 200 OK\r\nX: " + b"a" * 40_000], id="never-ends-its-head"),
        pytest.param([], id="closes"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_gives_no_tunnel_is_not_sent(bench: Bench, scheme: str, pieces: list[bytes]) -> None:
    proxy = await bench.serve(raw(*pieces))
    ark = await bench.ark(proxy=f"http://user:hidden@127.0.0.1:{proxy.port}")
    with pytest.raises(NotSentError) as caught:
        await ark.create(ArkAccount(f"{scheme}://upstream.test", API_KEY), b"{}", request_id="r")
    assert "hidden" not in str(caught.value)
    assert all(request.startswith(b"CONNECT upstream.test:") for request in proxy.requests)


async def test_a_proxy_that_refuses_the_connection_is_not_sent(bench: Bench) -> None:
    ark = await bench.ark(proxy=f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(NotSentError):
        await ark.create(ACCOUNT, b"{}", request_id="r")


async def test_a_proxy_that_is_silent_is_not_sent(bench: Bench) -> None:
    async def silent(peer: Peer) -> None:
        await asyncio.sleep(60)

    proxy = await bench.serve(silent)
    ark = await bench.ark(proxy=f"http://127.0.0.1:{proxy.port}", timeouts=Timeouts(connect_seconds=0.1))
    with pytest.raises(NotSentError):
        await ark.create(ACCOUNT, b"{}", request_id="r")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:3128", "socks5://127.0.0.1", "127.0.0.1:3128", "http://", "http://a:b"]
)
def test_an_unsupported_proxy_url_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match=r"proxy|Port"):
        Proxy(url)


def test_the_proxy_password_is_not_in_its_repr() -> None:
    assert repr(Proxy("http://user:hidden@proxy.test:3128")) == "Proxy(proxy.test:3128)"
