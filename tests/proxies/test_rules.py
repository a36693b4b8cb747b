"""The examples forward no protocol upgrade, and serve the operator's paths to the operator's networks only."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.proxies.calls import check_error
from tests.proxies.conftest import Start
from tests.proxies.running import Kind, Proxy
from tests.proxies.upstreams import upstream
from tests.support.gateway import Gateway

pytestmark = pytest.mark.sdk
_STRANGER = "127.0.0.3"
_PRIVATE = [
    "/admin",
    "/admin/",
    "/admin/v1/tenants",
    "//admin/v1/tenants",
    "/./admin/v1/tenants",
    "/x/../admin/v1/tenants",
    "/%61dmin/v1/tenants",
    "/%2561dmin/v1/tenants",
    "/admin%2fv1%2ftenants",
    "/admin//v1/tenants",
    "/%2e/admin/v1/tenants",
    "/x/%2e%2e/admin/v1/tenants",
    "/%2fadmin/v1/tenants",
    "///admin/v1/tenants",
    "http://x/admin/v1/tenants",
    "http://x//admin/v1/tenants",
    "/ADMIN/v1/tenants",
    "/admin;a=b/v1/tenants",
    "/admin/v1/tenants?a=b",
    "/metrics",
    "//metrics",
    "/./metrics",
    "/%6detrics",
    "/metrics/",
    "/metrics?x",
]


async def ask(proxy: Proxy, target: str, *headers: str, address: str = "127.0.0.1") -> tuple[int, bytes]:
    """Sends a request with exactly this target, which a client library might rewrite; returns status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, local_addr=(address, 0))
    lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(20):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


async def test_a_protocol_upgrade_is_not_forwarded(start: Start) -> None:
    head = (
        b"POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABk\r\nContent-Length: 2\r\n\r\nab"
    )
    async with upstream() as behind, start(behind.url) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(head)
        async with asyncio.timeout(20):
            assert (await reader.read()).endswith(b"ok")
        writer.close()
    (passed_on,) = behind.heads
    assert "upgrade" not in passed_on.lower()
    assert "http2-settings" not in passed_on.lower()
    assert "content-length: 2" in passed_on.lower()


@pytest.mark.parametrize("path", _PRIVATE)
async def test_no_spelling_of_a_private_path_gets_past_the_rule(gateway: Gateway, start: Start, path: str) -> None:
    """If the proxy lets a spelling through, it is not a private path for the gateway either."""
    assert gateway.settings.admin_token is not None
    token = f"Authorization: Bearer {gateway.settings.admin_token.get_secret_value()}"
    async with start(gateway.base_url) as proxy:
        status, body = await ask(proxy, path, token, address=_STRANGER)
    assert status in {403, 404}
    assert json.loads(body)["error"]["code"] == ("AccessDenied" if status == 403 else "NotFound")


@pytest.mark.parametrize("path", ["/admin/v1/tenants", "/metrics"])
async def test_private_paths_are_served_to_the_operators_networks_and_refused_to_others(
    gateway: Gateway, proxy: Proxy, path: str
) -> None:
    assert gateway.settings.admin_token is not None
    token = f"Authorization: Bearer {gateway.settings.admin_token.get_secret_value()}"
    assert (await ask(proxy, path, token))[0] == 200
    status, body = await ask(proxy, path, token, address=_STRANGER)
    assert status == 403
    check_error(body, "AccessDenied")


@pytest.mark.parametrize("path", ["/adminx", "/api/v3/admin", "/metricsx", "/api/v3/metrics"])
async def test_the_rule_applies_to_private_paths_only(gateway: Gateway, proxy: Proxy, path: str) -> None:
    assert (await ask(proxy, path, address=_STRANGER))[0] == 404


async def test_a_head_that_is_too_large_gets_the_same_error_from_proxy_and_gateway(
    gateway: Gateway, proxy: Proxy
) -> None:
    """A line larger than nginx allows, and a head larger than the gateway allows."""
    many = [f"X-{number}: {'a' * 6000}" for number in range(12)]
    few = [f"X-{number}: a" for number in range(120)]
    for target, headers in (("", many), ("", ["X-A: " + "a" * 70_000]), ("", few), ("?" + "a" * 70_000, [])):
        status, body = await ask(proxy, f"/healthz{target}", *headers)
        assert status == 431
        check_error(body, "RequestHeaderFieldsTooLarge")


async def test_a_refused_request_that_is_still_arriving_gets_its_answer(proxy: Proxy) -> None:
    """A proxy that closed the connection over the unread rest would reset it, and the answer would be lost."""
    request = f"GET /healthz?{'a' * 70_000} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()

    async def send_in_two_parts(first: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(request[:first])
        await writer.drain()
        await asyncio.sleep(0.01)  # as a slow line would: the proxy has refused the first part by now
        writer.write(request[first:])
        async with asyncio.timeout(20):
            answer = await reader.read()
        writer.close()
        return answer

    for first in range(65_536, 65_636, 10):
        answers = await asyncio.gather(*[send_in_two_parts(first + more) for more in range(10)])
        assert {int(answer.split()[1]) for answer in answers} == {431}


async def test_a_408_of_the_gateway_is_passed_on(tmp_path: Path, kind: Kind, start: Start) -> None:
    expected = b'{"error":{"code":"RequestTooSlow"}}'
    answer = b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
        expected
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer + expected)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, start(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as proxy:
        assert await ask(proxy, "/x") == (408, expected)
