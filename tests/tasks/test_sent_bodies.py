"""A body leaves the budget, and the memory, when the upstream has it."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx

from app.sandbox.config import SandboxConfig
from tests.http.wires import connected
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.gateway import TASKS, open_gateway
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

MEBIBYTE = 1024 * 1024
SIZE = MEBIBYTE
CREATES = 4
CREATED = b'{"id":"cgt-20260809211822-9lk%02d"}'


@dataclass
class Thinker:
    """An upstream that reads creates and answers none until ``go_on`` is set."""

    port: int = 0
    taken: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            left = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            while left > 0:
                left -= len(await reader.read(65536))
            self.taken += 1
            body = CREATED % self.taken
            await self.go_on.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        finally:
            writer.close()


@asynccontextmanager
async def thinking() -> AsyncIterator[Thinker]:
    thinker = Thinker()
    async with await asyncio.start_server(thinker.serve, "127.0.0.1", 0) as server:
        thinker.port = server.sockets[0].getsockname()[1]
        yield thinker


async def test_sent_creates_that_wait_for_their_answer_hold_neither_budget_nor_memory(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        thinker = await stack.enter_async_context(thinking())
        gateway = await stack.enter_async_context(
            open_gateway(
                await stack.enter_async_context(own_database(database_url)),
                sandbox_config=SandboxConfig(),
                clock=MovableClock(),
                background="off",
                ark_base_url=f"http://127.0.0.1:{thinker.port}/api/v3",
                max_body_bytes=3 * MEBIBYTE // 2,
                body_budget_bytes=8 * MEBIBYTE,
            )
        )
        tenant = await gateway.tenant()
        headers = {"Authorization": f"Bearer {tenant.key}"}
        body = json.dumps({"model": "doubao-seedance-2", "content": [{"type": "text", "text": "x"}]}).encode()
        image = b'{"type":"image_url","image_url":{"url":"data:image/png;base64,%b"}}' % (b"A" * SIZE)
        body = body.replace(b"}]", b"}," + image + b"]")
        framing = [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {len(body)}"]
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        before, _ = tracemalloc.get_traced_memory()

        wires = []
        for count in range(1, CREATES + 1):
            wires.append(await stack.enter_async_context(connected(gateway.base_url)))
            await wires[-1].send_head(TASKS, *framing)
            await wires[-1].send(body)
            async with asyncio.timeout(HANG_SECONDS):
                while thinker.taken < count:  # noqa: ASYNC110 - it is another program
                    await asyncio.sleep(0.005)
        gc.collect()
        during, _ = tracemalloc.get_traced_memory()
        async with httpx.AsyncClient(verify=PLAIN, base_url=gateway.base_url, headers=headers) as http:
            answer = await http.post(f"{TASKS}?dry_run=true", content=body)
        thinker.go_on.set()
        answers = [await wire.read_answer() for wire in wires]

    assert answer.status_code == 200, "the share is free"
    assert [answer.status_code for answer in answers] == [200] * CREATES
    assert during - before < SIZE
