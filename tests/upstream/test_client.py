"""What the shared client never does by itself."""

import pytest

from app.upstream.ark import ArkClient
from app.upstream.calls import parse_url
from tests.upstream.conftest import Bench
from tests.upstream.servers import always

ID = "cgt-20260809211822-9lklw"


async def test_cookies_of_the_upstream_are_not_kept(bench: Bench) -> None:
    server = await bench.serve(always(200, {"id": ID}, "Set-Cookie: session=1; Path=/"))
    http = await bench.http()
    for _ in range(2):
        await ArkClient(http).create(server.account, b"{}", request_id="r")
    assert b"cookie" not in server.requests[1].lower()


async def test_the_environment_does_not_choose_the_proxy(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server = await bench.serve(always(200, {"id": ID}))
    assert (await (await bench.ark()).create(server.account, b"{}", request_id="r")).id == ID


async def test_redirects_are_not_followed(bench: Bench) -> None:
    server = await bench.serve(always(307, {}, "Location: /elsewhere"))
    assert (await (await bench.http()).request("GET", parse_url(server.origin))).status == 307
    assert len(server.requests) == 1
