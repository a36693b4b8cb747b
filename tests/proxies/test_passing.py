"""Proxies pass the SDKs' calls, signatures, client addresses and large bodies on unchanged."""

import asyncio
import base64

import httpx
import pytest
from volcenginesdkcore.rest import ApiException

from tests.proxies.calls import GATEWAYS_ID, actions, check_error, plain, tasks, text
from tests.proxies.conftest import Start
from tests.proxies.running import Proxy
from tests.proxies.upstreams import upstream
from tests.support.clock import MovableClock
from tests.support.driving import force
from tests.support.gateway import TASKS, Gateway, serve_gateway

pytestmark = pytest.mark.sdk
AIGC = {"Filter": {"GroupType": "AIGC"}}


async def test_the_ark_sdk_creates_gets_lists_and_deletes(gateway: Gateway, proxy: Proxy) -> None:
    tenant = await gateway.tenant()
    call = tasks(proxy.url, tenant.key)
    task_id = (await call("create", **text("一只猫"))).id
    await force(gateway, tenant, task_id, "succeeded")
    assert (await call("get", task_id=task_id)).content.video_url
    listed = await call("list", status="succeeded", task_ids=[task_id, "cgt-20260101000000-zzzzz"])
    assert [item.id for item in listed.items] == [task_id]
    await call("delete", task_id=task_id)
    assert (await call("list")).total == 0


async def test_a_list_by_very_many_ids_passes(gateway: Gateway, proxy: Proxy) -> None:
    tenant = await gateway.tenant()
    task_id = await tenant.new_task()
    ids = [task_id, *(f"cgt-20260101000000-{number:05}" for number in range(499))]
    listed = await tasks(proxy.url, tenant.key)("list", task_ids=ids)
    assert [item.id for item in listed.items] == [task_id]


async def test_a_key_as_access_key_id_works_on_the_endpoint_without_a_path(gateway: Gateway, proxy: Proxy) -> None:
    call = actions(proxy.url, access_key=(await gateway.tenant()).key)
    group_id = (await call("CreateAssetGroup", Name="我的 素材", GroupType="AIGC"))["Id"]
    assert (await call("GetAssetGroup", Id=group_id))["Name"] == "我的 素材"
    assert [group["Id"] for group in (await call("ListAssetGroups", **AIGC))["Items"]] == [group_id]
    assert await call("DeleteAssetGroup", Id=group_id) == {}


async def test_a_signature_over_host_path_query_and_body_holds(gateway: Gateway, proxy: Proxy) -> None:
    pair = (await gateway.admin.post(f"/keys/{(await gateway.tenant()).key_id}/signing-key")).json()
    own = {"access_key": pair["access_key_id"], "secret_key": pair["secret_access_key"]}
    call = actions(proxy.url, **own)
    group_id = (await call("CreateAssetGroup", Name="我的 素材", GroupType="AIGC"))["Id"]
    assert (await call("GetAssetGroup", Id=group_id))["Name"] == "我的 素材"
    with pytest.raises(ApiException) as caught:
        await actions(proxy.url, **{**own, "secret_key": "SGSKother"})("ListAssetGroups", **AIGC)
    assert caught.value.status == 401
    check_error(caught.value.body, "SignatureDoesNotMatch")


async def test_an_sdk_that_puts_a_path_into_host_is_refused_there_and_works_without_one(
    gateway: Gateway, proxy: Proxy
) -> None:
    key = (await gateway.tenant()).key
    with pytest.raises(ApiException) as caught:
        await actions(proxy.url, access_key=key, path="/api/v3/assets")("GetAssetGroup", Id="group-x")
    assert caught.value.status == 400
    if proxy.kind == "nginx":
        message = check_error(caught.value.body, "InvalidParameter")
        assert "endpoint without a path" in message["error"]["message"]
        assert message["ResponseMetadata"]["Action"] == "GetAssetGroup"
    else:
        # Go's HTTP server refuses the request before Caddy applies any directive.
        assert caught.value.body == "400 Bad Request: malformed Host header"
    assert (await actions(proxy.url, access_key=key)("ListAssetGroups", **AIGC))["TotalCount"] == 0


async def test_path_query_host_and_headers_arrive_as_they_were_sent(start: Start) -> None:
    target = b"//a/%2e%2F%41//x//?b=%20+%2B&a=1&filter.task_ids=1&filter.task_ids=2&empty="
    async with upstream() as behind, start(behind.url) as proxy, plain(proxy.url) as client:
        request = client.build_request("POST", "/", headers={"Host": "Seedgate.Example:8443", "X_Under": "1"})
        request.url = httpx.URL(scheme="http", host="127.0.0.1", port=proxy.port, raw_path=target)
        assert (await client.send(request)).text == "ok"
    line, *headers = behind.heads[0].splitlines()
    assert line == f"POST {target.decode()} HTTP/1.1"
    assert "Host: Seedgate.Example:8443" in headers
    assert "x_under: 1" in [header.lower() for header in headers]


async def test_a_browsers_preflight_and_the_cors_headers_of_an_error_pass(gateway: Gateway, start: Start) -> None:
    origin = "https://app.example.com"
    settings = gateway.settings.model_copy(update={"cors_origins": (origin,), "background": "off"})
    asking = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}
    async with (
        serve_gateway(settings, MovableClock()) as base_url,
        start(base_url) as proxy,
        plain(proxy.url) as client,
    ):
        preflight = await client.options(TASKS, headers=asking)
        refused = await client.get(TASKS, headers={"Origin": origin})
    assert (preflight.status_code, preflight.headers["access-control-allow-headers"]) == (204, "x-a")
    assert refused.status_code == 401
    for answer in (preflight, refused):
        assert answer.headers["access-control-allow-origin"] == origin
        assert "Origin" in answer.headers["vary"]


async def test_allowed_ips_apply_to_the_address_of_the_client_which_no_header_can_forge(
    gateway: Gateway, proxy: Proxy
) -> None:
    key = (await gateway.tenant(allowed_ips=["127.0.0.2/32"])).key
    async with plain(proxy.url, key, address="127.0.0.2") as client:
        assert (await client.get(TASKS)).status_code == 200
    for address in ("127.0.0.1", "127.0.0.3"):
        async with plain(proxy.url, key, address=address) as client:
            answer = await client.get(TASKS, headers={"X-Forwarded-For": "127.0.0.2"} if address[-1] == "3" else {})
            check_error(answer.content, "AccessDenied")


async def test_a_body_of_sixty_megabytes_passes(gateway: Gateway, proxy: Proxy) -> None:
    tenant = await gateway.tenant()
    image = await asyncio.to_thread(lambda: "data:image/png;base64," + base64.b64encode(bytes(45_000_000)).decode())
    content = [{"type": "image_url", "image_url": {"url": image}}]
    async with plain(proxy.url, tenant.key) as client:
        answer = await client.post(TASKS, json={"model": "doubao-seedance-2", "content": content, "duration": 4})
    check_is_of_gateway(answer)
    assert answer.json()["error"]["param"] == "duration"


async def test_the_ids_of_a_request_are_passed_back(gateway: Gateway, proxy: Proxy) -> None:
    async with plain(proxy.url, (await gateway.tenant()).key) as client:
        answer = await client.get(f"{TASKS}/cgt-20260101000000-zzzzz", headers={"X-Client-Request-Id": "mine-1"})
    check_is_of_gateway(answer)
    assert answer.headers["X-Client-Request-Id"] == "mine-1"


def check_is_of_gateway(answer: httpx.Response) -> None:
    """Checks that an error is the gateway's own, passed on as it was."""
    assert answer.headers.get_list("X-Request-Id") == [answer.json()["ResponseMetadata"]["RequestId"]]
    assert GATEWAYS_ID.fullmatch(answer.headers["X-Request-Id"])
