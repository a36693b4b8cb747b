"""Scripted faults, on raw sockets and in the ledger."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from app.sandbox.config import SandboxConfig
from app.sandbox.server import SandboxServer
from tests.sandbox.clients import MODEL, TASKS, Caller, error_of, text
from tests.support.timeouts import until

BODY = json.dumps({"model": MODEL, "content": [text()]}).encode()


async def _raw(caller: Caller, request: bytes) -> tuple[bytes, bool]:
    """Sends raw bytes; returns the received bytes and whether the connection was reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", caller.server.port)
    received = b""
    try:
        writer.write(request)
        while chunk := await reader.read(65_536):
            received += chunk
    except ConnectionResetError:
        return received, True
    finally:
        writer.close()
    return received, False


def _create(caller: Caller, body: bytes = BODY, length: int | None = None) -> bytes:
    return (
        f"POST {TASKS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.account.api_key}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\nConnection: close\r\n\r\n"
    ).encode() + body


async def _counts(caller: Caller) -> tuple[int, int]:
    """Returns the numbers of received creates and of created tasks."""
    ledger = await caller.ledger()
    received = sum(entry["operation"] == "create_task" for entry in ledger["requests"])
    return received, len(ledger["tasks"])


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(("at", "tasks"), [("request", 0), ("before", 0), ("after", 1), ("headers", 1), ("body", 1)])
async def test_a_connection_can_be_cut_at_each_moment(caller: Caller, at: str, tasks: int, *, reset: bool) -> None:
    await caller.fault("create_task", kind="cut", at=at, reset=reset)
    received, was_reset = await _raw(caller, _create(caller))
    # A close with unread bytes is a reset too, and only at "request" is the body still unread.
    assert was_reset == reset or at == "request"
    if at == "headers":
        assert received.startswith(b"HTTP/1.1 200")
        assert b"\r\n\r\n" not in received
    elif at == "body":
        head, _, half = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert 0 < len(half) < length
    else:
        assert received == b""
    assert await _counts(caller) == (1, tasks)
    entry = (await caller.ledger())["requests"][0]
    assert (entry["ended"], entry["status"], entry["has_effect"]) == ("cut", None, tasks == 1)
    assert (entry["body_sha256"] is None) == (at == "request")
    assert (await caller.create()).status_code == 200


async def test_a_cut_within_the_request_creates_nothing(caller: Caller) -> None:
    await caller.fault("create_task", kind="cut", at="request")
    assert (await _raw(caller, _create(caller, BODY[:40], len(BODY))))[0] == b""
    assert await _counts(caller) == (1, 0)


async def test_a_client_that_disconnects_within_its_body_creates_no_task(caller: Caller) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", caller.server.port)
    writer.write(_create(caller, BODY[:40], len(BODY)))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    entries = caller.server.store.ledger.requests
    await until(lambda: entries and entries[0].ended != "open")
    assert entries[0].ended == "client_gone"
    assert await _counts(caller) == (1, 0)


async def test_a_client_that_disconnects_before_the_response_has_its_task(caller: Caller) -> None:
    await caller.fault("create_task", kind="delay", at="after", delay_seconds=3600)
    _, writer = await asyncio.open_connection("127.0.0.1", caller.server.port)
    writer.write(_create(caller))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await until(lambda: caller.server.store.tasks.by_id)
    await caller.control("DELETE", "/faults")
    assert await _counts(caller) == (1, 1)


async def test_new_connections_are_closed_at_once(caller: Caller) -> None:
    await caller.fault("connect", kind="cut", times=2)
    for _ in range(2):
        assert (await _raw(caller, _create(caller)))[0] == b""
    assert await _counts(caller) == (0, 0)
    assert (await _raw(caller, _create(caller)))[0].startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("at", "tasks"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(
    ("effect", "body"),
    [
        ({"status": 503, "body": {"a": 1}}, b'{"a":1}'),
        ({"status": 500, "body": "<html>"}, b"<html>"),
        ({"status": 200, "body": {}}, b"{}"),
        ({"status": 200}, b""),
        ({"status": 302, "headers": {"Location": "/x"}}, b""),
    ],
)
async def test_a_response_is_replaced_before_or_after_the_effect(
    caller: Caller, at: str, tasks: int, effect: dict[str, Any], body: bytes
) -> None:
    await caller.fault("create_task", kind="answer", at=at, **effect)
    response = await caller.create()
    assert (response.status_code, response.content) == (effect["status"], body)
    assert await _counts(caller) == (1, tasks)


async def test_an_error_has_the_shape_of_the_plane(caller: Caller) -> None:
    await caller.fault("*", kind="error", code="AccountOverdueError", message="Overdue.", times=2)
    task = await caller.create()
    assert error_of(task) == (403, "AccountOverdueError", "Overdue.")
    assert task.json()["error"]["type"] == "Forbidden"
    action = await caller.act("CreateAssetGroup", Name="x")
    assert error_of(action) == (403, "AccountOverdueError", "Overdue.")
    assert action.json()["ResponseMetadata"]["Action"] == "CreateAssetGroup"


@pytest.mark.parametrize("status", [429, 400, 200])
async def test_a_throttle_can_have_any_status(caller: Caller, status: int) -> None:
    await caller.fault("GetAsset", kind="throttle", status=status, headers={"Retry-After": "2"})
    response = await caller.act("GetAsset", Id="asset-x")
    assert error_of(response)[:2] == (status, "AccountFlowLimitExceeded")
    assert response.json()["ResponseMetadata"]["Error"]["CodeN"] == 100027
    assert response.headers["Retry-After"] == "2"


async def test_garbage_and_oversized_responses(caller: Caller) -> None:
    await caller.fault("create_task", kind="garbage", at="after")
    garbage = await caller.create()
    assert garbage.status_code == 200
    with pytest.raises(ValueError, match=r"."):
        garbage.json()
    await caller.fault("create_task", kind="oversize", at="after", size_bytes=1_000_000)
    assert len((await caller.create()).content) == 1_000_000
    assert await _counts(caller) == (2, 2)


async def test_a_response_can_be_sent_byte_by_byte(caller: Caller) -> None:
    await caller.fault("create_task", kind="trickle", at="after", delay_seconds=0.002)
    loop = asyncio.get_running_loop()
    before = loop.time()
    response = await caller.create()
    assert loop.time() - before > 0.05
    assert set(response.json()) == {"id"}


@pytest.mark.parametrize(("at", "tasks"), [("before", 0), ("after", 1)])
async def test_a_delay_is_before_or_after_the_effect(caller: Caller, at: str, tasks: int) -> None:
    held = await caller.fault("create_task", kind="delay", at=at, delay_seconds=3600)
    creating = asyncio.create_task(caller.create())
    requests = caller.server.store.ledger.requests
    await until(lambda: requests and requests[0].has_effect == bool(tasks))
    assert await _counts(caller) == (1, tasks)
    assert not creating.done()
    await caller.control("DELETE", f"/faults/{held['id']}")
    assert (await creating).status_code == 200
    assert await _counts(caller) == (1, 1)


async def test_a_fault_skips_calls_and_hits_a_number_of_them(caller: Caller) -> None:
    fault = await caller.fault("create_task", kind="error", code="ServerOverloaded", skip=1, times=2)
    statuses = [(await caller.create()).status_code for _ in range(5)]
    assert statuses == [200, 429, 429, 200, 200]
    (shown,) = (await caller.control("GET", "/faults"))["faults"]
    assert (shown["id"], shown["hits"], shown["is_spent"]) == (fault["id"], 2, True)
    struck = [entry["fault_id"] for entry in (await caller.ledger())["requests"]]
    assert struck == [None, fault["id"], fault["id"], None, None]


async def test_a_fault_without_times_ends_when_it_is_removed(caller: Caller) -> None:
    fault = await caller.fault("create_task", kind="error", code="InternalServiceError", times=None)
    assert [(await caller.create()).status_code for _ in range(3)] == [500] * 3
    await caller.control("DELETE", f"/faults/{fault['id']}")
    assert (await caller.create()).status_code == 200
    await caller.fault("create_task", kind="error", code="InternalServiceError", times=None)
    await caller.control("DELETE", "/faults")
    assert (await caller.create()).status_code == 200


async def test_a_fault_can_be_limited_to_an_account_or_to_long_urls(caller: Caller, stranger: Caller) -> None:
    effect = {"kind": "answer", "status": 414}
    await caller.control("POST", "/faults", operation="list_tasks", account="other", times=None, effect=effect)
    assert (await caller.ask("GET", "")).status_code == 200
    assert (await stranger.ask("GET", "")).status_code == 414
    await caller.control("POST", "/faults", operation="list_tasks", min_url_bytes=300, times=None, effect=effect)
    many = "&".join(f"filter.task_ids=cgt-2026010100000{n}-abcde" for n in range(10))
    few = "&".join(f"filter.task_ids=cgt-2026010100000{n}-abcde" for n in range(3))
    assert (await caller.ask("GET", f"?{many}")).status_code == 414
    assert (await caller.ask("GET", f"?{few}")).status_code == 200


async def test_downloads_can_be_cut(caller: Caller) -> None:
    url = (await caller.finished())["content"]["video_url"]
    await caller.fault("get_media", kind="cut", at="body")
    with pytest.raises(httpx.RemoteProtocolError):
        await caller.http.get(url)
    assert (await caller.http.get(url)).status_code == 200


@pytest.mark.parametrize(
    "script",
    [
        {},
        {"operation": "create_task"},
        {"operation": "make_coffee", "effect": {"kind": "cut"}},
        {"operation": "create_task", "effect": {"kind": "explode"}},
        {"operation": "create_task", "effect": {"kind": "error"}},
        {"operation": "create_task", "effect": {"kind": "drop"}},
        {"operation": "create_task", "effect": {"kind": "delay", "at": "body"}},
        {"operation": "create_task", "effect": {"kind": "trickle"}},
        {"operation": "callback", "effect": {"kind": "cut"}},
        {"operation": "connect", "effect": {"kind": "delay"}},
        {"operation": "create_task", "effect": {"kind": "cut"}, "time": 1},
    ],
)
async def test_an_invalid_script_is_refused(caller: Caller, script: dict[str, Any]) -> None:
    response = await caller.http.post("/_sandbox/faults", json=script)
    assert response.status_code == 400
    assert (await caller.control("GET", "/faults")) == {"faults": []}


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/faults"), ("POST", "/reset")], ids=["removed", "reset"])
async def test_a_fault_that_is_taken_away_ends_its_delay_and_applies_its_effect(
    caller: Caller, method: str, path: str
) -> None:
    await caller.fault("create_task", kind="error", code="InternalServiceError", delay_seconds=3600)
    creating = asyncio.create_task(caller.create())
    await until(lambda: caller.server.store.ledger.requests)
    await caller.control(method, path)
    assert (await creating).status_code == 500


async def test_stopping_the_server_ends_delays() -> None:
    async with SandboxServer(SandboxConfig()) as server:
        caller = Caller(server)
        await caller.fault("create_task", kind="delay", delay_seconds=600)
        creating = asyncio.create_task(caller.create())
        await until(lambda: server.store.ledger.requests)
        server.sandbox.closing.set()
        assert (await creating).status_code == 200
        await caller.http.aclose()
