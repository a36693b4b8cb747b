"""The attacks that once worked through a proxy which passes ``Upgrade`` on and uses its connections again.

The attacker sends the head of a POST that asks for a protocol upgrade, waits until the proxy has passed it on, and
then sends a body that reads like a request.
"""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.proxies.calls import check_error, plain
from tests.proxies.relay import Relay
from tests.proxies.running import ALL_KINDS, Kind, Proxy
from tests.proxies.test_framings import between
from tests.support.gateway import TASKS, Gateway
from tests.support.logs import written

pytestmark = pytest.mark.sdk
_TRIES = 8
_WAIT_SECONDS = 0.2
_ATTACKER = "127.0.0.3"
_UPGRADE = "Connection: Upgrade\r\nUpgrade: h2c\r\n"


async def smuggle(relay: Relay, proxy: Proxy, body: str, *, headers: str = _UPGRADE) -> bytes:
    """Sends a body in a segment of its own; returns the answer to it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, local_addr=(_ATTACKER, 0))
    mark = f"/callbacks/{len(relay.connections)}-{id(writer)}"
    head = f"POST {mark} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    answer = b""
    try:
        writer.write(head.encode())
        await relay.wait_for(mark.encode(), _WAIT_SECONDS)
        await asyncio.sleep(0.02)
        writer.write(body.encode())
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                while data := await reader.read(65536):
                    answer += data
    finally:
        writer.close()
    return answer


@pytest.fixture(params=ALL_KINDS)
def any_kind(request: pytest.FixtureRequest) -> Kind:
    """Each proxy in turn, the plain one included."""
    kind: Kind = request.param
    return kind


async def test_an_unfinished_request_in_a_body_swallows_no_request_of_the_next_client(
    gateway: Gateway, any_kind: Kind, tmp_path: Path
) -> None:
    victim = await gateway.tenant()
    task_id = await victim.new_task()
    async with between(gateway, any_kind, tmp_path) as (relay, proxy):
        with written() as log:
            for _ in range(_TRIES):
                answer = await smuggle(relay, proxy, "GET /api/v3/whoami HTTP/1.1\r\nHost: x\r\nX-Ignore: ")
                assert answer.count(b"HTTP/1.1 ") == 1
                async with plain(proxy.url, victim.key) as client:
                    listed = await client.get(TASKS)
                assert [task["id"] for task in listed.json()["items"]] == [task_id]
    assert [line["path"] for line in log.requests() if "callbacks" not in line["path"]] == [TASKS] * _TRIES


async def test_an_unfinished_deletion_in_a_body_is_not_done_with_the_operators_token(
    gateway: Gateway, any_kind: Kind, tmp_path: Path
) -> None:
    tenant = await gateway.tenant()
    assert gateway.settings.admin_token is not None
    async with between(gateway, any_kind, tmp_path) as (relay, proxy):
        for _ in range(_TRIES):
            await smuggle(relay, proxy, f"DELETE /admin/v1/keys/{tenant.key_id} HTTP/1.1\r\nHost: x\r\nX-Ignore: ")
            async with plain(proxy.url, gateway.settings.admin_token.get_secret_value()) as operator:
                listed = await operator.get("/admin/v1/keys", params={"tenant": tenant.id})
            assert [key["id"] for key in listed.json()["data"]] == [tenant.key_id]
    assert (await tenant.http.get(TASKS)).status_code == 200


async def test_a_whole_request_in_a_body_gives_no_client_the_answer_to_another_request(
    gateway: Gateway, any_kind: Kind, tmp_path: Path
) -> None:
    victim = await gateway.tenant()
    task_id = await victim.new_task()
    async with (
        between(gateway, any_kind, tmp_path) as (relay, proxy),
        plain(proxy.url, victim.key) as client,
        plain(proxy.url) as stranger,
    ):
        for _ in range(_TRIES):
            await smuggle(relay, proxy, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            seen, health = await asyncio.gather(client.get(f"{TASKS}/{task_id}"), stranger.get("/healthz"))
            assert seen.json()["id"] == task_id
            assert health.json() == {"status": "ok"}


@pytest.mark.parametrize("headers", [_UPGRADE, "Connection: X-Forwarded-For\r\n", ""], ids=["upgrade", "hop", "plain"])
async def test_an_address_that_a_client_invents_is_not_believed(
    gateway: Gateway, any_kind: Kind, tmp_path: Path, headers: str
) -> None:
    key = (await gateway.tenant(allowed_ips=["127.0.0.2/32"])).key
    forged = f"Authorization: Bearer {key}\r\nX-Forwarded-For: 127.0.0.2\r\n"
    async with between(gateway, any_kind, tmp_path) as (relay, proxy):
        with written() as log:
            body = f"GET {TASKS} HTTP/1.1\r\nHost: x\r\n{forged}\r\n"
            assert (await smuggle(relay, proxy, body, headers=headers + forged)).count(b"HTTP/1.1 ") == 1
            async with plain(proxy.url, key, address=_ATTACKER) as client:
                reply = await client.get(
                    TASKS, headers={"X-Forwarded-For": "127.0.0.2", "Connection": "X-Forwarded-For"}
                )
            check_error(reply.content, "AccessDenied")
    assert {line["client"] for line in log.requests()} == {_ATTACKER}
