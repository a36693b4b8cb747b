"""An archive costs a create nothing, and a GET of an archived task hardly anything."""

import asyncio
import json
from collections import Counter
from itertools import count
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.sandbox.config import SandboxConfig
from bench.site import create_body
from tests.costs.connections import connect
from tests.costs.profiled_gateway import profiled_gateway
from tests.costs.statement_log import logged_database
from tests.support.clock import ManualSeconds, MovableClock
from tests.support.database import as_superuser, own_database
from tests.support.gateway import TASKS, get, open_gateway
from tests.support.plain import PLAIN
from tests.support.timeouts import HANG_SECONDS

pytestmark = pytest.mark.costs

MOST_GROWTH_OF_A_GET = 1.15
# One at a time: how many requests one turn of the loop reads together depends on the machine.
AT_ONCE, REQUESTS = 1, 192
# Nothing is copied here: the store need not answer.
ARCHIVE: dict[str, Any] = {
    "archive_url": "s3://clips",
    "archive_endpoint": "http://127.0.0.1:1",
    "archive_access_key_id": SecretStr("key"),
    "archive_secret_access_key": SecretStr("secret"),
    "public_url": "http://gateway.example",
}
# As ``app.tasks.archived`` writes it when a copy is stored.
_MARK = """
    UPDATE tasks SET archived = jsonb_build_object('keys', jsonb_build_object('video_url', 'clip.mp4'))
    WHERE upstream_id = '{}'
"""


async def test_a_get_of_an_archived_task_calls_hardly_more_functions(database_url: str) -> None:
    async with (
        own_database(database_url) as url,
        profiled_gateway(url, delay_milliseconds=0, **ARCHIVE) as gateway,
        httpx.AsyncClient(
            verify=PLAIN,
            base_url=gateway.base_url,
            headers={"Authorization": f"Bearer {gateway.key}"},
            timeout=HANG_SECONDS,
        ) as client,
    ):
        calls: dict[bool, float] = {}
        for is_archived in (False, True):
            made = await client.post(TASKS, content=create_body(f"ended {is_archived}"))
            task_id = json.loads(made.content)["id"]
            path = f"{TASKS}/{task_id}"
            if is_archived:
                # Before the first GET, which keeps its answer in memory.
                await as_superuser(url, _MARK.format(task_id))
            while (await client.get(path)).json()["status"] != "succeeded":
                pass
            connections = await connect(gateway.base_url, gateway.key, count=AT_ONCE)
            await connections.send(lambda path=path: ("GET", path, ""), count=REQUESTS)  # type: ignore[misc]
            gateway.begin()
            await connections.send(lambda path=path: ("GET", path, ""), count=REQUESTS)  # type: ignore[misc]
            calls[is_archived] = await gateway.end() / REQUESTS
            await connections.close()
            shown = (await client.get(path)).json()
            assert ("archive" in shown) == is_archived
    assert calls[True] <= calls[False] * MOST_GROWTH_OF_A_GET, calls


async def test_a_create_executes_the_same_statements_with_an_archive(database_url: str) -> None:
    executed = [await statements_of_creates(database_url, **changes) for changes in ({}, ARCHIVE)]
    assert executed[0]
    assert executed[0] == executed[1]


async def statements_of_creates(server_url: str, **changes: Any) -> Counter[str]:
    """Returns what some creates, one after the other, execute, by how often."""
    clock, numbers = MovableClock(stands_still=True), count()
    async with (
        logged_database(server_url) as log,
        open_gateway(
            log.url,
            sandbox_config=SandboxConfig(clock=clock, limits=None),
            clock=clock,
            seconds=ManualSeconds(),
            background="off",
            **changes,
        ) as gateway,
    ):
        tenant = await gateway.tenant()
        for _ in range(3):
            await get(tenant, await tenant.new_task())
        log.begin()
        await asyncio.sleep(2)
        periodic = set(log.statements())
        log.begin()
        for _ in range(8):
            answer = await tenant.http.post(TASKS, content=create_body(f"kitten {next(numbers)}"))
            assert answer.status_code == 200, answer.text
        return Counter(each for each in log.statements() if each not in periodic)
