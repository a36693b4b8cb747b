"""Callbacks, received on a socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from app.sandbox.config import SandboxConfig
from app.sandbox.server import SandboxServer
from tests.sandbox.clients import Caller, text
from tests.support.timeouts import until


class Receiver:
    """Reads one request per connection and answers with the next of ``statuses``, or 200."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.statuses: list[int | None] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert head.startswith("post /hook/token http/1.1")
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            self.bodies.append(json.loads(await reader.readexactly(length)))
            status = self.statuses.pop(0) if self.statuses else 200
            if status is not None:
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}".encode())
                await writer.drain()
        finally:
            writer.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook/token"
    async with server:
        yield found


async def test_each_change_of_status_sends_the_json_of_get(caller: Caller, receiver: Receiver) -> None:
    task_id = await caller.made(callback_url=receiver.url)
    await until(lambda: len(receiver.bodies) == 1)
    assert receiver.bodies[0] == await caller.task(task_id)
    await caller.control("POST", "/clock", advance_seconds=5)
    await until(lambda: len(receiver.bodies) == 2)
    await caller.control("POST", "/clock", advance_seconds=600)
    await until(lambda: len(receiver.bodies) == 3)
    assert [body["status"] for body in receiver.bodies] == ["queued", "running", "succeeded"]
    assert receiver.bodies[2] == await caller.task(task_id)


async def test_callbacks_are_sent_without_requests(receiver: Receiver) -> None:
    async with SandboxServer(SandboxConfig(time_scale=1000, limits=None)) as server:
        caller = Caller(server)
        await caller.made(callback_url=receiver.url)
        await until(lambda: len(receiver.bodies) == 3)
        await caller.http.aclose()


async def test_a_final_status_has_three_attempts_at_most(caller: Caller, receiver: Receiver) -> None:
    receiver.statuses = [500, 500, 302, None, 500, 200]
    task_id = await caller.made(text("[queue:0][run:0][fail:InternalServiceError]"), callback_url=receiver.url)
    await until(lambda: len(receiver.bodies) == 5)
    await asyncio.sleep(0.1)
    entries = [entry for entry in (await caller.ledger())["callbacks"] if entry["task_id"] == task_id]
    assert sorted(entry["status"] for entry in entries) == ["failed", "failed", "failed", "queued", "running"]
    assert sorted(entry["attempt"] for entry in entries if entry["status"] == "failed") == [1, 2, 3]


async def test_an_intermediate_status_has_one_attempt(caller: Caller, receiver: Receiver) -> None:
    receiver.statuses = [500]
    await caller.made(callback_url=receiver.url)
    await until(lambda: len(receiver.bodies) == 1)
    await asyncio.sleep(0.1)
    assert len(receiver.bodies) == 1


async def test_an_attempt_without_response_ends_at_the_timeout() -> None:
    release = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server, SandboxServer(SandboxConfig(callback_timeout_seconds=0.1, limits=None)) as sandbox:
        caller = Caller(sandbox)
        await caller.made(callback_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        callbacks = sandbox.store.ledger.callbacks
        await until(lambda: len(callbacks) == 1)
        assert callbacks[0].answer is None
        release.set()
        await caller.http.aclose()


async def test_cancelling_sends_no_callback(caller: Caller, receiver: Receiver) -> None:
    task_id = await caller.made(callback_url=receiver.url)
    await caller.ask("DELETE", f"/{task_id}")
    await asyncio.sleep(0.1)
    assert [body["status"] for body in receiver.bodies] == ["queued"]


async def test_faults_drop_duplicate_and_delay_callbacks(caller: Caller, receiver: Receiver) -> None:
    await caller.fault("callback", kind="drop")
    await caller.fault("callback", kind="duplicate")
    held = await caller.fault("callback", kind="delay", delay_seconds=3600)
    await caller.made(text("[queue:0][run:0]"), callback_url=receiver.url)
    await until(lambda: len(receiver.bodies) == 2)
    assert [body["status"] for body in receiver.bodies] == ["running", "running"]
    await caller.control("DELETE", f"/faults/{held['id']}")
    await until(lambda: len(receiver.bodies) == 3)
    assert receiver.bodies[2]["status"] == "succeeded"


async def test_a_callback_can_arrive_before_the_response_to_the_create(caller: Caller, receiver: Receiver) -> None:
    await caller.fault("create_task", kind="delay", at="after", delay_seconds=3600)
    creating = asyncio.create_task(caller.made(callback_url=receiver.url))
    await until(lambda: len(receiver.bodies) == 1)
    assert not creating.done()
    await caller.control("DELETE", "/faults")
    assert await creating == receiver.bodies[0]["id"]
