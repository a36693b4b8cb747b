"""Each request is logged in one line, without secrets."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.driving import count_received
from tests.support.gateway import HELD, TASKS, Gateway, Tenant
from tests.support.logs import Log, written
from tests.support.timeouts import until
from tests.tasks.bodies import body


@pytest.fixture
def log() -> Iterator[Log]:
    """What this test has logged, from the level ``info`` on."""
    with written() as found:
        yield found


async def test_a_request_is_logged_in_one_line_with_its_tenant(gateway: Gateway, tenant: Tenant, log: Log) -> None:
    created = await tenant.create_task()
    task_id = created.json()["id"]
    await tenant.http.get(f"{TASKS}/{task_id}")
    await tenant.http.get(f"{TASKS}/cgt-x")
    create, shown, missing = log.requests()
    assert create["request_id"] == created.headers["x-request-id"]
    for line in (create, shown, missing):
        assert line["tenant"] == tenant.id
        assert line["key"] == tenant.key.split("-")[1]
        assert line["client"] == "127.0.0.1"
        assert line["milliseconds"] >= 0
    assert (create["method"], create["path"], create["status"], create["task"]) == ("POST", TASKS, 200, task_id)
    assert (shown["method"], shown["task"]) == ("GET", task_id)
    assert (missing["status"], missing["code"], missing["task"]) == (404, "NotFound.id", "cgt-x")
    assert missing["path"] == f"{TASKS}/cgt-x"


async def test_the_log_line_has_the_channel_and_the_upstreams_request_id(
    gateway: Gateway, tenant: Tenant, log: Log
) -> None:
    await tenant.create_task()
    await tenant.action("ListAssetGroups", Filter={"GroupType": "AIGC"})
    await tenant.action("CreateAssetGroup", Name="a", GroupType="AIGC")
    await tenant.create_task(duration=99)
    task_id = log.requests()[0]["task"]
    for _ in range(2):  # the second one is answered without asking the upstream again
        await tenant.http.get(f"{TASKS}/{task_id}")
    created, listed, grouped, refused, _, shown = log.requests()
    channels = (await gateway.admin.get("/channels")).json()["data"]
    default = next(channel["id"] for channel in channels if channel["name"] == "default")
    sent = {entry.request_id for entry in gateway.sandbox.store.ledger.requests}
    for line in (created, grouped):
        assert line["channel"] == default
        assert line["upstream_request_id"] in sent
    assert created["upstream_request_id"] != grouped["upstream_request_id"]
    assert shown["channel"] == default
    for line in (listed, refused, shown):
        assert "upstream_request_id" not in line


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /nowhere", 404),
        (f"PATCH {TASKS}", 405),
        (f"POST {TASKS}/x", 405),
        ("GET /admin/v1/nowhere", 404),
        (f"POST {TASKS}", 400),
        ("POST /api/v3/open/Nothing", 404),
        (f"GET {TASKS}/none", 404),
        ("GET /metrics", 401),
    ],
)
async def test_an_error_is_logged_in_one_line(tenant: Tenant, log: Log, request_line: str, status: int) -> None:
    method, path = request_line.split()
    answer = await tenant.http.request(method, path)
    assert answer.status_code == status, answer.text
    [line] = log.requests()
    assert (line["method"], line["path"], line["status"]) == (method, path, status)
    assert line["code"] == answer.json()["error"]["code"]


async def test_a_request_whose_client_disconnects_is_logged_in_one_line(
    gateway: Gateway, tenant: Tenant, log: Log
) -> None:
    slow = {"operation": "create_task", "times": 1, "effect": HELD}
    assert (await gateway.control.post("/faults", json=slow)).status_code == 201
    before = count_received(gateway, "create_task")
    creating = asyncio.create_task(tenant.http.post(TASKS, json=body()))
    await until(lambda: count_received(gateway, "create_task") > before)
    creating.cancel()
    assert (await gateway.control.delete("/faults")).status_code == 200
    await until(log.requests)
    assert len(log.requests()) == 1
    address = urlsplit(gateway.base_url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST {TASKS} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {tenant.key}\r\nContent-Length: 999\r\n\r\n{{"
    writer.write(head.encode())
    await writer.drain()
    writer.close()
    await until(lambda: len(log.requests()) > 1)
    assert len(log.requests()) == 2


async def test_an_unauthenticated_request_is_logged_without_a_tenant(gateway: Gateway, log: Log) -> None:
    await gateway.anonymous.get(TASKS)
    [line] = log.requests()
    assert (line["status"], line["code"]) == (401, "AuthenticationError")
    assert "tenant" not in line


async def test_an_operators_request_is_logged(gateway: Gateway, log: Log) -> None:
    await gateway.admin.get("/tenants")
    [line] = log.requests()
    assert (line["method"], line["path"], line["status"]) == ("GET", "/admin/v1/tenants", 200)


async def test_probes_are_not_logged(gateway: Gateway, log: Log) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await gateway.anonymous.get(path)).status_code == 200
    assert log.requests() == []


async def test_no_line_can_be_forged(gateway: Gateway, tenant: Tenant, log: Log) -> None:
    await tenant.http.get(f'{TASKS}/a%0a{{"event":"request"}}')
    [line] = log.requests()
    assert line["path"] == f'{TASKS}/a\n{{"event":"request"}}'


@pytest.mark.parametrize("hyphen", ["%2d", "%2D", "%252d", "%25252D", "-"])
async def test_a_key_in_a_path_is_masked_however_it_is_spelled(gateway: Gateway, log: Log, hyphen: str) -> None:
    secret = "n0tAkeyButSecretEnough1234567890abcdef"
    for path in (
        f"/x/sg-abcdefghijkl-{secret}",
        f"{TASKS}/{'x' * 200}sg-abcdefghijkl-{secret}",
        f"/callbacks/-{secret}/",
    ):
        await gateway.anonymous.get(path.replace("-", hyphen))
    assert len(log.requests()) == 3
    assert [line for line in log.requests() if secret[:9] in str(line)] == []


async def test_a_long_path_does_not_make_a_long_line(tenant: Tenant, log: Log) -> None:
    await tenant.http.get(f"{TASKS}/{'x' * 5000}")
    [line] = log.requests()
    assert line["path"] == (f"{TASKS}/" + "x" * 5000)[:256]
    assert len(str(line)) < 1000
