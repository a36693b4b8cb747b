"""Errors of the proxy itself are JSON that the SDKs can read, and its log contains no secret."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from volcenginesdkarkruntime._exceptions import ArkAPIStatusError
from volcenginesdkcore.rest import ApiException

from tests.proxies.calls import GATEWAYS_ID, NOWHERE, actions, check_error, plain, tasks, text
from tests.proxies.conftest import Start
from tests.proxies.running import Proxy, running
from tests.proxies.upstreams import upstream
from tests.support.clock import MovableClock
from tests.support.gateway import TASKS, Gateway, serve_gateway
from tests.support.logs import written

pytestmark = pytest.mark.sdk
_MEBIBYTE = 1024 * 1024
ASSET = "/?Action=GetAsset&Version=2024-01-01"


async def test_a_body_that_is_too_large_for_the_proxy_is_reported_to_both_sdks_at_once(
    gateway: Gateway, proxy: Proxy
) -> None:
    key = (await gateway.tenant()).key
    words = "x" * (65 * _MEBIBYTE)
    with written() as log:
        with pytest.raises(ArkAPIStatusError) as ark:
            await tasks(proxy.url, key)("create", **text(words))
        with pytest.raises(ApiException) as universal:
            await actions(proxy.url, access_key=key)("CreateAssetGroup", Name=words, GroupType="AIGC")
    assert (ark.value.status_code, ark.value.code) == (413, "RequestTooLarge")
    assert universal.value.status == 413
    assert check_error(universal.value.body, "RequestTooLarge")["ResponseMetadata"]["Action"] == "CreateAssetGroup"
    assert log.requests() == []


async def test_a_body_that_does_not_tell_its_length_has_the_same_limit(gateway: Gateway, proxy: Proxy) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield bytes(_MEBIBYTE)

    async with plain(proxy.url, (await gateway.tenant()).key) as client:
        answer = await client.post(TASKS, content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    check_error(answer.content, "RequestTooLarge")
    assert answer.headers["x-should-retry"] == "false"
    assert not GATEWAYS_ID.fullmatch(answer.headers["X-Request-Id"])


async def test_a_body_that_is_too_large_for_the_gateway_gets_the_gateways_own_error(
    gateway: Gateway, start: Start
) -> None:
    key = (await gateway.tenant()).key
    settings = gateway.settings.model_copy(update={"max_body_bytes": _MEBIBYTE})
    async with serve_gateway(settings, MovableClock()) as base_url, start(base_url) as proxy:
        with pytest.raises(ArkAPIStatusError) as ark:
            await tasks(proxy.url, key)("create", **text("x" * (2 * _MEBIBYTE)))
        with pytest.raises(ApiException) as universal:
            await actions(proxy.url, access_key=key)("CreateAssetGroup", Name="x" * (2 * _MEBIBYTE))
    assert (ark.value.status_code, ark.value.code) == (413, "RequestTooLarge")
    assert f"larger than {_MEBIBYTE} bytes" in check_error(universal.value.body, "RequestTooLarge")["error"]["message"]


async def test_a_gateway_that_is_down_is_reported_to_both_sdks(start: Start) -> None:
    async with start(NOWHERE) as proxy:
        with pytest.raises(ArkAPIStatusError) as ark:
            await tasks(proxy.url, "sg-unused")("get", task_id="cgt-20260101000000-zzzzz")
        with pytest.raises(ApiException) as universal:
            await actions(proxy.url, access_key="sg-unused")("GetAsset", Id="asset-x")
    assert (ark.value.status_code, ark.value.code) == (502, "InternalServiceError")
    assert universal.value.status == 502
    assert check_error(universal.value.body, "InternalServiceError")["ResponseMetadata"]["Action"] == "GetAsset"


async def test_a_gateway_that_does_not_answer_is_reported_to_both_sdks(start: Start) -> None:
    async with upstream(is_silent=True) as behind, start(behind.url, read_timeout="1s") as proxy:
        with pytest.raises(ArkAPIStatusError) as ark:
            await tasks(proxy.url, "sg-unused")("get", task_id="cgt-20260101000000-zzzzz")
        async with plain(proxy.url) as client:
            answer = await client.post(ASSET, json={"Id": "x"}, headers={"X-Client-Request-Id": "mine-1"})
    assert (ark.value.status_code, ark.value.code) == (504, "InternalServiceError")
    assert answer.status_code == 504
    message = check_error(answer.content, "InternalServiceError")
    assert message["ResponseMetadata"]["RequestId"] == answer.headers["X-Request-Id"]
    assert answer.headers["X-Client-Request-Id"] == "mine-1"
    assert "x-should-retry" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/api/v3/open/GetAsset", "/api/v3/open/GetAsset/?x=1", ASSET, "/?a=1&Action=GetAsset"]
)
async def test_the_action_is_named(start: Start, path: str) -> None:
    async with start(NOWHERE) as proxy, plain(proxy.url) as client:
        message = check_error((await client.post(path, json={})).content, "InternalServiceError")
    assert message["ResponseMetadata"]["Action"] == "GetAsset"


@pytest.mark.parametrize("path", ['/?Action=a"b', "/?Action=a%22b", "/?Action={message}", "/api/v3/open/a%0ab", "/"])
async def test_what_a_client_sends_cannot_break_the_json(start: Start, path: str) -> None:
    async with start(NOWHERE) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert b" 502 " in head.splitlines()[0]
    assert check_error(body, "InternalServiceError")["ResponseMetadata"]["Action"] == ""


async def test_a_header_that_is_too_large_for_nginx_is_reported_in_json(tmp_path: Path) -> None:
    """Caddy allows more than the gateway."""
    async with running("nginx", tmp_path, urlsplit(NOWHERE).netloc) as proxy, plain(proxy.url) as client:
        answer = await client.get(TASKS, headers={"X-Large": "x" * 70_000})
    assert answer.status_code == 431
    check_error(answer.content, "RequestHeaderFieldsTooLarge")


async def test_a_create_that_was_sent_is_not_sent_again_by_the_proxy(start: Start) -> None:
    """Not even when the connection was an old one, which the gateway might just have closed."""
    async with upstream() as behind, start(behind.url) as proxy, plain(proxy.url) as client:
        assert (await client.post(TASKS, json={})).text == "ok"
        behind.answers_left = 0
        answer = await client.post(TASKS, json={})
    assert answer.status_code == 502
    check_error(answer.content, "InternalServiceError")
    assert len(behind.heads) == 2


async def test_no_key_and_no_token_gets_into_the_proxys_log(start: Start) -> None:
    secrets = {"X-Api-Key": "sg-secret", "Authorization": "Bearer sg-secret", "X-Security-Token": "sg-secret"}
    async with start(NOWHERE) as proxy:
        async with plain(proxy.url) as client:
            answers = [
                await client.post(path, json={}, headers=secrets)
                for path in ("/callbacks/tasks/sg-secret", "/%63allbacks/tasks/sg-secret", TASKS)
            ]
        assert [answer.status_code for answer in answers] == [httpx.codes.BAD_GATEWAY] * 3
    assert "127.0.0.1" in proxy.logged()
    assert "sg-secret" not in proxy.logged()
