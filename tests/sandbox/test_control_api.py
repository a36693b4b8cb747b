"""The control API: ledger, clock, forced states, settings; and the application."""

import asyncio
import hashlib
import json
import socket

import httpx
import pytest

from app.sandbox.app import create_sandbox
from app.sandbox.config import DEFAULT_ACCOUNT, SandboxConfig
from app.sandbox.server import SandboxServer
from tests.sandbox.clients import MODEL, TASKS, Caller, error_of, image, text
from tests.support.plain import PLAIN


async def test_the_ledger_contains_requests(caller: Caller, stranger: Caller) -> None:
    body = json.dumps({"model": MODEL, "content": [text()]}).encode()
    made = await caller.ask("POST", "", content=body, headers={"X-Client-Request-Id": "attempt-1"})
    await stranger.ask("GET", "?page_num=1")
    await caller.http.get("/api/v3/elsewhere")
    first, second, third = (await caller.ledger())["requests"]
    assert (first["number"], first["operation"], first["account"]) == (1, "create_task", "default")
    assert (first["client_request_id"], first["request_id"]) == ("attempt-1", made.headers["X-Request-Id"])
    assert first["body_sha256"] == hashlib.sha256(body).hexdigest()
    assert first["body"] == body.decode()
    assert (first["ended"], first["status"], first["resource_id"]) == ("answered", 200, made.json()["id"])
    assert (second["operation"], second["account"]) == ("list_tasks", "other")
    assert second["url"].endswith("/tasks?page_num=1")
    assert (third["operation"], third["account"], third["status"]) == ("unknown_route", None, 404)


async def test_the_ledger_contains_created_objects_and_billed_tokens(caller: Caller) -> None:
    done = await caller.finished(safety_identifier="tag")
    await caller.finished(text("[fail:InternalServiceError]"))
    group_id = await caller.group()
    asset_id = await caller.asset(group_id)
    await caller.result("DeleteAsset", Id=asset_id)
    ledger = await caller.ledger()
    task, failed = ledger["tasks"]
    assert (task["id"], task["status"], task["billed_tokens"]) == (done["id"], "succeeded", 108_900)
    assert (task["safety_identifier"], task["request_number"]) == ("tag", 1)
    assert (failed["billed_tokens"], failed["tokens_if_succeeded"]) == (0, 108_900)
    assert (ledger["billed_tokens"], ledger["billed_tokens_by_account"]) == (108_900, {"default": 108_900})
    assert [group["id"] for group in ledger["groups"]] == [group_id]
    assert [(asset["id"], asset["deleted_at"] is None) for asset in ledger["assets"]] == [(asset_id, False)]


async def test_the_ledger_can_be_filtered(caller: Caller) -> None:
    await caller.made()
    await caller.ask("GET", "")
    await caller.made()
    creates = await caller.control("GET", "/ledger?operation=create_task")
    assert [entry["number"] for entry in creates["requests"]] == [1, 3]
    late = await caller.control("GET", "/ledger?after=2")
    assert [entry["number"] for entry in late["requests"]] == [3]
    assert late["requests_received"] == 3
    assert (await caller.http.get("/_sandbox/ledger?after=x")).status_code == 400


async def test_the_ledger_contains_no_secret(caller: Caller) -> None:
    await caller.made()
    await caller.group()
    written = json.dumps(await caller.ledger())
    assert caller.account.api_key not in written
    assert caller.account.secret_access_key not in written


async def test_a_status_can_be_forced(caller: Caller) -> None:
    task_id = await caller.made()
    await caller.control("POST", f"/tasks/{task_id}", status="paused", extra={"progress": 50})
    odd = await caller.task(task_id)
    assert (odd["status"], odd["progress"]) == ("paused", 50)
    assert error_of(await caller.ask("DELETE", f"/{task_id}"))[0] == 409
    caller.advance(1000)
    assert (await caller.task(task_id))["status"] == "paused"
    code = "OutputVideoSensitiveContentDetected"
    await caller.control("POST", f"/tasks/{task_id}", status="failed", code=code, message="No.")
    assert (await caller.task(task_id))["error"] == {"code": code, "message": "No."}
    await caller.control("POST", f"/tasks/{task_id}", status="succeeded")
    done = await caller.task(task_id)
    assert "error" not in done
    assert (await caller.http.get(done["content"]["video_url"])).status_code == 200
    assert (await caller.http.post("/_sandbox/tasks/cgt-x", json={"status": "failed"})).status_code == 404


async def test_the_processing_of_an_asset_can_be_ended(caller: Caller) -> None:
    group_id = await caller.group()
    good, bad = await caller.asset(group_id), await caller.asset(group_id)
    await caller.control("POST", f"/assets/{good}", status="Active")
    await caller.control("POST", f"/assets/{bad}", status="Failed", code="FpsTooLow")
    assert (await caller.result("GetAsset", Id=good))["Status"] == "Active"
    assert (await caller.result("GetAsset", Id=bad))["Error"]["Code"] == "FpsTooLow"
    assert (await caller.http.post("/_sandbox/assets/asset-x", json={"status": "Active"})).status_code == 404


async def test_the_clock_can_be_advanced(caller: Caller) -> None:
    task_id = await caller.made()
    before = await caller.control("GET", "/clock")
    after = await caller.control("POST", "/clock", advance_seconds=3600)
    assert after["now"] > before["now"]
    assert (await caller.task(task_id))["status"] == "succeeded"


async def test_settings_last_until_the_reset(caller: Caller) -> None:
    changed = await caller.control("POST", "/settings", limits="on", time_scale=5, token_ttl_seconds=7)
    assert changed == {"time_scale": 5, "limits": "on", "consistency_delay_seconds": 0, "token_ttl_seconds": 7}
    assert [(await caller.ask("GET", "")).status_code for _ in range(2)] == [200, 429]
    await caller.control("POST", "/reset")
    assert (await caller.control("GET", "/clock"))["time_scale"] == 1
    assert [(await caller.ask("GET", "")).status_code for _ in range(2)] == [200, 200]


async def test_a_reset_deletes_the_state(caller: Caller) -> None:
    task_id = await caller.made()
    await caller.asset(await caller.group())
    await caller.fault("create_task", kind="cut", times=None)
    await caller.control("POST", "/reset")
    ledger = await caller.ledger()
    assert (ledger["requests_received"], ledger["tasks"], ledger["groups"], ledger["assets"]) == (0, [], [], [])
    assert (await caller.control("GET", "/faults")) == {"faults": []}
    assert (await caller.ask("GET", f"/{task_id}")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", {"advance_seconds": -1}),
        ("/clock", {"advance_seconds": 1e300}),
        ("/settings", {"time_scale": 0}),
        ("/settings", {"limits": "maybe"}),
        ("/settings", {"unknown": 1}),
    ],
)
async def test_invalid_bodies_are_400(caller: Caller, path: str, body: dict[str, object]) -> None:
    assert (await caller.http.post(f"/_sandbox{path}", json=body)).status_code == 400


async def test_the_ledger_keeps_a_maximum_of_requests() -> None:
    async with SandboxServer(SandboxConfig(ledger_requests=3, limits=None)) as server:
        caller = Caller(server)
        made = [await caller.made() for _ in range(5)]
        ledger = await caller.ledger()
        assert [entry["number"] for entry in ledger["requests"]] == [3, 4, 5]
        assert [task["id"] for task in ledger["tasks"]] == made
        assert ledger["tasks"][0]["request_number"] == 1
        await caller.http.aclose()


async def test_a_sandbox_can_be_served_again_on_its_port() -> None:
    async with SandboxServer(SandboxConfig(limits=None)) as first:
        caller = Caller(first)
        task_id = await caller.made()
        await caller.http.aclose()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", first.port)
    async with SandboxServer(sandbox=first.sandbox, port=first.port) as second:
        caller = Caller(second)
        assert (await caller.task(task_id))["status"] == "queued"
        await caller.http.aclose()


async def test_an_answer_does_not_wait_for_an_acknowledgement(caller: Caller) -> None:
    await caller.ledger()
    server = caller.server._server  # noqa: SLF001 - a delay can be seen from outside by measuring alone
    assert server is not None
    opened = [each.transport.get_extra_info("socket") for each in server.server_state.connections]
    assert {each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in opened} == {1}


async def test_the_app_runs_under_another_server_where_a_cut_is_an_error() -> None:
    transport = httpx.ASGITransport(app=create_sandbox(SandboxConfig()))
    async with httpx.AsyncClient(verify=PLAIN, transport=transport, base_url="http://sandbox") as client:
        headers = {"Authorization": f"Bearer {DEFAULT_ACCOUNT.api_key}"}
        made = await client.post(TASKS, headers=headers, json={"model": MODEL, "content": [text()]})
        assert made.status_code == 200
        await client.post("/_sandbox/faults", json={"operation": "create_task", "effect": {"kind": "cut"}})
        with pytest.raises(RuntimeError, match="can only be cut under"):
            await client.post(TASKS, headers=headers, json={})


async def test_urls_are_built_from_the_public_url() -> None:
    config = SandboxConfig(public_url="https://sandbox.example.com/", limits=None)
    transport = httpx.ASGITransport(app=create_sandbox(config))
    async with httpx.AsyncClient(verify=PLAIN, transport=transport, base_url="http://sandbox") as client:
        headers = {"Authorization": f"Bearer {DEFAULT_ACCOUNT.api_key}"}
        body = {"model": MODEL, "content": [text("[queue:0][run:0]"), image()]}
        made = await client.post(TASKS, headers=headers, json=body)
        shown = await client.get(f"{TASKS}/{made.json()['id']}", headers=headers)
    assert shown.json()["content"]["video_url"].startswith("https://sandbox.example.com/media/videos/cgt-")


def test_a_time_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="time scale"):
        SandboxConfig(time_scale=0)
